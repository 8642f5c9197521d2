import Foundation
import TerminalGraphics
import Testing

private let escape = "\u{1B}"

/// What terminals answer to the probe and what it means.
private let replyTable: [(bytes: String, reply: TerminalReply)] = [
    ("\(escape)P>|XTerm(390)\(escape)\\", .version("XTerm(390)")),
    ("\(escape)P>|kitty(0.35.2)\u{7}", .version("kitty(0.35.2)")),
    ("\(escape)P>|tmux 3.3a\(escape)\\", .version("tmux 3.3a")),
    ("\(escape)_Gi=31;OK\(escape)\\", .kittyGraphics(id: 31, message: "OK")),
    (
        "\(escape)_Gi=31,I=2;ENOTSUPPORTED:no, never\(escape)\\",
        .kittyGraphics(id: 31, message: "ENOTSUPPORTED:no, never")
    ),
    ("\(escape)[6;20;10t", .cellSize(CellSize(width: 10, height: 20))),
    ("\(escape)[4;480;800t", .textArea(width: 800, height: 480)),
    ("\(escape)[?1;0;1024S", .sixelColors(1024)),
    ("\(escape)[?2;0;1600;1200S", .sixelLimit(width: 1600, height: 1200)),
    ("\(escape)[?1;3;0S", .other(Array("[?1;3;0S".utf8))),
    ("\(escape)[?2026;2$y", .mode(2026, state: 2)),
    ("\(escape)]11;rgb:1e1e/2020/ffff\(escape)\\", .background(red: 30, green: 32, blue: 255)),
    ("\(escape)]11;rgb:f/0/8\u{7}", .background(red: 255, green: 0, blue: 136)),
    ("\(escape)]11;rgba:00/80/ff/ff\(escape)\\", .background(red: 0, green: 128, blue: 255)),
    (
        "\(escape)[?64;1;2;4;6;9;15;18;21;22;28c",
        .deviceAttributes([64, 1, 2, 4, 6, 9, 15, 18, 21, 22, 28])
    ),
    ("\(escape)[?62c", .deviceAttributes([62])),
    ("\(escape)[0n", .ready),
    ("\(escape)[?5u", .keyboardFlags(5)),
    ("\(escape)[24;80R", .other(Array("[24;80R".utf8))),
    ("\(escape)[>41;390;0c", .other(Array("[>41;390;0c".utf8))),
    ("\(escape)[8;120;40t", .other(Array("[8;120;40t".utf8))),
    ("\(escape)[?997;1n", .other(Array("[?997;1n".utf8))),
    ("\(escape)]52;c;aGk=\(escape)\\", .other(Array("]52;c;aGk=".utf8))),
    ("\(escape)P1$r0m\(escape)\\", .other(Array("P1$r0m".utf8)))
]

extension TerminalInput {
    var typed: Unicode.Scalar? {
        if case .key(let key) = self, case .character(let scalar) = key.code { return scalar }
        return nil
    }
}

@Test(arguments: replyTable.indices)
func everyReplyIsUnderstood(index: Int) {
    var parser = ReplyParser()
    let (bytes, reply) = replyTable[index]
    #expect(parser.feed(bytes.utf8, at: .zero) == [.reply(reply)])
}

/// Split at every byte with five seconds between the halves, between keys, while a reply is due.
@Test(arguments: replyTable.indices)
func aLateReplyIsNeverTyped(index: Int) {
    let (text, reply) = replyTable[index]
    let bytes = Array(text.utf8)
    for split in 0...bytes.count {
        var parser = ReplyParser()
        parser.expectFence(until: .seconds(60))
        var inputs = parser.feed(Array("x".utf8) + bytes[..<split], at: .zero)
        inputs += parser.tick(at: .seconds(5))
        inputs += parser.feed(bytes[split...], at: .seconds(5))
        inputs += parser.feed("y".utf8, at: .seconds(5))
        inputs += parser.tick(at: .seconds(10))
        // An ESC alone for five seconds is the Esc key; the rest is still no text.
        let escapes: [TerminalInput] = split == 1 ? [.key(Key(.escape))] : []
        #expect(
            inputs == [.key(Key(.character("x")))] + escapes
                + [.reply(reply), .key(Key(.character("y")))],
            "split at \(split)")
    }
}

