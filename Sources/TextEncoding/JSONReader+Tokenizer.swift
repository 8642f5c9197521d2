import JSON

extension JSONReader<TokenizerError> {
    /// - Parameter file: its name, for errors.
    init(_ bytes: [UInt8], file: String) throws(TokenizerError) {
        guard String(validating: bytes, as: UTF8.self) != nil else {
            throw .malformed(file: file, offset: 0, problem: "it is not UTF-8 text")
        }
        self.init(bytes) { problem in
            .malformed(
                file: file, offset: problem.range.lowerBound,
                problem: "expected \(problem.kind.expected)")
        }
    }

    /// Any value as a tree; no step of a tokenizer has a large one.
    mutating func value() throws(TokenizerError) -> JSONValue {
        try value(depth: 32, count: 10_000)
    }

    /// A finite number, rounded as `Double.init(json:)` says.
    mutating func double() throws(TokenizerError) -> Double {
        let digits = try numberBytes()
        guard let number = Double(json: digits) else {
            throw problem(.hugeNumber, from: digits.startIndex)
        }
        return number
    }
}

extension JSONProblem.Kind {
    /// What should have been there.
    fileprivate var expected: String {
        switch self {
        case .missing("{"): "an object"
        case .missing("["): "an array"
        case .missing("\""): "a string"
        case .missing("}"): "',' or '}'"
        case .missing("]"): "',' or ']'"
        case .missing(let character): "'\(character)'"
        case .missingMember, .missingValue: "a value"
        case .missingNumber, .leadingZero: "a number"
        case .missingDigit: "a digit"
        case .missingNatural, .notNatural: "a whole number"
        case .hugeNumber: "a number a Double can hold"
        case .openString, .controlCharacter: "the end of a string"
        case .openEscape, .unknownEscape: "an escape"
        case .missingHexadecimal: "four hexadecimal digits"
        case .halfSurrogatePair: "a pair of surrogates"
        case .invalidUTF8: "UTF-8 text"
        case .repeatedName(let name): "no second \(quoted(name))"
        case .leftover: "the end of the file"
        case .tooDeep, .tooManyValues: "a smaller value (32 levels, 10000 values)"
        }
    }
}
