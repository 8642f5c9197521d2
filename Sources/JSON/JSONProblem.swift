/// Why bytes are not the JSON that was asked for, and where.
package struct JSONProblem: Error {
    /// What is wrong.
    package enum Kind: Hashable, Sendable {
        /// Another character, or none, stands where this one must; for a closing bracket, a comma
        /// would do as well.
        case missing(Unicode.Scalar)
        /// A comma stands before the end of an object.
        case missingMember
        /// No value stands where one must.
        case missingValue
        case missingNumber
        case missingDigit
        /// No digit stands where a whole number must.
        case missingNatural
        /// A number, as written, that is not whole or too large for an `Int`.
        case notNatural(String)
        case leadingZero
        /// A number above all a `Double` can hold.
        case hugeNumber
        case openString
        case openEscape
        case controlCharacter
        case unknownEscape
        case missingHexadecimal
        case halfSurrogatePair
        case invalidUTF8
        case repeatedName(String)
        /// There is something after the value.
        case leftover
        case tooDeep
        case tooManyValues
    }

    package let kind: Kind
    /// Byte offsets, from the start of what is wrong to where the reader stopped.
    package let range: Range<Int>

    /// The end of a sentence that starts with the file's name.
    ///
    /// - Parameter quoted: makes a text from the file fit to be shown.
    package func text(quoted: (String) -> String) -> String {
        switch kind {
        case .missing(let character): "'\(character)' is missing"
        case .missingMember: "'\"' is missing"
        case .missingValue: "a value is missing"
        case .missingNumber, .missingDigit: "a digit is missing"
        case .missingNatural: "a whole number is missing"
        case .notNatural(let number): "\(quoted(number)) is no whole number in range"
        case .leadingZero: "a number starts with 0"
        case .hugeNumber: "a number is too large"
        case .openString, .openEscape: "a string does not end"
        case .controlCharacter: "a string holds a control character"
        case .unknownEscape: "a string has an unknown escape"
        case .missingHexadecimal: "a \\u escape lacks four hexadecimal digits"
        case .halfSurrogatePair: "a string has half a surrogate pair"
        case .invalidUTF8: "a string is not valid UTF-8"
        case .repeatedName(let name): "the name \(quoted(name)) occurs twice"
        case .leftover: "there is something after its end"
        case .tooDeep: "it is nested too deeply"
        case .tooManyValues: "it holds too many values"
        }
    }
}
