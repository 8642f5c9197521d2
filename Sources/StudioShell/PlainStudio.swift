import Foundation
import StudioCore

/// The studio as lines of text: a prompt a line, commands after a colon, no drawing.
struct PlainStudio {
    private let options: StudioOptions

    init(_ options: StudioOptions) {
        self.options = options
    }

    func run() -> Int32 {
        let inbox = Inbox()
        let workshop = Workshop(options) { inbox.post($0) }
        workshop.start()
        var state = StudioState(randomness: UInt64.random(in: .min ... .max))
        say("dcar studio. Type a prompt, or :help.")
        listen(&state, workshop, inbox) { $0.model != .opening }
        while case .ready = state.model {
            guard let line = readLine() else { break }
            if line == ":quit" || line == ":q" { break }
            let effects = actions(line).flatMap { update(&state, $0) }
            if let message = state.message { say(message.text) }
            for effect in effects { workshop.perform(effect) }
            let isSaving = effects.contains { if case .save = $0 { true } else { false } }
            if isSaving { listen(&state, workshop, inbox) { $0.message != nil } }
            listen(&state, workshop, inbox) { $0.job.map(\.isPaused) ?? true }
        }
        workshop.close()
        if case .failed = state.model { return 3 }
        return 0
    }

    private func actions(_ line: String) -> [StudioAction] {
        guard line.hasPrefix(":") else {
            return line.isEmpty ? [] : [.promptEdited(line), .command(.generate)]
        }
        let name = line.dropFirst().trimmingCharacters(in: .whitespaces)
        if name == "help" {
            for entry in Command.entries { say(":\(entry.command.rawValue)  \(entry.title)") }
            return []
        }
        guard let command = Command(rawValue: name) else {
            say("There is no command \(name); :help lists them.")
            return []
        }
        return [.command(command)]
    }

    /// Says what happens until the state is as wanted.
    private func listen(
        _ state: inout StudioState, _ workshop: Workshop, _ inbox: Inbox,
        until isEnough: (StudioState) -> Bool
    ) {
        while !isEnough(state) {
            _ = Terminal.wait([inbox.descriptor], milliseconds: -1)
            for news in inbox.take() {
                state.message = nil
                let effects = update(&state, .news(news))
                if case .stepped(_, let snapshot, _, _) = news {
                    say("step \(snapshot.step): \(snapshot.maskedCount) tokens masked")
                }
                if let message = state.message { say(message.text) }
                for effect in effects { workshop.perform(effect) }
            }
        }
    }

    private func say(_ line: String) {
        print(line)
        fflush(nil)
    }
}
