import Imaging
import StudioCore
import TerminalGraphics
import Testing

@Test func theLeastSureTokensAreMaskedAndNoPixelBesideThem() throws {
    var story = Story()
    story.draw("a fox")
    story.state.parameters.rerollPercent = 50
    story.do(.maskLeastSure)
    let mask = try #require(story.state.mask)
    // The model of stories is the surer the earlier it fixes a token.
    #expect(mask.tokens(cell: 32) == [false, false, true, true])
    #expect(mask.count == 2 * 32 * 32)
}

/// Colours that differ in one direction alone.
@Test(arguments: [UInt8(100), 255])
func aFloodStopsAtADarkerColourAndAtALighterOne(wall: UInt8) {
    var picture = RGBImage(width: 20, height: 10, red: 180, green: 180, blue: 180)
    for y in 0..<10 { picture[10, y] = SIMD3(repeating: wall) }
    var mask = PaintedMask(width: 20, height: 10)
    mask.flood(from: PixelPoint(x: 2, y: 2), in: picture, tolerance: 20, true)
    #expect(mask.count == 100)
}

@Test func skippingTheLastPictureOfABatchCancelsIt() {
    var story = Story()
    story.batch(of: 2)
    _ = story.takeEffects()
    story.press(Key(.delete))
    #expect(story.takeEffects() == [.skip(1)])
    story.press(Key(.delete))
    let effects = story.takeEffects()
    #expect(!effects.contains(.skip(2)))
    #expect(effects.contains { if case .cancel = $0 { true } else { false } })
}

/// A redo that leads nowhere, or to no child, is left out.
@Test(
    arguments: [([7], nil), ([2], nil), ([0], nil), ([1], "one"), ([], nil)] as [([Int?], String?)])
func aRedoThatLeadsNowhereIsLeftOut(redo: [Int?], change: String?) {
    var whole = SnapshotTree(0)
    whole.record(1, "one")
    whole.record(2, "two")
    var tree = SnapshotTree(nodes: whole.nodes, current: 0, redo: redo)
    let found = tree.redo()
    #expect(found == change)
}

@Test func aNewChangeInTheGalleryLeavesNothingToRedo() {
    var story = Story()
    story.tell(
        .library(
            .listed(
                (0..<3).map { PictureEntry(path: "/p/\($0).png", bytes: 1, modified: Int64($0)) })))
    story.do(.viewGallery)
    story.press(".", "z")
    story.press(Key(.right))
    story.press(".", "Z")
    #expect(story.state.message?.text == "Nothing to redo here.")
    #expect(story.state.gallery.entries.count(where: \.isStarred) == 1)
}

@Test func aQueryForWhatIsNotInTheTrashShowsNoTrash() {
    var entry = PictureEntry(path: "/p/a.png", bytes: 1, modified: 1)
    entry.prompt = "FÜCHSE"
    entry.guidance = 4.5
    #expect(PictureQuery("-is:trashed").matches(entry))
    #expect(PictureQuery("füchse").matches(entry))
    #expect(!PictureQuery("cfg:4.46").matches(entry))
    entry.trashPath = "/p/.trash/a.png"
    #expect(!PictureQuery("-is:trashed").matches(entry))
    #expect(PictureQuery("is:trashed").matches(entry))
}
