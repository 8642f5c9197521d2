import JSON

/// Which tokens of a grid an edit makes anew, row by row.
public struct TokenMask: Hashable, Sendable {
    /// Tokens a row.
    public let gridWidth: Int
    /// Rows of tokens.
    public let gridHeight: Int
    /// `gridWidth * gridHeight` values; true is made anew.
    public var isMasked: [Bool]

    /// - Precondition: `isMasked` holds exactly `gridWidth * gridHeight` values.
    public init(gridWidth: Int, gridHeight: Int, isMasked: [Bool]) {
        precondition(gridWidth > 0 && gridHeight > 0 && isMasked.count == gridWidth * gridHeight)
        self.gridWidth = gridWidth
        self.gridHeight = gridHeight
        self.isMasked = isMasked
    }

    /// The number of masked tokens.
    public var maskedCount: Int { isMasked.count { $0 } }

    /// Lengths of the runs of equal tokens in turn, the first (perhaps 0) of kept ones.
    public var runs: [Int] {
        var runs = [0]
        var isInMask = false
        for value in isMasked {
            if value != isInMask {
                runs.append(0)
                isInMask = value
            }
            runs[runs.count - 1] += 1
        }
        return runs
    }

    /// Nil when the runs do not fill the grid exactly, or the grid has no size a picture can have.
    public init?(gridWidth: Int, gridHeight: Int, runs: [Int]) {
        let sides = 1...TokenGridRecord.sideLimit
        guard sides ~= gridWidth, sides ~= gridHeight else { return nil }
        let count = gridWidth * gridHeight
        var isMasked: [Bool] = []
        for (index, run) in runs.enumerated() {
            guard run >= 0, run <= count - isMasked.count else { return nil }
            isMasked += [Bool](repeating: index % 2 == 1, count: run)
        }
        guard isMasked.count == count else { return nil }
        self.init(gridWidth: gridWidth, gridHeight: gridHeight, isMasked: isMasked)
    }

    /// `{"grid":[w,h],"runs":[…]}`
    init?(json: JSONValue) {
        guard let grid = json["grid"]?.array?.compactMap(\.int), grid.count == 2,
            let values = json["runs"]?.array
        else { return nil }
        let runs = values.compactMap(\.int)
        guard runs.count == values.count else { return nil }
        self.init(gridWidth: grid[0], gridHeight: grid[1], runs: runs)
    }

    var json: JSONValue {
        let numbers = { (values: [Int]) in JSONValue.array(values.map { .integer(Int64($0)) }) }
        return .object(["grid": numbers([gridWidth, gridHeight]), "runs": numbers(runs)])
    }
}
