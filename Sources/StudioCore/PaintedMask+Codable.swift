extension PaintedMask: Codable {
    private enum CodingKeys: String, CodingKey {
        case width, height, runs
    }

    /// Lengths of stretches in reading order, the first of them not painted: a mask is a few
    /// hundred numbers, not its thousands of pixels.
    package func encode(to encoder: any Encoder) throws {
        var runs: [Int] = []
        var isPainted = false
        var length = 0
        for y in 0..<height {
            for x in 0..<width {
                if self[x, y] != isPainted {
                    runs.append(length)
                    (isPainted, length) = (!isPainted, 0)
                }
                length += 1
            }
        }
        runs.append(length)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(width, forKey: .width)
        try container.encode(height, forKey: .height)
        try container.encode(runs, forKey: .runs)
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let width = try container.decode(Int.self, forKey: .width)
        let height = try container.decode(Int.self, forKey: .height)
        let runs = try container.decode([Int].self, forKey: .runs)
        guard 1...4096 ~= width, 1...4096 ~= height, runs.allSatisfy({ 0...width * height ~= $0 })
        else {
            throw DecodingError.dataCorruptedError(
                forKey: .runs, in: container, debugDescription: "The mask does not fit its size.")
        }
        self.init(width: width, height: height)
        var at = 0
        for (number, length) in runs.enumerated() {
            if number % 2 == 1 {
                for place in at..<min(at + length, width * height) {
                    self[place % width, place / width] = true
                }
            }
            at = min(at + length, width * height)
        }
    }
}
