/// What holds whatever has happened.
extension StudioState {
    mutating func settle() {
        // Masks are painted on finished pictures; one of an earlier session is still being loaded.
        if canvas.isPainting, canvas.step != nil || shown?.status != .finished {
            canvas.isPainting = false
            canvas.stroke = nil
        }
        sayReplacedJob()
    }

    private mutating func sayReplacedJob() {
        guard let id = replacedJob else { return }
        replacedJob = nil
        guard job != nil, queue[id]?.state == .skipped else { return }
        let retry = key(.queueRetry)
        say(also: "The queue's paused job is given up; \(retry) in its view makes it anew.")
    }

    /// A new prompt is looked at. One that was typed and not drawn yet can be found again.
    mutating func settlePrompt(after old: TextField, isTyped: Bool) -> [StudioEffect] {
        guard prompt.positive.characters != old.characters else { return [] }
        let isLost = !isTyped && prompt.isTyped && !prompt.history.contains(old.text)
        prompt.isTyped = isTyped
        let kept = isLost ? keep(old.text) : []
        if isLost, prompt.history.last == old.text {
            say(also: "\(key(.searchHistory)) finds the prompt that was typed.")
        }
        return [.inspect(prompt: prompt.positive.text)] + kept
    }

    private mutating func say(also words: String) {
        message = Message(
            [message?.text, words].compactMap { $0 }.joined(separator: " "),
            message?.kind ?? .note)
    }
}
