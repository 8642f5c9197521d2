extension JSONReader {
    /// Reads any value as a tree.
    ///
    /// - Parameters:
    ///   - depth: values inside values at most, counting the outermost.
    ///   - count: values at most in all.
    package mutating func value(depth: Int, count: Int = .max) throws(Failure) -> JSONValue {
        var left = count
        return try value(depth: depth, left: &left)
    }

    private mutating func value(depth: Int, left: inout Int) throws(Failure) -> JSONValue {
        guard depth > 0 else { throw problem(.tooDeep) }
        guard left > 0 else { throw problem(.tooManyValues) }
        left -= 1
        switch next() {
        case UInt8(ascii: "{"):
            var members: [String: JSONValue] = [:]
            try openObject()
            while let name = try nextName() {
                members[name] = try value(depth: depth - 1, left: &left)
            }
            return .object(members)
        case UInt8(ascii: "["):
            var elements: [JSONValue] = []
            try openArray()
            while try nextElement() {
                elements.append(try value(depth: depth - 1, left: &left))
            }
            return .array(elements)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"):
            try literal("true")
            return .bool(true)
        case UInt8(ascii: "f"):
            try literal("false")
            return .bool(false)
        case UInt8(ascii: "n"):
            try literal("null")
            return .null
        default: return try numberValue()
        }
    }

    private mutating func numberValue() throws(Failure) -> JSONValue {
        if let value = nonFiniteNumber() { return .number(value) }
        let digits = try numberBytes()
        let text = String(decoding: digits, as: UTF8.self)
        if let value = Int64(text) { return .integer(value) }
        if let value = UInt64(text) { return .unsigned(value) }
        guard let value = Double(text) else {
            throw problem(.missingNumber, from: digits.startIndex)
        }
        guard value.isFinite || dialect == .lenient else {
            throw problem(.hugeNumber, from: digits.startIndex)
        }
        return .number(value)
    }
}
