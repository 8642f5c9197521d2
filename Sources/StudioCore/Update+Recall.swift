/// Seeds, and what a picture was made with taken into the fields and parameters again.
extension StudioState {
    mutating func drawSeed() {
        changing("a new seed") { $0.parameters.seed = $0.randomSeed() }
        message = Message("Seed \(parameters.seed).")
    }

    mutating func fixOrReleaseSeed() {
        changing(parameters.seedMode == .fixed ? "releasing the seed" : "keeping the seed") {
            if $0.parameters.seedMode == .fixed {
                $0.parameters.seedMode = $0.releasedSeeds
            } else {
                ($0.releasedSeeds, $0.parameters.seedMode) = ($0.parameters.seedMode, .fixed)
            }
        }
        message = Message("Next seed: \(parameters.seedMode.rawValue).")
    }

    mutating func recall() {
        guard let run = shown else { return }
        changing("recall") {
            $0.takePrompts(run)
            if let seed = run.knownSeed { $0.parameters.keep(seed) }
            let steps = $0.parameters.sampling.steps
            $0.parameters.sampling = run.request.sampling
            // An edit's are as few as its tokens need.
            if run.edit != nil { $0.parameters.sampling.steps = steps }
            $0.parameters.residual = run.request.residual
            ($0.parameters.width, $0.parameters.height) = ($0.pictureSize.x, $0.pictureSize.y)
        }
        let seed = run.knownSeed.map { ", seed \($0) (kept; \(key(.fixSeed)) releases it)" } ?? ""
        let left =
            (run.edit == nil ? [] : ["the steps"])
            + (run.request.residual.seed.map { ["its residual seed, \($0)"] } ?? [])
        message = Message(
            "Prompt\(seed), size and parameters are this picture's"
                + (left.isEmpty ? "." : ", but for \(left.joined(separator: " and "))."))
    }

    mutating func recallPrompt() {
        guard let run = shown else { return }
        changing("recall") { $0.takePrompts(run) }
        message = Message("The prompt is this picture's.")
    }

    private mutating func takePrompts(_ run: RunRecord) {
        prompt.positive = TextField(run.request.prompt)
        prompt.negative = TextField(run.request.negativePrompt)
    }

    mutating func recallSize() {
        guard shown != nil else { return }
        changing("recall") {
            ($0.parameters.width, $0.parameters.height) = ($0.pictureSize.x, $0.pictureSize.y)
        }
        message = Message("The size is this picture's, \(pictureSize.x)×\(pictureSize.y).")
    }

    mutating func recallSeed() {
        guard let run = shown else { return }
        guard let seed = run.knownSeed else {
            message = Message("The file of this picture names no seed.", .problem)
            return
        }
        changing("recall") { $0.parameters.keep(seed) }
        message = Message("Seed \(seed), kept.")
    }
}

extension Parameters {
    /// This seed for all pictures to come.
    mutating func keep(_ seed: UInt64) { (self.seed, seedMode) = (seed, .fixed) }
}
