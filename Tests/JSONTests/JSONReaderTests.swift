import JSON
import Testing

private func reader(_ text: String) -> JSONReader<JSONProblem> {
    JSONReader(Array(text.utf8)) { $0 }
}

/// A whole text of at most 8 levels and 20 values.
func strictValue(_ text: String) throws(JSONProblem) -> JSONValue {
    var reader = reader(text)
    let value = try reader.value(depth: 8, count: 20)
    try reader.end()
    return value
}

@Test func valuesAreReadOneByOne() throws {
    var reader = reader(" {\"a\\n\" : [ 10,-1.50e+2 ,{}, []], \"b\":{\"a\":true}}\r\n")
    try reader.openObject()
    #expect(try reader.nextName() == "a\n")
    try reader.openArray()
    #expect(try reader.nextElement())
    #expect(try reader.natural() == 10)
    #expect(try reader.nextElement())
    #expect(try reader.number() == "-1.50e+2")
    #expect(try reader.nextElement())
    try reader.openObject()
    #expect(try reader.nextName() == nil)
    #expect(try reader.nextElement())
    try reader.openArray()
    #expect(try !reader.nextElement())
    #expect(try !reader.nextElement())
    #expect(try reader.nextName() == "b")
    try reader.openObject()
    // The same name in another object.
    #expect(try reader.nextName() == "a")
    try reader.literal("true")
    #expect(try reader.nextName() == nil)
    #expect(try reader.nextName() == nil)
    #expect(throws: Never.self) { try reader.end() }
    #expect(reader.next() == nil)
}

@Test func bytesOfStringsAndNumbersAreThoseOfTheText() throws {
    var reader = reader("[\"é\", \"a\\u00e9\\ud83e\\udd8ab\", 1.0]")
    try reader.openArray()
    #expect(try reader.nextElement())
    #expect(try Array(reader.stringBytes()) == Array("é".utf8))
    #expect(try reader.nextElement())
    #expect(try Array(reader.stringBytes()) == Array("aé🦊b".utf8))
    #expect(try reader.nextElement())
    let number = try reader.numberBytes()
    #expect(Array(number) == Array("1.0".utf8))
    #expect(number.startIndex == reader.position - 3)
}

/// A text, what is wrong with it, and from which byte to which.
private let problems: [(String, JSONProblem.Kind, Range<Int>)] = [
    ("", .missingNumber, 0..<0), ("x", .missingNumber, 0..<0), ("nul", .missingValue, 0..<3),
    ("[tru,1]", .missingValue, 1..<4), ("--1", .missingNumber, 0..<1),
    ("[ -01]", .leadingZero, 2..<4), ("1.e1", .missingDigit, 2..<2),
    ("1e+", .missingDigit, 3..<3), ("[ 1e999 ]", .hugeNumber, 2..<7),
    ("1 2", .leftover, 2..<2), ("[1 2]", .missing("]"), 3..<3), ("[1, ]", .missingValue, 4..<4),
    ("[", .missingNumber, 1..<1), ("{", .missing("\""), 1..<1), ("{1}", .missing("\""), 1..<1),
    ("{\"a\" 1}", .missing(":"), 5..<5), ("{\"a\":1", .missing("}"), 6..<6),
    ("{\"a\":1,}", .missingMember, 7..<7),
    ("{\"a\":1, \"\\u0061\" :2}", .repeatedName("a"), 8..<16),
    ("\"a", .openString, 2..<2), ("\"a\\", .openEscape, 2..<3),
    ("\"a\n\"", .controlCharacter, 2..<3), ("\"\\x\"", .unknownEscape, 1..<3),
    ("\"\\u12g4\"", .missingHexadecimal, 5..<5), ("\"\\u12", .missingHexadecimal, 5..<5),
    ("\"\\ud800\"", .halfSurrogatePair, 1..<7), ("\"\\udc00\\ud800\"", .halfSurrogatePair, 1..<7),
    ("\"\\ud800\\u0041\"", .halfSurrogatePair, 1..<13),
    ("[[[[[[[[[", .tooDeep, 8..<8), ("[[[[[[[[1]]]]]]]]", .tooDeep, 8..<8),
    ("[1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7,8,9,0]", .tooManyValues, 39..<39)
]

@Test(arguments: problems.indices)
func aProblemHasItsKindAndItsPlace(_ index: Int) {
    let (text, kind, range) = problems[index]
    let problem = #expect(throws: JSONProblem.self) { try strictValue(text) }
    #expect(problem?.kind == kind)
    #expect(problem?.range == range)
    #expect(problem?.text { "<\($0)>" }.isEmpty == false)
}

@Test func bytesThatAreNotUTF8AreRefused() {
    var reader = JSONReader([0x22, 0xC3, 0x22]) { $0 }
    let problem = #expect(throws: JSONProblem.self) { try reader.string() }
    #expect(problem?.kind == .invalidUTF8)
    #expect(problem?.range == 3..<3)
}

@Test func limitsAreReachedNotPassed() throws {
    #expect(try strictValue("[[[[[[[{}]]]]]]]").json == "[[[[[[[{}]]]]]]]")
    let values = "[1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7,8,9]"
    #expect(try strictValue(values).json == values)
}

@Test(arguments: ["", "-1", "+1", "x", "\"1\"", "1.0", "1e0", "01", "9223372036854775808"])
func whatIsNoNaturalNumberIsRefused(_ text: String) {
    #expect(throws: JSONProblem.self) {
        var reader = reader(text)
        _ = try reader.natural()
    }
}

@Test func theCallerChoosesTheError() {
    struct Sentence: Error, Equatable {
        let text: String
    }
    var reader = JSONReader(Array("{\"a\":1,\"a\":2}".utf8)) { problem in
        Sentence(text: problem.text { "<\($0)>" })
    }
    #expect(throws: Sentence(text: "the name <a> occurs twice")) { try reader.value(depth: 2) }
}
