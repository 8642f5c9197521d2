import CNcurses
import Foundation
import StudioCore
import TerminalGraphics

extension TerminalSession {
    func handleSignals() {
        handle(Terminal.read(dcar_signal_pipe()))
    }

    private func handle(_ numbers: [UInt8]) {
        if numbers.contains(UInt8(SIGWINCH)) { resize() }
        for number in numbers {
            switch Int32(number) {
            case SIGTSTP: suspend()
            case SIGCONT: goOn()
            case SIGINT: interrupt()
            case SIGTERM, SIGHUP: ending = .quit(128 + Int32(number))
            default: break
            }
        }
    }

    func resize() {
        let before = terminal.environment
        terminal.measure()
        screen.resize()
        // Another font may have come with another size.
        if replies.forgetSizes(of: before, in: terminal.environment) {
            screen.askSizes(at: Terminal.now)
            expectAnswers()
        }
        decideAgain()
        apply(.resized(screen.metrics))
    }

    /// Somebody without a keyboard wants an end: of the run, and then of the studio.
    private func interrupt() {
        if state.popup == .quit || state.job?.isCancelling == true {
            ending = .quit(128 + SIGINT)
        } else {
            apply(.command(.cancel))
        }
    }

    func suspend() {
        giveBack()
        dcar_stop_process()
        // That it goes on is no news here.
        let numbers = Terminal.read(dcar_signal_pipe()).filter { $0 != UInt8(SIGCONT) }
        // An end may have been asked for from somewhere else, which has the terminal now.
        if let end = numbers.first(where: { [SIGTERM, SIGHUP].contains(Int32($0)) }) {
            ending = .quit(128 + Int32(end))
            isAway = true
            return
        }
        takeBack()
        handle(numbers)
    }

    /// Somebody may have stopped the process without a word and had the terminal since.
    private func goOn() {
        dcar_terminal_reenter()
        screen.output.send("\u{1B}[?1049h".utf8)
        terminal.enterModes(isAgain: true)
        resize()
    }

    /// Leaves the terminal to somebody else.
    func giveBack() {
        let isOnMainScreen = screen.leave()
        terminal.leave(
            &parser, isOnMainScreen: isOnMainScreen,
            hasAnswered: screen.hasAnswered || hasAnsweredProbe)
        screen.expectNothing(at: Terminal.now)
    }

    func takeBack() {
        dcar_terminal_reenter()
        _ = dcar_screen_start(screen.capabilities.terminfoName)
        terminal.enterModes()
        resize()
    }
}
