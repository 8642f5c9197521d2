import CNcurses
import Foundation
import TerminalGraphics

/// The interactive studio.
package enum Studio {
    /// How it ended.
    package enum Ending: Sendable {
        /// With an exit code: 0, or 128 plus the number of the signal that ended it.
        case quit(Int32)
        /// With the system's number for why lines could not be written.
        case unwritten(Int32)
        /// To begin anew with the model of another folder.
        case reopen(model: String)
    }

    /// Runs the studio until a person quits it.
    /// - Throws: `StudioError` where there is no usable terminal.
    package static func run(_ options: StudioOptions) throws -> Ending {
        let type = ProcessInfo.processInfo.environment["TERM"] ?? ""
        if options.isPlain || type.isEmpty || type == "dumb" {
            var plain = PlainStudio(options)
            let status = plain.run()
            return plain.failure.map { .unwritten($0) } ?? .quit(status)
        }
        // Before a byte is written that such a terminal might show.
        guard dcar_terminal_is_known() == 1 else { throw StudioError.unknownTerminal(type) }
        dcar_use_locale(
            TerminalEnvironment(ProcessInfo.processInfo.environment, window: nil).isUTF8 ? 1 : 0)
        let session = try TerminalSession(options)
        return session.run()
    }
}
