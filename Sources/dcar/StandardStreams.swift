import Foundation

/// The three descriptors that every program is given, unless whoever starts it closes one.
enum StandardStreams {
    /// Puts `/dev/null` where a stream was closed: otherwise the next file opened would get its
    /// number, and results or messages would be written into that file.
    static func occupyClosed() {
        // Input and output get the direction that fails when used, so that the loss is reported.
        for (descriptor, direction) in [
            (STDIN_FILENO, O_WRONLY), (STDOUT_FILENO, O_RDONLY), (STDERR_FILENO, O_WRONLY)
        ] where fcntl(descriptor, F_GETFD) == -1 {
            // The lowest free number is this descriptor: those below it are open by now.
            _ = open("/dev/null", direction)
        }
    }
}
