import Imaging
import Requests
import Settings

/// Why no command line makes a picture again, in a sentence.
struct NoCommandLine: Error, Equatable {
    let reason: String
}

/// The command lines that make a picture again without the studio: its bytes, as long as the
/// settings of metadata, stealth and compression are the same. One of `{a|b}` is written out: the
/// command makes that picture alone, with the same pixels, and its file does not name the others.
extension StudioState {
    /// That of the picture shown, or of the next one, or why there is none.
    var commandLine: (text: String, isReason: Bool) {
        do throws(NoCommandLine) {
            guard let run = runSeen, !run.snapshots.isEmpty else {
                let next = parameters.request(
                    prompt: prompt.positive.text, negativePrompt: prompt.negative.text)
                return (generateLine(next), false)
            }
            let isStopped = run.picture == nil && run.status != .finished
            let lines = try commands(
                of: run, try requestSeen(of: run), stoppedAt: isStopped ? run.step : nil,
                saving: nil)
            return (lines.joined(separator: " | "), false)
        } catch {
            return (error.reason, true)
        }
    }

    /// A discrete picture is one whose residual counts nothing; that of an edit lies over its base's.
    private func requestSeen(of run: RunRecord) throws(NoCommandLine) -> GenerationRequest {
        var request = run.request
        guard isPictureShown, isDiscreteSeen else { return request }
        guard isMadeFromPrompt(run) else {
            throw NoCommandLine(
                reason: "No command makes the discrete half of this picture alone; "
                    + "\(key(.toggleResidual)) shows the refined one.")
        }
        request.residual.strength = 0
        return request
    }

    /// Whether there is neither an edit nor a file among all that it was made from.
    private func isMadeFromPrompt(_ run: RunRecord) -> Bool {
        var run = run
        // Parents are older, so this ends.
        while let parent = run.parent, parent < run.id, run.edit == nil, let older = runs[parent] {
            run = older
        }
        return run.origin == .prompt
    }

    /// - Parameters:
    ///   - request: the run's own, with another residual perhaps.
    ///   - step: the step to stop after; nil for the finished picture.
    ///   - path: where it is saved; nil for where the command would put it.
    /// - Returns: the commands of its parents as far as those have no file, then its own.
    private func commands(
        of run: RunRecord, _ request: GenerationRequest, stoppedAt step: Int?, saving path: String?
    ) throws(NoCommandLine) -> [String] {
        let end =
            (step.map { ["--stop-at", String($0)] } ?? []) + (path.map { ["-q", "-o", $0] } ?? [])
        switch run.origin {
        case .prompt: return [line([generateLine(request)] + end, run)]
        case .edit(let order):
            let (before, input) = try base(of: order)
            let words =
                ["dcar", "edit", "-i", Self.word(input)] + order.words(parameters.tokenSide)
            let text = request.textWords(madeFrom: runs[order.base])
            return before + [line(words + text + request.samplingWords(parameters) + end, run)]
        case .fork(let parent, let at):
            let (before, input, flags) = try start(of: parent, at: at)
            let words =
                ["dcar", "fork", Self.word(input)] + flags
                + run.chosenTokens.words.flatMap { ["--set-token", $0] }
            let text = request.textWords(madeFrom: runs[parent])
            return before + [line(words + text + request.forkWords(parameters) + end, run)]
        case .residual(let parent):
            guard let source = runs[parent] else { throw .gone(parent) }
            guard case .file = source.origin else {
                return try commands(of: source, request, stoppedAt: step, saving: path)
            }
            let (before, input, flags) = try start(of: parent, at: source.step)
            let words = ["dcar", "fork", Self.word(input)] + flags
            let text = request.textWords(madeFrom: source)
            return before + [line(words + text + request.forkWords(parameters) + end, run)]
        case .file where run.isFromPrompt:
            return [line([generateLine(request)] + end, run)]
        case .file(let name):
            guard let file = run.source ?? run.file, !file.isFinished, run.picture != nil,
                file.strength == request.residual.strength
            else {
                throw NoCommandLine(
                    reason:
                        "This picture was opened from \(name), and no command makes it; `dcar info` "
                        + "says what its file tells.")
            }
            return [line(["dcar", "resume", file.path.shellQuoted] + end, run)]
        }
    }

    /// The file that an edit changes, and the commands that make it where there is none.
    private func base(of order: EditOrder) throws(NoCommandLine) -> ([String], String) {
        guard let base = runs[order.base] else { throw .gone(order.base) }
        try checkTokens()
        let strength = order.baseStrength ?? base.request.residual.strength
        if let file = base.file, file.isFinished, file.strength == strength {
            return ([], file.path)
        }
        var isOpened = false
        if case .file = base.origin { isOpened = true }
        guard !isOpened || base.file?.isFinished == false else {
            throw NoCommandLine(
                reason: "Picture \(base.id) is not as its file is; save it, and edit that file.")
        }
        var request = base.request
        request.residual.strength = strength
        return (try commands(of: base, request, stoppedAt: nil, saving: Self.pipe), Self.pipe)
    }

