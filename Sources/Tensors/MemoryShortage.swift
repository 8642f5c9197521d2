import Foundation

/// Memory that the system does not give: a program that needs it can only end.
enum MemoryShortage {
    /// The program's exit status then; scripts rely on it.
    private static let status: Int32 = 6

    static func sentence(_ byteCount: Int) -> String {
        "The system gives no further \((byteCount + (1 << 20) - 1) >> 20) MB of memory; close other "
            + "programs, or ask for smaller or fewer pictures, int8 or a smaller model."
    }

    /// Says so on standard error and ends the program in good order, so that a terminal is put back
    /// and what was kept on disk stays.
    static func end(_ byteCount: Int) -> Never {
        let bytes = Array("dcar: \(sentence(byteCount))\n".utf8)
        _ = write(STDERR_FILENO, bytes, bytes.count)
        #if canImport(Glibc)
            // Other threads still use what exit would destroy.
            quick_exit(status)
        #else
            exit(status)
        #endif
    }
}
