import CNcurses
import Foundation
import StudioCore
import TerminalGraphics

extension TerminalSession {
    /// Keeps what is to be kept and leaves the terminal as it was found.
    func close() {
        if isSessionKnown { saveSession() }
        modelWorker.beginClosing()
        waitForFiles()
        if !isGivenUp {
            modelWorker.close()
            // What was finished just then may be the queue's.
            waitForFiles()
        }
        if isSessionKnown { saveSession() }
        libraryWorker.close()
        if !isAway { giveBack() }
    }

    /// What a signal leaves to the last files.
    private static let patience = Duration.seconds(10)

    /// Waits for files that were asked for; Ctrl-C or a signal gives them up.
    private func waitForFiles() {
        let end = isCutShort ? Terminal.now + Self.patience : nil
        var hasSaid = false
        takeLastNews()
        while modelWorker.isKeeping, !isGivenUp {
            if !hasSaid, !isCutShort, screen.isReady {
                state.popup = nil
                state.isEnding = true
                state.message = Message("Saving…")
                hasSaid = true
                draw()
            }
            let isThere = !isAway && !Terminal.hasEnded(STDIN_FILENO)
            let ready = Terminal.wait(
                [dcar_signal_pipe(), inbox.descriptor] + (isThere ? [STDIN_FILENO] : []),
                forRoomIn: screen.output.waiting, milliseconds: 20)
            screen.output.advance()
            takeLastNews()
            if ready.contains(STDIN_FILENO) {
                let bytes = Terminal.read(STDIN_FILENO)
                isGivenUp = bytes.contains(3)
                // What was drawn asks a question, whose answer comes among the keys.
                for case .reply(.ready) in parser.feed(bytes, at: Terminal.now) {
                    _ = screen.answered(at: Terminal.now)
                }
            }
            if ready.contains(dcar_signal_pipe()) {
                let ends = [SIGINT, SIGTERM, SIGHUP].map { UInt8($0) }
                let signals = Terminal.read(dcar_signal_pipe())
                isGivenUp = isGivenUp || signals.contains(where: ends.contains)
            }
            if let end, Terminal.now >= end { isGivenUp = true }
        }
    }

    /// Takes up what became of files and finished pictures. What was stopped is as it was: it goes on
    /// in the next sitting.
    private func takeLastNews() {
        for news in inbox.take() {
            switch news {
            case .saved, .notSaved, .finished, .library(.indexed), .library(.trashed),
                .library(.untrashed), .library(.notUntrashed), .library(.displaced):
                apply(.news(news))
            default: break
            }
        }
    }
}
