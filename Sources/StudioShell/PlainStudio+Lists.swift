import Imaging
import StudioCore

/// The gallery and the queue as numbered lines.
extension PlainStudio {
    /// The saved pictures that match, all without words.
    mutating func sayGallery(_ words: String) {
        libraryWorker.finish()
        isScanned = false
        libraryWorker.perform(.scan)
        while !isScanned { listenOnce() }
        perform([.command(.viewGallery)])
        state.gallery.search(PictureQuery(words))
        state.gallery.selected = 0
        let count = state.gallery.matches.count
        say(count == 1 ? "1 picture." : "\(count) pictures.")
        for place in 0..<count { sayEntry(place) }
    }

    mutating func sayEntry(_ place: Int) {
        guard state.gallery.matches.indices.contains(place) else { return }
        let entry = state.gallery.entries[state.gallery.matches[place]]
        let text = entry.problem ?? (entry.prompt.isEmpty ? "(no prompt)" : entry.prompt)
        say(
            "\(place + 1)  \(SanitizedText(entry.name, limit: 400))  "
                + SanitizedText(text, limit: 400).description)
    }

    mutating func sayQueue() {
        let (jobs, isPaused) = (state.queue.jobs, state.queue.isPaused)
        say(jobs.isEmpty ? "The queue is empty." : "\(state.queue.waitingCount) waiting.")
        if isPaused { say("The queue is paused; :queue.resume lets it go on.") }
        for (place, job) in jobs.enumerated() {
            let parts: [String?] = [
                String(place + 1), job.state.shown, "seed \(job.request.seed)", job.request.prompt,
                job.problem ?? job.path.map { "saved as \($0)" }
            ]
            let shown = parts.compactMap { $0 }.map { SanitizedText($0, limit: 400).description }
            say(shown.joined(separator: "  "))
        }
    }

    /// Has a command work on a line of the gallery or the queue.
    mutating func choose(_ line: Int, _ command: Command) {
        let isQueue = command.context == .queue
        let count = isQueue ? state.queue.jobs.count : state.gallery.matches.count
        guard count > 0 else {
            return say(
                isQueue
                    ? "problem: The queue is empty."
                    : "problem: No pictures are listed; :view.gallery lists them.")
        }
        guard 1...count ~= line else {
            return say("problem: There is no line \(line); they are 1 to \(count).")
        }
        // There undo means what was done with its lines.
        perform([.command(isQueue ? .viewQueue : .viewGallery)])
        if isQueue {
            state.queue.selected = line - 1
        } else {
            state.gallery.selected = line - 1
        }
        perform([.command(command)])
    }
}

extension QueuedJob.State {
    fileprivate var shown: String { self == .quarantined ? "put aside" : rawValue }
}
