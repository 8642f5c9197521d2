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
            let hint = isPlain ? [] : ["", "clipboard.osc52 in the settings switches copying on."]
            popup = .text(title: "The \(choice.title), not copied", lines: [choice.text] + hint)
            return []
        }
        message = Message("Copied to the terminal's clipboard: \(choice.text)", .success)
        return [.copy(choice.text)]
    }
}
