import TerminalGraphics
import Testing

private func decode(_ text: String) -> [TerminalInput] {
    var parser = ReplyParser()
    let bytes = Array(text.replacing("^[", with: "\u{1B}").utf8)
    return parser.feed(bytes, at: .zero) + parser.tick(at: .seconds(1))
}

private let control = Key.Modifiers.control
private let shift = Key.Modifiers.shift
private let alt = Key.Modifiers.alt

/// `^[` stands for ESC.
@Test(arguments: [
    // Characters and control bytes.
    ("a", Key(.character("a"))), ("A", Key(.character("A"))), (" ", Key(.character(" "))),
    ("é", Key(.character("é"))), ("日", Key(.character("日"))), ("😀", Key(.character("😀"))),
    ("\u{1}", Key(.character("a"), control)), ("\u{1A}", Key(.character("z"), control)),
    ("\u{0}", Key(.character(" "), control)), ("\u{1C}", Key(.character("\\"), control)),
    ("\u{1F}", Key(.character("_"), control)), ("\u{8}", Key(.backspace)),
    ("\u{7F}", Key(.backspace)), ("\t", Key(.tab)), ("\r", Key(.enter)), ("\n", Key(.enter)),
    // ESC first.
    ("^[", Key(.escape)), ("^[x", Key(.character("x"), alt)),
    ("^[é", Key(.character("é"), alt)), ("^[\r", Key(.enter, alt)),
    ("^[\u{7F}", Key(.backspace, alt)), ("^[1", Key(.character("1"), alt)),
    ("^[O", Key(.character("O"), alt)), ("^[\u{7}", Key(.character("g"), [alt, control])),
    // xterm.
    ("^[[A", Key(.up)), ("^[[B", Key(.down)), ("^[[C", Key(.right)), ("^[[D", Key(.left)),
    ("^[[H", Key(.home)), ("^[[F", Key(.end)), ("^[[Z", Key(.tab, shift)),
    ("^[[1;2A", Key(.up, shift)), ("^[[1;3B", Key(.down, alt)),
    ("^[[1;5C", Key(.right, control)), ("^[[1;8D", Key(.left, [shift, alt, control])),
    ("^[[1;2P", Key(.function(1), shift)), ("^[[1;5R", Key(.function(3), control)),
    ("^[OA", Key(.up)), ("^[OP", Key(.function(1))), ("^[OQ", Key(.function(2))),
    ("^[OR", Key(.function(3))), ("^[OS", Key(.function(4))), ("^[OH", Key(.home)),
    ("^[OM", Key(.enter)), ("^[Ok", Key(.character("+"))), ("^[Op", Key(.character("0"))),
    // VT220 numbers.
    ("^[[1~", Key(.home)), ("^[[2~", Key(.insert)), ("^[[3~", Key(.delete)),
    ("^[[4~", Key(.end)), ("^[[5~", Key(.pageUp)), ("^[[6~", Key(.pageDown)),
    ("^[[7~", Key(.home)), ("^[[8~", Key(.end)), ("^[[3;5~", Key(.delete, control)),
    ("^[[11~", Key(.function(1))), ("^[[15~", Key(.function(5))),
    ("^[[17~", Key(.function(6))), ("^[[21~", Key(.function(10))),
    ("^[[24~", Key(.function(12))), ("^[[28~", Key(.function(15))),
    ("^[[34~", Key(.function(20))),
    // The Linux console, rxvt, modifyOtherKeys.
    ("^[[[A", Key(.function(1))), ("^[[[E", Key(.function(5))), ("^[[a", Key(.up, shift)),
    ("^[Od", Key(.left, control)), ("^[[27;5;13~", Key(.enter, control)),
    ("^[[27;6;65~", Key(.character("A"), control)),
    // The kitty keyboard protocol.
    ("^[[27u", Key(.escape)), ("^[[13;2u", Key(.enter, shift)),
    ("^[[97;5u", Key(.character("a"), control)), ("^[[97;2u", Key(.character("A"))),
    ("^[[49:33;2u", Key(.character("!"))), ("^[[97;9u", Key(.character("a"), .command)),
    ("^[[105;5:1u", Key(.character("i"), control)), ("^[[97;65u", Key(.character("a"))),
    ("^[[57399u", Key(.character("0"))), ("^[[57414u", Key(.enter)),
    ("^[[57419;3u", Key(.up, alt)), ("^[[57376u", Key(.function(13))),
    ("^[[1;1:2A", Key(.up))
])
func everyKeyIsDecoded(bytes: String, key: Key) {
    #expect(decode(bytes) == [.key(key)])
}

