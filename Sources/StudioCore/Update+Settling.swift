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
        let words =
            "The queue's paused job is given up; \(key(.queueRetry)) in its view makes it anew."
        message = Message(
            [message?.text, words].compactMap { $0 }.joined(separator: " "),
            message?.kind ?? .note)
    }
}
