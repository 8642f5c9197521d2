import Foundation
import Imaging

/// The pictures on an emulated screen: sixel pixels by the cells they are in, and kitty pictures
/// with their places.
public struct PictureBoard: Sendable {
    /// Pixels of a cell, rows from the top; nothing where the screen shows text.
    public internal(set) var sixels: [CellPlace: [SIMD3<UInt8>?]] = [:]
    /// How many sixel sequences came, and how many bytes the largest had.
    public internal(set) var sixelCount = 0
    public internal(set) var longestSixel = 0
    public internal(set) var lastSixelLength = 0
    /// Pixels of the last one.
    public internal(set) var lastSixel = (width: 0, height: 0)
    /// Base64 characters of the last kitty picture.
    public private(set) var lastKittyLength = 0
    /// Kitty pictures that only placeholders show.
    public internal(set) var kittyPlaceholders: [Int: (columns: Int, rows: Int)] = [:]
    public internal(set) var kittyImages: [Int: RGBImage] = [:]
    public internal(set) var kittyPlacements: [Int: KittyPlacement] = [:]
    /// What went wrong with a picture.
    public internal(set) var faults: [String] = []
    private var kittyKeys: [String: String] = [:]
    private var kittyData: [UInt8] = []

    /// Where a kitty picture is shown, in cells.
    public struct KittyPlacement: Equatable, Sendable {
        public let column: Int
        public let row: Int
        public let columns: Int
        public let rows: Int
    }

    /// What a graphics command asks of the rest of the terminal.
    enum KittyEffect {
        case none
        /// The number in a question that wants an answer.
        case answer(Int)
        /// The cursor goes behind a picture of so many cells.
        case move(columns: Int, rows: Int)
    }

    /// Handles one graphics command.
    mutating func kitty(_ body: [UInt8], at cursor: (column: Int, row: Int)) -> KittyEffect {
        let parts = body.split(
            separator: UInt8(ascii: ";"), maxSplits: 1, omittingEmptySubsequences: false)
        var keys: [String: String] = [:]
        for pair in String(decoding: parts[0], as: UTF8.self).split(separator: ",") {
            let sides = pair.split(separator: "=", maxSplits: 1)
            if sides.count == 2 { keys[String(sides[0])] = String(sides[1]) }
        }
        if parts.count == 2, parts[1].count > 4096 { faults.append("a chunk of over 4096 bytes") }
        var id = Int(keys["i"] ?? kittyKeys["i"] ?? "") ?? 0
        switch keys["a"] ?? (kittyKeys.isEmpty ? "" : "t") {
        case "q": return .answer(id)
        case "t", "T":
            if keys["a"] != nil { (kittyKeys, kittyData) = (keys, []) }
            if parts.count == 2 { kittyData += parts[1] }
            guard keys["m"] != "1" else { break }
            defer { kittyKeys = [:] }
            // Those without a number get one that no command can name.
            if id == 0 { id = -1 - kittyImages.count }
            store(id)
            if kittyKeys["a"] == "T" { return place(id, kittyKeys, at: cursor) }
        case "p":
            guard kittyImages[id] != nil else {
                faults.append("picture \(id) placed before it was sent")
                return .none
            }
            return place(id, keys, at: cursor)
        case "d" where keys["d"] == "A":
            kittyPlacements = [:]
            kittyImages = [:]
        case "d":
            kittyPlacements[id] = nil
            kittyPlaceholders[id] = nil
            if keys["d"] == "I" { kittyImages[id] = nil }
        default: faults.append("unknown command \(keys)")
        }
        return .none
    }

    private mutating func place(
        _ id: Int, _ keys: [String: String], at cursor: (column: Int, row: Int)
    ) -> KittyEffect {
        let (columns, rows) = (Int(keys["c"] ?? "") ?? 0, Int(keys["r"] ?? "") ?? 0)
        if keys["U"] == "1" {
            kittyPlaceholders[id] = (columns, rows)
            return .none
        }
        kittyPlacements[id] = KittyPlacement(
            column: cursor.column, row: cursor.row, columns: columns, rows: rows)
        return keys["C"] == "1" ? .none : .move(columns: columns, rows: rows)
    }

