/// Seeds, and what a picture was made with taken into the fields and parameters again.
extension StudioState {
    mutating func drawSeed() {
        parameters.seed = randomSeed()
        message = Message("Seed \(parameters.seed).")
    }

    mutating func fixOrReleaseSeed() {
        if parameters.seedMode == .fixed {
            parameters.seedMode = releasedSeeds
        } else {
            (releasedSeeds, parameters.seedMode) = (parameters.seedMode, .fixed)
        }
        message = Message("Next seed: \(parameters.seedMode.rawValue).")
    }

    mutating func recall() {
        guard let run = shown else { return }
        prompt.positive = TextField(run.request.prompt)
        prompt.negative = TextField(run.request.negativePrompt)
        if let seed = run.knownSeed { (parameters.seed, parameters.seedMode) = (seed, .fixed) }
        let steps = parameters.sampling.steps
        parameters.sampling = run.request.sampling
        // An edit's are as few as its tokens need.
        if run.edit != nil { parameters.sampling.steps = steps }
        parameters.residual = run.request.residual
        (parameters.width, parameters.height) = (pictureSize.x, pictureSize.y)
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
        prompt.positive = TextField(run.request.prompt)
        prompt.negative = TextField(run.request.negativePrompt)
        message = Message("The prompt is this picture's.")
    }

    mutating func recallSize() {
        guard shown != nil else { return }
        (parameters.width, parameters.height) = (pictureSize.x, pictureSize.y)
        message = Message("The size is this picture's, \(pictureSize.x)×\(pictureSize.y).")
    }

    mutating func recallSeed() {
        guard let run = shown else { return }
        guard let seed = run.knownSeed else {
            message = Message("The file of this picture names no seed.", .problem)
            return
        }
        (parameters.seed, parameters.seedMode) = (seed, .fixed)
        message = Message("Seed \(seed), kept.")
    }
}
