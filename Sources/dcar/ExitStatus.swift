import ArgumentParser
import Checkpoints
import Foundation
import Imaging
import Kernels
import Pipeline
import Requests
import Settings
import StudioShell
import TextEncoding
import Verification

/// The exit statuses that scripts can rely on.
enum ExitStatus: Int32 {
    case success = 0
    case failure = 1
    case usage = 2
    case model = 3
    case inputImage = 4
    case output = 5
    case memory = 6
    case terminal = 7
    case hungUp = 129
    case interrupted = 130
    /// What a shell gives for SIGPIPE, which ends other programs whose output is read no further.
    case unread = 141
    case terminated = 143

    /// Says on standard error what went wrong, in one sentence, and gives the status.
    static func report(_ error: any Error) -> ExitStatus {
        if let status = status(of: error) {
            if !(error is QuietFailure), status != .unread {
                Messages.error(String(describing: error))
            }
            return status
        }
        let code = DCARCommand.exitCode(for: error)
        let message = DCARCommand.fullMessage(for: error)
        if code == .success {
            do {
                try Output.line(message)
                try Output.flush()
            } catch {
                return self.status(of: error) ?? .output
            }
            return .success
        }
        // The parser's own word for it; one program speaks with one name.
        Messages.plain(
            message.hasPrefix("Error: ") ? "dcar: \(message.dropFirst(7))" : message)
        return code == .validationFailure ? .usage : .failure
    }

    private static func status(of error: any Error) -> ExitStatus? {
        switch error {
        case let quiet as QuietFailure: quiet.status
        case let error as CommandError: error.status
        case MaskError.unreadable: .inputImage
        case KernelError.threadCount, KernelError.unknownLibrary: .usage
        case is RequestError, is OutputPatternError, is MaskError: .usage
        case KernelError.notFinite: .model
        case is KernelError: .failure
        case CheckpointError.unreadable(.noMemory), ConfigurationError.unreadable(.noMemory):
            .memory
        case is ModelError, is CheckpointError, is ConfigurationError, is TokenizerError: .model
        case is ImageReadError, is PNGError, is ImageRecordError: .inputImage
        case OutputError.unread: .unread
        case is SaveError, is OutputError: .output
        case is Stopped: Interrupts.status
        case is VerificationError: .failure
        case is StudioError: .terminal
        case SettingsError.notWritten: .output
        case is SettingsError: .usage
        default: nil
        }
    }
}

/// A failure of the command line itself.
enum CommandError: Error, CustomStringConvertible {
    case usage(String)
    case inputImage(String)
    case noEmbeddedModel
    case tooFewFiles(Int, needed: Int)

    var status: ExitStatus {
        switch self {
        case .usage: .usage
        case .inputImage: .inputImage
        case .noEmbeddedModel: .model
        case .tooFewFiles: .failure
        }
    }

    var description: String {
        switch self {
        case .usage(let message), .inputImage(let message): message
        case .noEmbeddedModel:
            "The embedded model's files are not beside the program; name a folder with --model."
        case .tooFewFiles(let count, let needed):
            "Only \(count) files may be open at a time, and \(needed) are needed; raise the limit "
                + "with ulimit -n."
        }
    }
}

/// Ends with a status after everything was said already.
struct QuietFailure: Error {
    let status: ExitStatus
}
