/// A kitty picture held in place by text: cells of U+10EEEE that name the picture by their colour
/// and their part of it by combining marks. tmux moves and redraws them like any other text.
public struct KittyPlaceholder: Hashable, Sendable {
    /// The picture's number. The top byte must be 0: it would need a third mark in each cell.
    public let id: UInt32
    /// Cells; no side is longer than there are marks to count it.
    public let size: GridSize

    /// A placeholder for picture `id & 0xFFFFFF`, its sides cut to `maximumSide`.
    public init(id: UInt32, size: GridSize) {
        self.id = id & 0xFF_FFFF
        self.size = GridSize(
            columns: min(size.columns, Self.maximumSide), rows: min(size.rows, Self.maximumSide))
    }

    /// The longest side that the marks can count.
    public static let maximumSide = 297

    /// Makes the stored picture ready to be shown by placeholder cells (`U=1`).
    public func placement(isInTmux: Bool = false) -> [UInt8] {
        KittyGraphics.command(
            "a=p,U=1,i=\(id),c=\(size.columns),r=\(size.rows),q=2", [], isInTmux: isInTmux)
    }

    /// The cells of one row, colour reset at the end, no line feed.
    ///
    /// Numbers below 256 are entries of the palette, which every tmux hands on as they are.
    public func row(_ row: Int) -> [UInt8] {
        let color =
            id < 256 ? "38;5;\(id)" : "38;2;\(id >> 16);\(id >> 8 & 255);\(id & 255)"
        var text = String.UnicodeScalarView()
        for column in 0..<size.columns {
            text.append("\u{10EEEE}")
            text.append(Self.marks[row])
            text.append(Self.marks[column])
        }
        return Array("\u{1B}[\(color)m\(String(text))\u{1B}[39m".utf8)
    }

    /// The mark that stands for each number, by kitty's rule: the non-spacing marks of combining
    /// class 230 in Unicode 6.0 without a decomposition, less those that may fuse with a letter.
    static let marks: [Unicode.Scalar] = {
        let fusing: Set<UInt32> = [
            0x300, 0x301, 0x302, 0x303, 0x304, 0x306, 0x307, 0x308, 0x309, 0x30A, 0x30B, 0x30C,
            0x30F, 0x311, 0x313, 0x314, 0x340, 0x341, 0x342, 0x343, 0x344, 0x653, 0x654
        ]
        return (UInt32(0x300)...0x1D244).compactMap { value in
            guard let scalar = Unicode.Scalar(value), !fusing.contains(value),
                scalar.properties.canonicalCombiningClass == .above,
                scalar.properties.generalCategory == .nonspacingMark,
                let age = scalar.properties.age, age.major <= 6,
                age.major < 6 || age.minor == 0
            else { return nil }
            return scalar
        }
    }()
}