    /// The file that a fork goes on from, the flags that say from where, and the commands that make
    /// it where there is none.
    private func start(of parent: RunID, at step: Int) throws(NoCommandLine) -> (
        [String], String, [String]
    ) {
        guard let source = runs[parent] else { throw .gone(parent) }
        try checkTokens()
        guard case .file = source.origin else {
            // A fork is made whole where the next one goes on from before it.
            let isBefore = source.firstOwnStep > step
            let end = isBefore ? (source.picture == nil ? source.step : nil) : step
            let before = try commands(of: source, source.request, stoppedAt: end, saving: Self.pipe)
            return (before, Self.pipe, isBefore ? ["--step", String(step)] : [])
        }
        let files = [source.source, source.file].compactMap { $0 }
        guard let file = files.first(where: { step <= $0.step }) else {
            throw NoCommandLine(
                reason: "Picture \(parent) is further than its file; save it, and fork that file.")
        }
        return ([], file.path, ["--step", String(step)])
    }

    /// Standard output of one command, and standard input of the next.
    private static let pipe = "-"

    private static func word(_ input: String) -> String {
        input == pipe ? pipe : input.shellQuoted
    }

    /// A file without tokens would be encoded, and its edit be another one.
    private func checkTokens() throws(NoCommandLine) {
        for setting in [Setting.metadata, .embedsTokens] where !settings.isOn(setting) {
            throw NoCommandLine(
                reason: "Files carry no tokens to go on from, as \(setting.name) is off.")
        }
    }

    private func generateLine(_ request: GenerationRequest) -> String {
        var words = ["dcar", "generate"] + request.textWords + request.samplingWords(parameters)
        if let width = request.width { words += ["--width", String(width)] }
        if let height = request.height { words += ["--height", String(height)] }
        // The settings may ask for several.
        words += ["--batch", "1"]
        return words.joined(separator: " ")
    }

    /// With what the settings may say otherwise another time.
    private func line(_ words: [String], _ run: RunRecord) -> String {
        var words = words
        if isAsked(.modelPath), let path = settings.text(.modelPath) {
            words += ["--model", path.shellQuoted]
        }
        // One of an earlier sitting may have been computed in another precision than this one's.
        if let own = run.precision, let flag = Self.precisionFlags[own],
            own != facts?.precision || isAsked(.precision)
        {
            words += ["--precision", flag.shellQuoted]
        } else if isAsked(.precision), let precision = settings.text(.precision) {
            words += ["--precision", precision.shellQuoted]
        }
        return words.joined(separator: " ")
    }

    private func isAsked(_ setting: Setting) -> Bool {
        if case .standard = settings.origin(setting) { false } else { true }
    }

    /// By what pictures' records say.
    private static let precisionFlags = [
        "float32": "fp32", "bfloat16": "bf16", "int8": "int8"
    ]
}

extension NoCommandLine {
    fileprivate static func gone(_ run: RunID) -> NoCommandLine {
        NoCommandLine(reason: "Picture \(run), which this was made from, is not known any more.")
    }
}

extension GenerationRequest {
    fileprivate var textWords: [String] {
        words("--prompt", prompt)
            + (negativePrompt.isEmpty ? [] : words("--negative-prompt", negativePrompt))
    }

    /// Alone, `--` would end the flags.
    private func words(_ flag: String, _ text: String) -> [String] {
        text == "--" ? ["\(flag)=--"] : [flag, text.shellQuoted]
    }

    /// The same for a picture that is made from another, whose negative prompt holds otherwise.
    fileprivate func textWords(madeFrom base: RunRecord?) -> [String] {
        let isTakenBack = negativePrompt.isEmpty && base?.request.negativePrompt.isEmpty == false
        return textWords + (isTakenBack ? ["--negative-prompt", "''"] : [])
    }

    /// - Parameter own: parameters that know the model's own values.
    fileprivate func samplingWords(_ own: Parameters) -> [String] {
        ["--steps", String(sampling.steps)] + forkWords(own)
    }

    /// Without the number of steps, which a fork cannot change.
    fileprivate func forkWords(_ own: Parameters) -> [String] {
        var words = ["--seed", String(seed), "--guidance", String(sampling.guidanceScale)]
        words += ["--guidance-decay", sampling.guidanceDecay.rawValue]
        words += ["--temperature", String(sampling.temperature)]
        words += ["--schedule", sampling.schedule.rawValue]
        words += ["--residual-steps", String(residual.steps ?? own.modelResidualSteps)]
        let scale = residual.guidance(modelScale: own.modelResidualGuidance, sampling)
        words += ["--residual-guidance", String(scale)]
        let temperature = residual.temperature ?? own.modelResidualTemperature ?? 1
        words += ["--residual-temperature", String(temperature)]
        if let seed = residual.seed { words += ["--residual-seed", String(seed)] }
        return words + ["--residual-strength", String(residual.strength)]
    }
}

extension EditOrder {
    fileprivate func words(_ cell: Int) -> [String] {
        var words: [String] = []
        if !margins.isEmpty {
            let sides = [margins.left, margins.right, margins.top, margins.bottom]
            words += ["--outpaint", sides.map(String.init).joined(separator: ",")]
        }
        if let mask { words += ["--mask", mask.argument(cell: cell).shellQuoted] }
        if let share { words += ["--strength", String(share), "--content", content.rawValue] }
        if let padding { words += ["--padding", String(padding)] }
        return words + ["--feather", String(feather)]
    }
}

extension String {
    /// As one word of a shell.
    fileprivate var shellQuoted: String {
        "'" + split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''")
            + "'"
    }
}
