import Foundation
import Requests

/// One line on standard error that says what is going on: phase, units done, time left. Silent
/// unless standard error is a terminal that can take a line away. Notes are written there anyway.
final class ProgressLine {
    private let isQuiet: Bool
    private let isShown: Bool
    private var notes: Set<String> = []
    private var phase = RunPhase.loading
    private var count = 1
    private var done = 0
    private var phaseStart = Date()
    private var label = ""
    private var part = ""

    /// - Parameter isQuiet: shows nothing at all.
    init(isQuiet: Bool) {
        let terminal = ProcessInfo.processInfo.environment["TERM"] ?? ""
        self.isQuiet = isQuiet
        isShown = !isQuiet && Messages.isTerminal && !["", "dumb"].contains(terminal)
    }

    /// Text before the phase, such as which of several pictures this is.
    func begin(_ label: String) {
        self.label = label
    }

    /// Which picture of a batch is made, where they are made one after the other; none where there is
    /// one.
    func begin(picture number: Int, of count: Int) {
        part = count > 1 ? "picture \(number)/\(count)" : ""
    }

    func receive(_ event: RunEvent) {
        switch event {
        case .phase(let phase, let count):
            (self.phase, self.count, done, phaseStart) = (phase, count, 0, Date())
        case .progress(_, let done, let count):
            (self.done, self.count) = (done, count)
        case .stepped: return
        }
        draw()
    }

    /// Writes a sentence on a line of its own, once for all prompts and pictures that it is true of.
    func note(_ text: String) {
        guard !isQuiet, notes.insert(text).inserted else { return }
        end()
        Messages.plain(text)
    }

    /// Takes the line away.
    func end() {
        guard isShown else { return }
        Messages.raw("\r\u{1B}[K")
    }

    private func draw() {
        guard isShown else { return }
        let place = [label, part].filter { !$0.isEmpty }.joined(separator: ", ")
        var text = place.isEmpty ? "" : "\(place)  "
        text += phase.title
        if count > 1 { text += " \(done)/\(count)" }
        // Two units are needed before a guess is worth showing.
        if done >= 2, done < count {
            let left = Date().timeIntervalSince(phaseStart) / Double(done) * Double(count - done)
            // Less is over before it is read.
            if left >= 1 { text += String(format: "  about %.1f s left", left) }
        }
        Messages.raw("\r\u{1B}[K\(text)")
    }
}

extension RunPhase {
    /// The phase as the progress line names it.
    var title: String {
        switch self {
        case .loading: "loading the model"
        case .encoding: "reading the prompt"
        case .steps: "step"
        case .residual: "residual step"
        case .decoding: "decoding"
        }
    }
}
