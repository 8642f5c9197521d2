import JSON
import TestSupport
import Testing

@Test(arguments: [
    "null", "true", "false", "0", "-1", "18446744073709551615", "-9223372036854775808", "1.5",
    "1e+300", "\"\"", "\"a\\\"b\\\\c\\n\\r\\t\\u0001/é雪\"", "[]", "[1,[2,{}]]",
    "{\"a\":1,\"b\":[null]}"
])
func canonicalTextsStayAsTheyAre(_ text: String) throws {
    #expect(JSONValue(lenient: text)?.json == text)
    #expect(try strictValue(text).json == text)
}

@Test func otherSpellingsAreRead() throws {
    let text = " { \"a\" : [ 1.0 , \"\\u96ea\\ud83e\\udd8a\\/\\b\\f\" ] } "
    let canonical = "{\"a\":[1,\"雪🦊/\\u0008\\u000c\"]}"
    #expect(JSONValue(lenient: text)?.json == canonical)
    #expect(try strictValue(text).json == canonical)
}

/// What only lenient reading takes for JSON, what it makes of it, and why strict reading does not.
private let onlyLenient: [(String, JSONValue, JSONProblem.Kind)] = [
    ("Infinity", .number(.infinity), .missingNumber),
    ("[-Infinity]", .array([.number(-.infinity)]), .missingNumber),
    ("{\"a\":1,\"a\":2}", .object(["a": .integer(2)]), .repeatedName("a")),
    ("01", .integer(1), .leadingZero), ("-00.5", .number(-0.5), .leadingZero),
    ("1.", .number(1), .missingDigit), ("-.5e1", .number(-5), .missingNumber),
    ("1e999", .number(.infinity), .hugeNumber),
    ("\u{B}1", .integer(1), .missingNumber), ("1\u{C}", .integer(1), .leftover)
]

@Test(arguments: onlyLenient.indices)
func onlyLenientReadingTakesWhatOtherProgramsWrite(_ index: Int) {
    let (text, value, kind) = onlyLenient[index]
    #expect(JSONValue(lenient: text) == value)
    let problem = #expect(throws: JSONProblem.self) { try strictValue(text) }
    #expect(problem?.kind == kind)
}

@Test func numbersJSONDoesNotHaveAreWrittenAsNull() {
    #expect(JSONValue(lenient: "[NaN,-Infinity,Infinity]")?.json == "[null,null,null]")
    #expect(throws: JSONProblem.self) { try strictValue("NaN") }
}

@Test(arguments: [
    "", " ", "nul", "tru", "01a", "+1", ".5", "-", "--1", "-+1", "1-2", "1e", "e1", "nan", "inf",
    "-NaN", "Infinite", "1 2", "[1", "[1,]", "[,1]", "{", "{\"a\"}", "{\"a\":}", "{a:1}", "\"a",
    "\"a\\", "\"\\x\"", "\"\\u12\"", "\"\\ud800\"", "\"\\ud800\\u0041\"", "\"\\udc00\"", "\"\n\"",
    "]", "{\"a\":1,}", "{,}", "[1}", "{\"a\":1]", "\u{A0}1"
])
func otherTextsAreNotJSON(_ text: String) {
    #expect(JSONValue(lenient: text) == nil)
    #expect(throws: JSONProblem.self) { try strictValue(text) }
}

@Test func deepNestingIsRefused() {
    #expect(JSONValue(lenient: String(repeating: "[", count: 1_000_000)) == nil)
    #expect(JSONValue(lenient: String(repeating: "{\"\":", count: 1_000_000)) == nil)
    let nested = { String(repeating: "[", count: $0) + String(repeating: "]", count: $0) }
    #expect(JSONValue(lenient: nested(64)) != nil)
    #expect(JSONValue(lenient: nested(65)) == nil)
}

@Test func randomStringsSurviveARoundTrip() throws {
    var random = SeededNumbers(seed: 51)
    for _ in 0..<3000 {
        let scalars = (0..<Int.random(in: 0...60, using: &random)).compactMap { _ in
            let highest: UInt32 = [0x7F, 0xFF, 0x10FFFF].randomElement(using: &random) ?? 0x7F
            return Unicode.Scalar(UInt32.random(in: 0...highest, using: &random))
        }
        let value = JSONValue.array([
            .string(String(String.UnicodeScalarView(scalars))),
            .number(Double(bitPattern: random.next()))
        ])
        #expect(JSONValue(lenient: value.json)?.json == value.json)
        #expect(try strictValue(value.json).json == value.json)
    }
}

/// What strict reading takes means the same to lenient reading, and no text traps either.
@Test func randomTextsNeverTrap() {
    var random = SeededNumbers(seed: 52)
    let alphabet = Array("{}[]:,\"\\u0123456789eE+-.tfnN \u{E9}")
    var readCount = 0
    for _ in 0..<20_000 {
        let text = String(
            (0..<Int.random(in: 0...12, using: &random)).compactMap { _ in
                alphabet.randomElement(using: &random)
            })
        let value = JSONValue(lenient: text)
        if let strict = try? strictValue(text) { #expect(value == strict, "\(text)") }
        if value != nil { readCount += 1 }
    }
    #expect(readCount > 100)
}