@Test func everyReplyByteByByteWithPausesLeavesNoText() {
    var parser = ReplyParser()
    var now = Duration.zero
    var typed: [Unicode.Scalar] = []
    var replies: [TerminalReply] = []
    for (text, _) in replyTable {
        parser.expectFence(until: now + .seconds(1000))
        for byte in text.utf8 {
            for input in parser.feed([byte], at: now) + parser.tick(at: now + .seconds(5)) {
                if case .reply(let reply) = input { replies.append(reply) }
                if let scalar = input.typed { typed.append(scalar) }
            }
            now += .seconds(5)
        }
    }
    #expect(typed.isEmpty)
    #expect(replies == replyTable.map(\.reply))
}

@Test func aLoneEscapeIsAKeyOnlyAfterItsDelay() {
    var parser = ReplyParser()
    #expect(parser.feed([0x1B], at: .milliseconds(100)).isEmpty)
    #expect(parser.nextTick == .milliseconds(150))
    #expect(parser.tick(at: .milliseconds(149)).isEmpty)
    #expect(parser.tick(at: .milliseconds(150)) == [.key(Key(.escape))])
    #expect(parser.nextTick == nil)
    #expect(parser.feed("[".utf8, at: .seconds(1)) == [.key(Key(.character("[")))])
}

@Test(arguments: ["[", "[?62", "[1;5", "]11;rgb", "P>|XT", "_Gi=", "]11;rgb:0/0/0\u{1B}"])
func timeNeverEndsAStartedSequence(start: String) {
    var parser = ReplyParser()
    #expect(parser.feed(Array("\u{1B}".utf8) + start.utf8, at: .zero).isEmpty)
    #expect(parser.nextTick == nil)
    #expect(parser.tick(at: .seconds(3600)).isEmpty)
}

@Test func keysHeldBehindAnEscapeAreGivenBack() {
    var parser = ReplyParser()
    parser.expectFence(until: .seconds(10))
    #expect(parser.feed([0x1B], at: .zero).isEmpty)
    #expect(parser.tick(at: .seconds(1)) == [.key(Key(.escape))])
    // `[` may start a reply, so it waits; `b` shows that it does not.
    #expect(parser.feed("[".utf8, at: .seconds(2)).isEmpty)
    #expect(
        parser.feed("b".utf8, at: .seconds(3))
            == [.key(Key(.character("["))), .key(Key(.character("b")))])
}

@Test func heldKeysAreReleasedByTheFenceAndByTime() {
    var parser = ReplyParser()
    parser.expectFence(until: .seconds(10))
    _ = parser.feed([0x1B], at: .zero)
    _ = parser.tick(at: .seconds(1))
    #expect(parser.feed("[".utf8, at: .seconds(2)).isEmpty)
    #expect(
        parser.feed("\u{1B}[0n".utf8, at: .seconds(2))
            == [.key(Key(.character("["))), .reply(.ready)])
    // The fence came: nothing is due, and nothing is held.
    _ = parser.feed([0x1B], at: .seconds(3))
    _ = parser.tick(at: .seconds(4))
    #expect(parser.feed("[".utf8, at: .seconds(5)) == [.key(Key(.character("[")))])

    parser.expectFence(until: .seconds(20))
    _ = parser.feed([0x1B], at: .seconds(6))
    _ = parser.tick(at: .seconds(7))
    #expect(parser.feed("]1".utf8, at: .seconds(8)).isEmpty)
    #expect(parser.nextTick == .seconds(20))
    #expect(
        parser.tick(at: .seconds(20))
            == [.key(Key(.character("]"))), .key(Key(.character("1")))])
}

