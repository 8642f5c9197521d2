import Foundation
import Imaging

extension PaintedMask {
    /// The mask as `MaskSource` reads it: a rectangle or a list of tokens where it is one, else all
    /// of it.
    func argument(cell: Int) -> String {
        if let box = bounds, box.width * box.height == count {
            return "rect:\(box.x),\(box.y),\(box.width),\(box.height)"
        }
        let touched = tokens(cell: cell)
        let isWhole = width % cell == 0 && height % cell == 0
        if isWhole, count == touched.count(where: { $0 }) * cell * cell {
            return "tokens:" + Self.ranges(touched)
        }
        // A grey picture of two colours is a few hundred bytes; it cannot fail but for memory.
        let bytes = (try? PNG.encode(mask, compression: 9)) ?? []
        return MaskSource.dataPrefix + Data(bytes).base64EncodedString()
    }

    private var bounds: TokenRectangle? {
        // Every pixel counts as a token.
        let cells = TokenMask(
            gridWidth: width, gridHeight: height,
            isMasked: mask.coverage.map { $0 > 0 })
        return cells.bounds
    }

    /// `0-3,7`
    private static func ranges(_ isIn: [Bool]) -> String {
        var parts: [String] = []
        var at = 0
        while at < isIn.count {
            guard isIn[at] else {
                at += 1
                continue
            }
            let end = isIn[at...].firstIndex(of: false) ?? isIn.count
            parts.append(end - at == 1 ? "\(at)" : "\(at)-\(end - 1)")
            at = end
        }
        return parts.joined(separator: ",")
    }
}
