import Settings

/// Earlier prompts, example prompts and styles to pick from.
extension StudioState {
    /// Examples of the model that match.
    package func exampleList(_ list: Popup.ListState) -> [String] {
        let filter = list.filter.text.lowercased()
        return (facts?.examples ?? []).filter { $0.fuzzyScore(filter) != nil }
    }

    /// Styles of the settings files that match.
    package func styleList(_ list: Popup.ListState) -> [ResolvedSettings.Style] {
        let filter = list.filter.text.lowercased()
        return settings.styles.filter { "\($0.name) \($0.text)".fuzzyScore(filter) != nil }
    }

    /// Under a mask comes mostly something else than the whole picture shows, so what is typed takes
    /// the place of the picture's prompt.
    mutating func suggestPromptOfMask() {
        guard focus == .prompt, isPromptOfMask, let own = shown?.request else { return }
        guard [own.prompt, own.rawPrompt].contains(prompt.positive.text) else {
            message = Message(maskWords)
            return
        }
        prompt.positive.suggest()
        message = Message(
            "Type what is to be under the mask, or keep the prompt; \(key(.generate)) makes a new "
                + "picture.")
    }

    /// Keeps a prompt for later sittings, before anything is made of it.
    func keeping(_ text: String) -> [StudioEffect] {
        guard settings.isOn(.history) else { return [] }
        return [.library(.remember(prompt: text, atMost: settings.whole(.historyLimit)))]
    }

    /// Puts a prompt into the history, before anything is made of it.
    mutating func keep(_ text: String) -> [StudioEffect] {
        guard !text.allSatisfy(\.isWhitespace), text != prompt.history.last else { return [] }
        remember(text)
        return keeping(text)
    }

    mutating func openStyles() {
        guard !settings.styles.isEmpty else {
            message = Message(
                "There are no styles yet; write [styles] and NAME = \"text\" into the settings file."
            )
            return
        }
        popup = .list(.styles, Popup.ListState())
    }

    /// Styles are written out, so that a person sees and can change what the model reads.
    mutating func add(_ style: ResolvedSettings.Style) {
        let text = prompt.positive.text
        take(text.isEmpty ? style.text : "\(text), \(style.text)", as: "style \(style.name)")
    }
}