/// One answer that got lost keeps later keys from nobody.
@Test func everyQuestionHasItsOwnTime() {
    var parser = ReplyParser()
    parser.expectFence(until: .seconds(10))
    parser.expectFence(until: .seconds(2))
    #expect(parser.lastFence(at: .seconds(1)) == .seconds(10))
    _ = parser.feed("\u{1B}[0n".utf8, at: .seconds(1))
    #expect(parser.lastFence(at: .seconds(1)) == .seconds(2))
    #expect(parser.lastFence(at: .seconds(2)) == nil)
    _ = parser.feed([0x1B], at: .seconds(3))
    _ = parser.tick(at: .seconds(4))
    #expect(parser.feed("[".utf8, at: .seconds(4)) == [.key(Key(.character("[")))])
    parser.expectFence(until: .seconds(20))
    parser.expectOneFenceLess()
    #expect(parser.lastFence(at: .seconds(5)) == nil)
}

@Test func altAndALetterThatStartsStringsIsStillAKey() {
    var parser = ReplyParser()
    #expect(
        parser.feed("\u{1B}Pq".utf8, at: .zero)
            == [.key(Key(.character("P"), .alt)), .key(Key(.character("q")))])
    #expect(
        parser.feed("\u{1B}]a".utf8, at: .zero)
            == [.key(Key(.character("]"), .alt)), .key(Key(.character("a")))])
    #expect(
        parser.feed("\u{1B}_\r".utf8, at: .zero)
            == [.key(Key(.character("_"), .alt)), .key(Key(.enter))])
    #expect(
        parser.feed("\u{1B}]12x".utf8, at: .zero)
            == [.key(Key(.character("]"), .alt))]
            + "12x".unicodeScalars.map { .key(Key(.character($0))) })
}

@Test(arguments: ["\u{1B}[12;", "\u{1B}]11;rgb:", "\u{1B}P>|nam", "\u{1B}_Gi=", "\u{1B}[M!"])
func controlCAlwaysGetsThrough(start: String) {
    var parser = ReplyParser()
    _ = parser.feed(start.utf8, at: .zero)
    #expect(parser.feed([0x03], at: .zero) == [.key(Key(.character("c"), .control))])
    #expect(parser.feed("a".utf8, at: .zero) == [.key(Key(.character("a")))])
}

@Test func anEndlessSequenceIsDroppedWhole() {
    var parser = ReplyParser()
    let long = [UInt8](repeating: UInt8(ascii: "7"), count: 100_000)
    var inputs = parser.feed(Array("\u{1B}[".utf8) + long + Array("c".utf8), at: .zero)
    inputs += parser.feed(Array("\u{1B}]11;".utf8) + long + Array("\u{1B}\\".utf8), at: .zero)
    #expect(inputs.isEmpty)
    #expect(parser.feed("a".utf8, at: .zero) == [.key(Key(.character("a")))])
}

@Test func aReplyInsideAPasteIsNoPartOfIt() {
    var parser = ReplyParser()
    let inputs = parser.feed(
        "\u{1B}[200~one\u{1B}[0n two\u{1B}[201~".utf8, at: .zero)
    #expect(inputs == [.reply(.ready), .paste("one two")])
}

/// How many times as many random inputs as in every run `DCAR_FUZZ` asks for.
private let fuzzFactor = ProcessInfo.processInfo.environment["DCAR_FUZZ"].flatMap(Int.init) ?? 1

