import Imaging
import Testing

@Suite struct SanitizedTextTests {
    @Test(arguments: [
        ("plain text, é 雪 🦊", "plain text, é 雪 🦊"),
        ("\u{1B}[31mred\u{7}", "<U+001B>[31mred<U+0007>"),
        ("a\nb\tc\u{7F}", "a<U+000A>b<U+0009>c<U+007F>"),
        ("\u{9B}2J\u{9D}0;x\u{9C}", "<U+009B>2J<U+009D>0;x<U+009C>"),
        ("\u{2028}\u{2029}\u{202E}abc\u{2066}", "<U+2028><U+2029><U+202E>abc<U+2066>"),
        ("a\u{200B}b\u{200D}c\u{FEFF}\u{AD}", "a<U+200B>b<U+200D>c<U+FEFF><U+00AD>"),
        ("\u{E0041}\u{F8FF}\u{FFFFF}\u{378}", "<U+E0041><U+F8FF><U+FFFFF><U+0378>"),
        ("e\u{301}\u{301}\u{301}\u{301}x", "e\u{301}\u{301}\u{301}\u{301}x"),
        (
            "e\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}x",
            "e\u{301}\u{301}\u{301}\u{301}<+2 marks>x"
        ),
        ("\u{301}a", "\u{25CC}\u{301}a"),
        ("", "")
    ])
    func untrustedTextBecomesHarmless(text: String, shown: String) {
        #expect(Array(SanitizedText(text).text.unicodeScalars) == Array(shown.unicodeScalars))
    }

    @Test func bytesAreReadStrictly() {
        #expect(
            SanitizedText(bytes: [0x61, 0xFF, 0xC2, 0x9D, 0xC3, 0x62]).text
                == "a\u{FFFD}<U+009D>\u{FFFD}b")
        #expect(SanitizedText(bytes: [0xC0, 0x80]).text == "\u{FFFD}\u{FFFD}")
        let long = [UInt8](repeating: 0x61, count: 1 << 20)
        #expect(SanitizedText(bytes: long, limit: 3).text == "aaa\u{2026}")
    }

    @Test func lengthIsCapped() {
        #expect(SanitizedText("abcdef", limit: 6).text == "abcdef")
        #expect(SanitizedText("abcdefg", limit: 6).text == "abcdef\u{2026}")
        #expect(SanitizedText("abc", limit: 0).text == "\u{2026}")
        let marks = "e" + String(repeating: "\u{301}", count: 100_000)
        #expect(SanitizedText(marks, limit: 100).text.unicodeScalars.count < 30)
    }

    @Test func lineBreaksCanStay() {
        #expect(
            SanitizedText("a\r\nb\n\u{301}", keepingLineBreaks: true).text
                == "a<U+000D>\nb\n\u{25CC}\u{301}")
    }

    /// No input gives a control, format or unassigned character, or many marks in a row.
    @Test func noInputSteersATerminal() {
        var generator = SeededGenerator(seed: 101)
        for _ in 0..<3000 {
            let bytes = generator.bytes(Int.random(in: 0...60, using: &generator))
            let texts = [
                SanitizedText(bytes: bytes), SanitizedText(generator.text(upTo: 60)),
                SanitizedText(SanitizedText(bytes: bytes).text)
            ]
            for text in texts {
                #expect(text.text.unicodeScalars.allSatisfy(isHarmless))
            }
        }
        for value in UInt32(0)...0x10FFFF {
            guard let scalar = Unicode.Scalar(value) else { continue }
            let text = SanitizedText(String(String.UnicodeScalarView([scalar]))).text
            guard !text.unicodeScalars.allSatisfy(isHarmless) else { continue }
            Issue.record("U+\(String(value, radix: 16)) came through")
        }
    }

    private func isHarmless(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .unassigned, .privateUse,
            .surrogate:
            false
        default: !scalar.properties.isDefaultIgnorableCodePoint
        }
    }
}
