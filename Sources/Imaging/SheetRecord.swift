import JSON

/// What changes along the sides of a sheet of pictures, as it was written: `seed=1,2,3`.
public struct SheetRecord: Hashable, Sendable {
    /// From column to column.
    public var across: String?
    /// From row to row.
    public var down: String?

    public init(across: String?, down: String?) {
        self.across = across
        self.down = down
    }

    init(_ value: JSONValue) {
        across = value["x"]?.string
        down = value["y"]?.string
    }

    var json: JSONValue {
        var members: [String: JSONValue] = [:]
        members["x"] = across.map(JSONValue.string)
        members["y"] = down.map(JSONValue.string)
        return .object(members)
    }
}