/// Random keys and replies in random pieces at random times: replies come out whole and in order,
/// and of the typed text nothing is lost, added or moved.
@Test func repliesAndTypingNeverMix() {
    var generator = SplitMix64(seed: 2026)
    let alphabet = Array("abc XYZ09.,;é→😀".unicodeScalars)
    for _ in 0..<2000 * fuzzFactor {
        var bytes: [UInt8] = []
        var text: [Unicode.Scalar] = []
        var replies: [TerminalReply] = []
        for _ in 0..<Int.random(in: 1...12, using: &generator) {
            if Bool.random(using: &generator) {
                let row = replyTable[Int.random(in: 0..<replyTable.count, using: &generator)]
                bytes += row.bytes.utf8
                replies.append(row.reply)
            } else {
                let scalar = alphabet[Int.random(in: 0..<alphabet.count, using: &generator)]
                bytes += scalar.utf8
                text.append(scalar)
            }
        }
        var parser = ReplyParser()
        for _ in replies { parser.expectFence(until: .seconds(1_000_000)) }
        parser.expectFence(until: .seconds(1_000_000))
        var now = Duration.zero
        var inputs: [TerminalInput] = []
        var at = 0
        while at < bytes.count {
            let end = min(bytes.count, at + Int.random(in: 1...7, using: &generator))
            inputs += parser.feed(bytes[at..<end], at: now)
            now += .milliseconds(Int.random(in: 0...5000, using: &generator))
            inputs += parser.tick(at: now)
            at = end
        }
        #expect(inputs.compactMap(\.typed) == text)
        #expect(
            inputs.compactMap { input -> TerminalReply? in
                if case .reply(let reply) = input { return reply }
                return nil
            } == replies)
    }
}

/// Any bytes at all: no trap, no hang, nothing typed that is a control character, and the pieces
/// that the bytes come in make no difference.
@Test func anyBytesGiveTheSameInputInAnyPieces() {
    var generator = SplitMix64(seed: 99)
    let favourites = Array("\u{1B}\u{1B}\u{1B}[]PO_?>|;:0123456789~ucMmnRtG\\\u{7}\r\u{3}$<é".utf8)
    for _ in 0..<20_000 * fuzzFactor {
        let bytes = (0..<Int.random(in: 1...40, using: &generator)).map { _ in
            Bool.random(using: &generator)
                ? favourites[Int.random(in: 0..<favourites.count, using: &generator)]
                : UInt8.random(in: 0...255, using: &generator)
        }
        var whole = ReplyParser()
        let expected = whole.feed(bytes, at: .zero)
        var pieces = ReplyParser()
        let found = bytes.flatMap { pieces.feed([$0], at: .zero) }
        #expect(found == expected)
        for input in expected {
            if let scalar = input.typed {
                #expect(scalar.value >= 0x20 && !(0x7F..<0xA0).contains(scalar.value))
            }
            if case .paste(let text) = input {
                #expect(
                    text.unicodeScalars.allSatisfy {
                        $0 == "\n" || $0 == "\t"
                            || $0.value >= 0x20 && !(0x7F..<0xA0).contains($0.value)
                    })
            }
        }
        // Whatever came before, three control characters bring any state back to typing.
        _ = pieces.feed([0x03, 0x03, 0x03], at: .zero)
        _ = pieces.feed("\u{1B}[201~".utf8, at: .zero)
        #expect(pieces.feed("k".utf8, at: .zero) == [.key(Key(.character("k")))])
    }
}

/// A paste whose end got lost would swallow every key for ever.
@Test func aPasteWithoutAnEndEndsWithSilence() {
    var parser = ReplyParser()
    #expect(parser.feed("\u{1B}[200~ab".utf8, at: .seconds(1)).isEmpty)
    #expect(parser.feed("c".utf8, at: .seconds(2)).isEmpty)
    #expect(parser.nextTick == .seconds(4))
    #expect(parser.tick(at: .milliseconds(3_900)).isEmpty)
    #expect(parser.tick(at: .seconds(4)) == [.paste("abc")])
    #expect(parser.feed("q".utf8, at: .seconds(5)) == [.key(Key(.character("q")))])
    #expect(parser.nextTick == nil)
}