    private mutating func store(_ id: Int) {
        lastKittyLength = kittyData.count
        guard let data = Data(base64Encoded: Data(kittyData)) else {
            faults.append("picture \(id) is no Base64")
            return
        }
        let (width, height) = (Int(kittyKeys["s"] ?? "") ?? 0, Int(kittyKeys["v"] ?? "") ?? 0)
        if kittyKeys["f"] == "100" {
            kittyImages[id] = try? PNG.decode([UInt8](data)).image
        } else if kittyKeys["f"] == "24", kittyKeys["o"] == nil, data.count == 3 * width * height,
            width > 0, height > 0
        {
            kittyImages[id] = RGBImage(width: width, height: height, pixels: [UInt8](data))
        } else {
            faults.append("picture \(id) has \(data.count) bytes and keys \(kittyKeys)")
        }
        kittyPlacements[id] = nil
    }
}

extension EmulatedTerminal {
    /// Puts a sixel picture at the cursor; pixels that it leaves out keep what is there.
    mutating func drawSixel(_ body: [UInt8]) {
        pictures.sixelCount += 1
        pictures.lastSixelLength = body.count
        pictures.longestSixel = max(pictures.longestSixel, body.count)
        guard keepsPixels else { return }
        guard let sixel = try? DecodedSixel([0x1B, 0x50] + body + [0x1B, 0x5C]) else {
            pictures.faults.append("a sixel picture that cannot be read")
            return
        }
        let (width, height) = cellSize
        pictures.lastSixel = (sixel.width, sixel.height)
        if let limit = sixelLimit, sixel.width > limit.width || sixel.height > limit.height {
            pictures.faults.append("a sixel picture of \(sixel.width)x\(sixel.height) pixels")
        }
        // xterm counts whole bands, and goes to the row below them, for which it may scroll.
        let bands = (sixel.height + 5) / 6
        if cursor.row + (6 * bands + height - 1) / height >= rows {
            pictures.faults.append("a sixel picture reaches the last row")
        }
        if cursor.column + (sixel.width + width - 1) / width > columns {
            pictures.faults.append("a sixel picture passes the screen's edge")
            return
        }
        let blank = [SIMD3<UInt8>?](repeating: nil, count: width * height)
        for top in stride(from: 0, to: sixel.height, by: height) {
            for left in stride(from: 0, to: sixel.width, by: width) {
                let place = CellPlace(
                    column: cursor.column + left / width, row: cursor.row + top / height)
                guard place.row < rows else { continue }
                var cell = pictures.sixels[place] ?? blank
                var isDrawn = false
                for y in top..<min(top + height, sixel.height) {
                    for x in left..<min(left + width, sixel.width) {
                        guard let color = sixel.pixels[y * sixel.width + x] else { continue }
                        cell[y % height * width + x % width] = color
                        isDrawn = true
                    }
                }
                if isDrawn { pictures.sixels[place] = cell }
            }
        }
    }

    /// The rectangle of cells with sixel pixels and its picture; nothing where some cells inside it
    /// have none. Pixels that no sequence drew are black.
    public var sixelPicture:
        (area: (column: Int, row: Int, columns: Int, rows: Int), image: RGBImage)?
    {
        let places = pictures.sixels.keys
        guard let left = places.map(\.column).min(), let right = places.map(\.column).max(),
            let top = places.map(\.row).min(), let bottom = places.map(\.row).max(),
            places.count == (right - left + 1) * (bottom - top + 1)
        else { return nil }
        let (width, height) = cellSize
        var image = RGBImage(
            width: (right - left + 1) * width, height: (bottom - top + 1) * height)
        for (place, pixels) in pictures.sixels {
            for (index, pixel) in pixels.enumerated() {
                guard let pixel else { continue }
                image[
                    (place.column - left) * width + index % width,
                    (place.row - top) * height + index / width] = pixel
            }
        }
        return ((left, top, right - left + 1, bottom - top + 1), image)
    }
}
