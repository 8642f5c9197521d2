/// Pixels for the kitty graphics protocol, as a terminal will take them.
public enum KittyPayload: Hashable, Sendable {
    /// A PNG file.
    case png([UInt8])
    /// `3 * width * height` bytes of red, green, blue.
    case rgb([UInt8], width: Int, height: Int)
}

/// The kitty terminal graphics protocol: pictures are sent once under a number, then shown, moved
/// and removed by that number. No command asks for a reply (`q=2`).
public enum KittyGraphics {
    /// The most Base64 characters that one escape sequence may carry.
    static let chunkLength = 4096

    /// Stores a picture in the terminal under `id`, in place of an older one of that number.
    ///
    /// - Parameter isInTmux: each sequence is wrapped for tmux to hand on.
    public static func transmit(
        _ payload: KittyPayload, id: UInt32, isInTmux: Bool = false
    ) -> [UInt8] {
        send(payload, "a=t,t=d,i=\(id),q=2", isInTmux: isInTmux)
    }

    private static func send(
        _ payload: KittyPayload, _ order: String, isInTmux: Bool
    ) -> [UInt8] {
        let (control, data) =
            switch payload {
            case .png(let bytes): ("f=100", bytes)
            case .rgb(let bytes, let width, let height): ("f=24,s=\(width),v=\(height)", bytes)
            }
        let text = Base64.encode(data)
        var bytes: [UInt8] = []
        var at = 0
        repeat {
            let end = min(at + chunkLength, text.count)
            let more = end < text.count ? 1 : 0
            let keys = at == 0 ? "\(order),\(control),m=\(more)" : "q=2,m=\(more)"
            bytes += command(keys, text[at..<end], isInTmux: isInTmux)
            at = end
        } while at < text.count
        return bytes
    }

    /// Shows a picture over `size` cells from the cursor on, which goes to the last row, behind the
    /// picture. The picture has no number, so that no other command will ever touch it.
    public static func show(_ payload: KittyPayload, size: GridSize) -> [UInt8] {
        send(
            payload, "a=T,t=d,c=\(size.columns),r=\(size.rows),q=2", isInTmux: false)
    }

    /// Shows a stored picture over `size` cells from the cursor on, which does not move.
    ///
    /// The placement has number 1: placing again moves it, so that there is never a second copy.
    public static func place(id: UInt32, size: GridSize) -> [UInt8] {
        command(
            "a=p,i=\(id),p=1,c=\(size.columns),r=\(size.rows),C=1,q=2", [], isInTmux: false)
    }

    /// Removes a picture and all it shows, and frees its memory.
    public static func delete(id: UInt32, isInTmux: Bool = false) -> [UInt8] {
        command("a=d,d=I,i=\(id),q=2", [], isInTmux: isInTmux)
    }

    static func command(
        _ keys: String, _ payload: ArraySlice<UInt8>, isInTmux: Bool
    ) -> [UInt8] {
        let text = payload.isEmpty ? keys : keys + ";"
        let bytes = Array("\u{1B}_G\(text)".utf8) + payload + Array("\u{1B}\\".utf8)
        return isInTmux ? TmuxPassthrough.wrap(bytes) : bytes
    }
}

/// Base64 of RFC 4648, with padding.
private enum Base64 {
    private static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func encode(_ data: [UInt8]) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity((data.count + 2) / 3 * 4)
        for start in stride(from: 0, to: data.count, by: 3) {
            let count = min(3, data.count - start)
            var group = 0
            for offset in 0..<3 {
                group = group << 8 | (offset < count ? Int(data[start + offset]) : 0)
            }
            for position in 0..<4 {
                text.append(
                    position > count
                        ? UInt8(ascii: "=") : alphabet[group >> (18 - 6 * position) & 63])
            }
        }
        return text
    }
}
