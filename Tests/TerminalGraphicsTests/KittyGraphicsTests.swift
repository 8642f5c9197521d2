import Foundation
import Imaging
import TerminalGraphics
import Testing

private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

@Test(arguments: [0, 1, 2, 3, 4, 3071, 3072, 3073, 6144, 10_000])
func aTransmissionIsBase64InChunks(count: Int) throws {
    let data = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    let commands = text(KittyGraphics.transmit(.png(data), id: 42))
        .components(separatedBy: "\u{1B}\\").dropLast()
    var payload = ""
    for (index, command) in commands.enumerated() {
        let parts = command.split(separator: ";", maxSplits: 1)
        let more = index + 1 < commands.count ? 1 : 0
        let keys = index == 0 ? "a=t,t=d,i=42,q=2,f=100,m=\(more)" : "q=2,m=\(more)"
        #expect(parts[0] == "\u{1B}_G\(keys)")
        let chunk = parts.count > 1 ? parts[1] : ""
        #expect(chunk.count <= 4096)
        #expect(more == 0 || chunk.count % 4 == 0)
        payload += chunk
    }
    #expect(Data(base64Encoded: payload) == Data(data))
}

@Test func rawPixelsNameTheirSize() {
    let pixels = KittyGraphics.transmit(.rgb([1, 2, 3], width: 1, height: 1), id: 7)
    #expect(text(pixels) == "\u{1B}_Ga=t,t=d,i=7,q=2,f=24,s=1,v=1,m=0;AQID\u{1B}\\")
}

@Test func placingAndDeletingNameThePicture() {
    #expect(
        text(KittyGraphics.place(id: 9, size: GridSize(columns: 40, rows: 20)))
            == "\u{1B}_Ga=p,i=9,p=1,c=40,r=20,C=1,q=2\u{1B}\\")
    #expect(text(KittyGraphics.delete(id: 9)) == "\u{1B}_Ga=d,d=I,i=9,q=2\u{1B}\\")
}

@Test func tmuxGetsEveryEscapeTwice() {
    #expect(
        text(KittyGraphics.delete(id: 9, isInTmux: true))
            == "\u{1B}Ptmux;\u{1B}\u{1B}_Ga=d,d=I,i=9,q=2\u{1B}\u{1B}\\\u{1B}\\")
    #expect(
        text(KittyGraphics.transmit(.png([0]), id: 1, isInTmux: true))
            == "\u{1B}Ptmux;\u{1B}\u{1B}_Ga=t,t=d,i=1,q=2,f=100,m=0;AA==\u{1B}\u{1B}\\\u{1B}\\")
}

@Test func aPlaceholderNamesPictureRowAndColumn() {
    let placeholder = KittyPlaceholder(id: 0x0A0B0C, size: GridSize(columns: 2, rows: 3))
    #expect(text(placeholder.placement()) == "\u{1B}_Ga=p,U=1,i=658188,c=2,r=3,q=2\u{1B}\\")
    let expected =
        "\u{1B}[38;2;10;11;12m\u{10EEEE}\u{30E}\u{305}\u{10EEEE}\u{30E}\u{30D}\u{1B}[39m"
    #expect(placeholder.row(2) == Array(expected.utf8))
}

/// tmux hands entries of the palette on as they are, other colours perhaps not.
@Test func aPlaceholderOfALowNumberNeedsOnlyThePalette() {
    let placeholder = KittyPlaceholder(id: 200, size: GridSize(columns: 1, rows: 1))
    #expect(placeholder.row(0).starts(with: "\u{1B}[38;5;200m\u{10EEEE}".utf8))
}

@Test func twoProgramsHavePicturesOfOtherNumbers() {
    for start in [0, 1, 0xDCA2, 0xFF_FFFF, UInt32.max] {
        var (few, many): (Set<UInt32>, Set<UInt32>) = ([], [])
        for _ in 0..<240 {
            few.insert(
                KittyIDs(startingAt: start).first(hasExactColors: false, besides: few.contains))
            many.insert(
                KittyIDs(startingAt: start).first(hasExactColors: true, besides: many.contains))
        }
        #expect(few == Set(16...255))
        #expect(many.count == 240 && many.allSatisfy { (256...0xFF_FFFF).contains($0) })
    }
    let firsts = (0..<8).map { _ in KittyIDs().first(hasExactColors: true) { _ in false } }
    #expect(Set(firsts).count > 1)
}

@Test func aPictureForTheShellHasNoNumberAndMovesTheCursor() {
    let shown = KittyGraphics.show(.png([0]), size: GridSize(columns: 40, rows: 20))
    #expect(text(shown) == "\u{1B}_Ga=T,t=d,c=40,r=20,q=2,f=100,m=0;AA==\u{1B}\\")
}

/// Spot values and a sum of kitty's published list of 297 marks.
@Test func theMarksAreKittysOwn() {
    let row = KittyPlaceholder(id: 1, size: GridSize(columns: 400, rows: 400)).row(0)
    let marks = text(row).unicodeScalars.map(\.value).filter { $0 > 0x300 && $0 != 0x10EEEE }
    let columns = stride(from: 1, to: marks.count, by: 2).map { marks[$0] }
    #expect(columns.count == 297)
    #expect(columns.prefix(5) == [0x305, 0x30D, 0x30E, 0x310, 0x312])
    #expect(columns.suffix(4) == [0x1D1AD, 0x1D242, 0x1D243, 0x1D244])
    #expect(columns[200] == 0x20d4)
    #expect(columns.reduce(0, +) == 4_545_336)
}

@Test func drawingLeavesTheCursorAlone() {
    #expect(
        text(CursorPlacement.draw(Array("x".utf8), column: 4, row: 2))
            == "\u{1B}7\u{1B}[3;5Hx\u{1B}8")
    #expect(
        text(CursorPlacement.synchronize(Array("x".utf8))) == "\u{1B}[?2026hx\u{1B}[?2026l")
}
