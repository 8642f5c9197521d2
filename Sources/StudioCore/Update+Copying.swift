import Imaging
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
        /// Whether the text only says why there is nothing to copy.
        var isReason = false

        /// The text with words in place of a mask that only a program can read.
        package var shown: String {
            let parts = text.split(separator: "'", omittingEmptySubsequences: false)
            func isMask(_ at: Int) -> Bool { parts[at].hasPrefix(MaskSource.dataPrefix) }
            return parts.indices.reduce(into: "") { shown, at in
                if at > 0, !isMask(at), !isMask(at - 1) { shown += "'" }
                shown += isMask(at) ? "<painted mask>" : parts[at]
            }
        }
    }

    /// Of the picture that is seen, or of that selected in the gallery, whose file alone knows all
    /// that a command line needs.
    package var copyChoices: [CopyChoice] {
        if view == .gallery {
            guard let entry = gallery.selectedEntry else { return [] }
            return copyChoices(
                seed: entry.seed, prompt: entry.prompt, command: nil, path: entry.place)
        }
        let line = commandLine
        var choices = copyChoices(
            seed: runSeen.map { $0.knownSeed } ?? requestSeen.seed, prompt: requestSeen.prompt,
            command: line.text, path: runSeen?.savedPath)
        for at in choices.indices where choices[at].command == .copyCommandLine {
            choices[at].isReason = line.isReason
        }
        return choices
    }

    private func copyChoices(seed: UInt64?, prompt: String, command: String?, path: String?)
        -> [CopyChoice]
    {
        let choices: [(Unicode.Scalar, String, String?, Command)] = [
            ("s", "seed", seed.map(String.init), .copySeed),
            ("p", "prompt", prompt, .copyPrompt),
            ("c", "command", command, .copyCommandLine), ("f", "file", path, .copyPath)
        ]
        return choices.compactMap { key, title, text, command in
            text.map { CopyChoice(key: key, title: title, text: $0, command: command) }
        }
    }

    mutating func askCopy() {
        if copyChoices.isEmpty {
            message = Message("No picture is selected.", .problem)
        } else {
            popup = .copy
        }
    }

    /// That of the picture seen, or of the next one.
    private var requestSeen: GenerationRequest {
        runSeen?.request
            ?? parameters.request(
                prompt: prompt.positive.text, negativePrompt: prompt.negative.text)
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
        guard let choice = copyChoices.first(where: { $0.command == command }) else {
            message = Message(
                command == .copyPath ? "The picture has no file yet." : "There is nothing to copy.",
                .problem)
            return []
        }
        guard !choice.isReason else {
            message = Message(choice.text, .problem)
            return []
        }
        guard settings.isOn(.clipboard) else {
            if choice.command == .copyCommandLine, !isPlain { return [.present(choice.text)] }
            let hint = isPlain ? [] : ["", "clipboard.osc52 in the settings switches copying on."]
            popup = .text(title: "The \(choice.title), not copied", lines: [choice.text] + hint)
            return []
        }
        message = Message("Copied to the terminal's clipboard: \(choice.shown)", .success)
        return [.copy(choice.text)]
    }
}
