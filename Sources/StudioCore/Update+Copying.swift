import Requests
import Settings
import TerminalGraphics

extension StudioState {
    /// One line of the box that `copy` opens.
    package struct CopyChoice: Hashable, Sendable {
        package let key: Unicode.Scalar
        package let title: String
        package let text: String
        let command: Command
    }

    package var copyChoices: [CopyChoice] {
        [
            CopyChoice(
                key: "s", title: "seed", text: String(requestShown.seed), command: .copySeed),
            CopyChoice(
                key: "p", title: "prompt", text: requestShown.prompt, command: .copyPrompt),
            CopyChoice(
                key: "c", title: "command", text: commandLine, command: .copyCommandLine)
        ]
    }

    /// That of the picture shown, or of the next one.
    private var requestShown: GenerationRequest {
        shown?.request
            ?? parameters.request(
                prompt: prompt.positive.text, negativePrompt: prompt.negative.text)
    }

    /// What makes the same picture without the studio, or why nothing does.
    private var commandLine: String {
        switch shown?.origin {
        case nil, .prompt: wholeCommandLine
        case .residual(let parent):
            runs[parent]?.origin == .prompt
                ? wholeCommandLine : "A new residual of an edit has no command line."
        case .fork: "A fork goes on from the tokens of another run, which no command line says."
        case .edit:
            "An edit depends on the picture under it: save that and give it to `dcar edit`."
        case .file: "This picture was opened from a file: `dcar info` says how it was made."
        }
    }

    /// With all that the settings may say otherwise another time.
    private var wholeCommandLine: String {
        var request = requestShown
        request.residual.steps = request.residual.steps ?? parameters.modelResidualSteps
        var words = [request.commandLine]
        for (setting, flag) in [(Setting.modelPath, "--model"), (.precision, "--precision")] {
            if case .standard = settings.origin(setting) { continue }
            if let value = settings.text(setting) { words += [flag, value.shellQuoted] }
        }
        return words.joined(separator: " ")
    }

    mutating func pressInCopy(_ key: Key) -> [StudioEffect] {
        guard let choice = copyChoices.first(where: { key == Key(.character($0.key)) }) else {
            popup = nil
            return []
        }
        return choose(choice)
    }

    mutating func choose(_ choice: CopyChoice) -> [StudioEffect] {
        popup = nil
        return perform(choice.command)
    }

    mutating func copy(_ command: Command) -> [StudioEffect] {
        guard let choice = copyChoices.first(where: { $0.command == command }) else { return [] }
        guard settings.isOn(.clipboard) else {
            popup = .text(title: "The \(choice.title), not copied", lines: [choice.text])
            return []
        }
        message = Message("Copied to the terminal's clipboard: \(choice.text)", .success)
        return [.copy(choice.text)]
    }
}

extension GenerationRequest {
    /// What makes the same picture without the studio.
    package var commandLine: String {
        var words = ["dcar", "generate", "--prompt", prompt.shellQuoted]
        if !negativePrompt.isEmpty { words += ["--negative-prompt", negativePrompt.shellQuoted] }
        words += ["--seed", String(seed), "--steps", String(sampling.steps)]
        words += ["--guidance", String(sampling.guidanceScale)]
        words += ["--guidance-decay", sampling.guidanceDecay.rawValue]
        words += ["--temperature", String(sampling.temperature)]
        words += ["--schedule", sampling.schedule.rawValue]
        if let steps = residual.steps { words += ["--residual-steps", String(steps)] }
        if let seed = residual.seed { words += ["--residual-seed", String(seed)] }
        words += ["--residual-strength", String(residual.strength)]
        if let width { words += ["--width", String(width)] }
        if let height { words += ["--height", String(height)] }
        return words.joined(separator: " ")
    }
}

extension String {
    /// As one word of a shell.
    fileprivate var shellQuoted: String {
        "'" + split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''")
            + "'"
    }
}