@Test(arguments: [
    "^[[97;5:3u", "^[[1;1:3A", "^[[57441u", "^[[99~", "^[[x", "^[[1;5z", "^[[E", "^[OZ",
    "\u{80}", "^[[1114112u", "^[[55296u", "^[[133u", "^[[;~"
])
func whatMeansNothingTypesNothing(bytes: String) {
    #expect(decode(bytes).isEmpty)
}

@Test func brokenUTF8IsDropped() {
    var parser = ReplyParser()
    let bytes: [UInt8] = [
        0xC3, 0x61, 0xE2, 0x82, 0x62, 0xFF, 0xC0, 0x80, 0xED, 0xA0, 0x80, 0xF4, 0x90, 0x80, 0x80,
        0xE0, 0x80, 0x80, 0xC2, 0x9B, 0x63
    ]
    #expect(
        parser.feed(bytes, at: .zero) == "abc".unicodeScalars.map { .key(Key(.character($0))) })
}

@Test(arguments: [
    ("^[[<0;1;1M", MouseEvent(.press(.left), column: 0, row: 0)),
    ("^[[<0;300;200m", MouseEvent(.release(.left), column: 299, row: 199)),
    ("^[[<1;5;6M", MouseEvent(.press(.middle), column: 4, row: 5)),
    ("^[[<2;5;6m", MouseEvent(.release(.right), column: 4, row: 5)),
    ("^[[<32;5;6M", MouseEvent(.drag(.left), column: 4, row: 5)),
    ("^[[<50;5;6M", MouseEvent(.drag(.right), column: 4, row: 5, modifiers: control)),
    ("^[[<35;5;6M", MouseEvent(.move, column: 4, row: 5)),
    ("^[[<64;5;6M", MouseEvent(.scroll(.up), column: 4, row: 5)),
    ("^[[<65;5;6M", MouseEvent(.scroll(.down), column: 4, row: 5)),
    ("^[[<67;5;6M", MouseEvent(.scroll(.right), column: 4, row: 5)),
    ("^[[<12;5;6M", MouseEvent(.press(.left), column: 4, row: 5, modifiers: [shift, alt])),
    ("^[[<128;5;6M", MouseEvent(.press(.other(8)), column: 4, row: 5)),
    ("^[[<0;0;0M", MouseEvent(.press(.left), column: 0, row: 0)),
    ("^[[<0;999999999999;1M", MouseEvent(.press(.left), column: 65_535, row: 0)),
    ("^[[M !!", MouseEvent(.press(.left), column: 0, row: 0)),
    ("^[[M@+,", MouseEvent(.drag(.left), column: 10, row: 11))
])
func everyMouseReportIsDecoded(bytes: String, event: MouseEvent) {
    #expect(decode(bytes) == [.mouse(event)])
}

@Test func anOldReleaseLetsGoWhatWasPressed() {
    #expect(
        decode("^[[M\"!!^[[M#!!") == [
            .mouse(MouseEvent(.press(.right), column: 0, row: 0)),
            .mouse(MouseEvent(.release(.right), column: 0, row: 0))
        ])
}

@Test func focusIsReported() {
    #expect(decode("^[[I^[[O") == [.focus(isGained: true), .focus(isGained: false)])
}

@Test func aPasteIsOnePieceOfPlainText() {
    #expect(decode("^[[200~a\tb\r\nc\rd\ne^[[201~") == [.paste("a\tb\nc\nd\ne")])
    #expect(
        decode("^[[200~^[[31mred^[[0m^[[A\u{3}\u{7}é^[[201~x") == [
            .paste("redé"), .key(Key(.character("x")))
        ])
    #expect(decode("^[[200~^[[201~") == [.paste("")])
    #expect(decode("^[[201~").isEmpty)
}

@Test func aPasteIsCutAtAMillionCharacters() {
    var parser = ReplyParser()
    var inputs = parser.feed("\u{1B}[200~".utf8, at: .zero)
    inputs += parser.feed([UInt8](repeating: 0x61, count: 1_100_000), at: .zero)
    inputs += parser.feed("\u{1B}[201~".utf8, at: .zero)
    #expect(inputs == [.paste(String(repeating: "a", count: 1 << 20))])
}

@Test(arguments: [
    (Key(.character("g"), .control), "Ctrl-G"), (Key(.character("?")), "?"),
    (Key(.enter, .alt), "Alt-Enter"), (Key(.function(1)), "F1"), (Key(.tab, .shift), "Shift-Tab"),
    (Key(.character(" ")), "Space"), (Key(.character("Z")), "Z"), (Key(.escape), "Esc"),
    (Key(.character("x"), [.alt, .control]), "Ctrl-Alt-X"), (Key(.character("1"), .alt), "Alt-1")
])
func everyKeyHasAName(key: Key, name: String) {
    #expect(key.description == name)
}
