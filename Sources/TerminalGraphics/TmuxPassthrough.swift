/// Sequences that tmux hands on to the terminal it runs in.
public enum TmuxPassthrough {
    /// `sequence` inside tmux's own DCS, each ESC doubled, the last terminator's too.
    ///
    /// tmux hands it on only where its option `allow-passthrough` is on, which it is not by default
    /// since 3.3; otherwise it drops the sequence without a trace.
    public static func wrap(_ sequence: [UInt8]) -> [UInt8] {
        var bytes = Array("\u{1B}Ptmux;".utf8)
        bytes.reserveCapacity(sequence.count + 16)
        for byte in sequence {
            if byte == 0x1B { bytes.append(byte) }
            bytes.append(byte)
        }
        bytes += "\u{1B}\\".utf8
        return bytes
    }
}
