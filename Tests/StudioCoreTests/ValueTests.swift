import Imaging
import StudioCore
import TerminalGraphics
import Testing

@Test func shellKeysEditAText() {
    var field = TextField("a red fox")
    let outcome1 = field.edit(Key(.character("w"), .control))
    #expect(outcome1)
    #expect(field.text == "a red ")
    let outcome2 = field.edit(Key(.character("a"), .control))
    #expect(outcome2)
    let outcome3 = field.edit(Key(.character("X")))
    #expect(outcome3)
    #expect(field.text == "Xa red ")
    let outcome4 = field.edit(Key(.character("k"), .control))
    #expect(outcome4)
    #expect(field.text == "X")
    let outcome5 = field.edit(Key(.function(1)))
    #expect(!outcome5)
}

@Test func controlsAndMarksOfDirectionAreNeverTyped() {
    var field = TextField()
    field.insert("a\u{1B}[31m\u{202E}b\u{9B}c\u{200B}\nd")
    #expect(field.text == "a[31mbc\nd")
}

/// What is typed is as wide as what is shown of it.
@Test func whatOnlyChangesHowACharacterLooksIsNeverTyped() {
    var field = TextField()
    field.insert("red\tfox \u{2764}\u{FE0F}\u{1F441}\u{FE0E}\u{34F}\u{3164}!")
    #expect(field.text == "red fox \u{2764}\u{1F441}!")
    #expect(field.text.cellWidth == 11)
    #expect(SanitizedText(field.text).text == field.text)
}

@Test func undoAndRedoWalkTheTree() {
    var tree = SnapshotTree(0)
    tree.record(1, "one")
    tree.record(2, "two")
    let outcome6 = tree.undo()
    #expect(outcome6 == "two")
    tree.record(3, "three")
    #expect(tree.value == 3)
    let outcome7 = tree.undo()
    #expect(outcome7 == "three")
    let outcome8 = tree.redo()
    #expect(outcome8 == "three")
    let outcome9 = tree.undo()
    #expect(outcome9 == "three")
    let outcome10 = tree.undo()
    #expect(outcome10 == "one")
    let outcome11 = tree.undo()
    #expect(outcome11 == nil)
    #expect(tree.value == 0)
    #expect(tree.count == 4)
}

@Test func theMaskOfAStrokeTouchesTheRightTokens() {
    var mask = PaintedMask(width: 96, height: 64)
    mask.stamp(x: 40, y: 10, radius: 4, true)
    #expect(mask.tokens(cell: 32) == [false, true, false, false, false, false])
    mask.stroke(
        from: PixelPoint(x: 40, y: 10), to: PixelPoint(x: 80, y: 50), radius: 4, true)
    #expect(mask.tokens(cell: 32) == [false, true, true, false, true, true])
    mask.invert()
    #expect(!mask[40, 10] && mask[0, 0])
}

@Test func shapesFillWhatTheySurround() {
    var box = PaintedMask(width: 40, height: 40)
    box.fill(from: PixelPoint(x: 30, y: 30), to: PixelPoint(x: 10, y: 10), isEllipse: false, true)
    #expect(box.count == 21 * 21)
    var lasso = PaintedMask(width: 40, height: 40)
    lasso.fill(
        lasso: [PixelPoint(x: 0, y: 0), PixelPoint(x: 20, y: 0), PixelPoint(x: 0, y: 20)], true)
    #expect(lasso[2, 2] && !lasso[19, 19])
    #expect((150...260).contains(lasso.count))
}

@Test func aFloodStopsAtAnotherColour() {
    var picture = RGBImage(width: 20, height: 10, red: 200)
    for y in 0..<10 { picture[10, y] = SIMD3(0, 0, 255) }
    var mask = PaintedMask(width: 20, height: 10)
    mask.flood(from: PixelPoint(x: 2, y: 2), in: picture, tolerance: 20, true)
    #expect(mask.count == 100)
    #expect(!mask[10, 5] && !mask[15, 5])
}

@Test(arguments: [
    (Parameter.steps, "999", "64"), (.guidance, "2.25", "2.25"), (.temperature, "-3", "0.0"),
    (.width, "100", "96"), (.strength, "9", "1.5"), (.decay, "linear", "linear")
])
func typedValuesAreKeptWithinTheirRanges(parameter: Parameter, typed: String, shown: String) {
    var parameters = Parameters()
    let outcome12 = parameters.set(parameter, typed: typed)
    #expect(outcome12)
    #expect(parameters.shown(parameter) == shown)
}

@Test(arguments: [
    (Float(0.5), "0.5"), (0.25, "0.25"), (1e30, "1e+30"), (.infinity, "inf"), (.nan, "nan")
])
func anyNumberCanBeShown(number: Float, text: String) {
    #expect(Parameters.decimal(number) == text)
}

@Test func aParameterThatDoesNotFitStaysToBeCorrected() {
    var story = Story()
    story.do(.parameters)
    story.type("99")
    story.press(Key(.enter))
    #expect(story.state.message?.text == "steps must be a number from 1 to 64.")
    #expect(story.state.parameterField?.text == "99")
    #expect(story.state.parameters.sampling.steps == 4)
    story.press(Key(.backspace), Key(.enter))
    #expect(story.state.message == nil && story.state.parameters.sampling.steps == 9)
}

@Test func aNumberTakesNoLetters() {
    var story = Story()
    story.do(.parameters)
    story.type("1x")
    #expect(story.state.parameterField?.text == "1")
    #expect(story.state.message?.text == "steps must be a number from 1 to 64.")
    story.type("2")
    #expect(story.state.message == nil)
    story.press(Key(.enter), Key(.down), Key(.enter), Key(.character("u"), .control))
    story.type("1.5")
    story.press(Key(.enter))
    #expect(story.state.parameters.sampling.steps == 12)
    #expect(story.state.parameters.sampling.guidanceScale == 1.5)
    story.press(Key(.down), Key(.enter), Key(.character("u"), .control))
    story.type("linear")
    story.press(Key(.enter))
    #expect(story.state.parameters.sampling.guidanceDecay == .linear)
}

@Test(arguments: [(Parameter.steps, "many"), (.seed, "-1"), (.decay, "cubic"), (.width, "nan")])
func wrongValuesChangeNothing(parameter: Parameter, typed: String) {
    var parameters = Parameters()
    let outcome13 = parameters.set(parameter, typed: typed)
    #expect(!outcome13)
    #expect(parameters == Parameters())
}

@Test func upAndDownMoveFromLineToLine() {
    var story = Story()
    story.draw("earlier")
    story.press("p")
    story.press(Key(.character("u"), .control))
    for line in ["first", "second one"] {
        story.type(line)
        story.press(Key(.enter, .alt))
    }
    story.type("3rd")
    story.press(Key(.up), Key(.character("X")), Key(.up), Key(.end), Key(.character("Y")))
    #expect(story.state.prompt.positive.text == "firstY\nsecXond one\n3rd")
    story.press(Key(.down), Key(.character("Z")))
    #expect(story.state.prompt.positive.text == "firstY\nsecXonZd one\n3rd")
    story.press(Key(.up), Key(.up))
    #expect(story.state.prompt.positive.text == "earlier", "above the first line is the history")
    story.press(Key(.down))
    #expect(story.state.prompt.positive.text == "firstY\nsecXonZd one\n3rd")
}

@Test(arguments: [("700", false), ("704", true), ("32", true), ("31", false), ("96.5", false)])
func aSideIsOfWholeTokens(typed: String, isTaken: Bool) {
    #expect(Parameters().takes(.width, typed: typed) == isTaken)
    #expect(Parameters().allowed(.width) == "a multiple of 32 from 32 to 2048")
}

@Test func keysThatGoToAnEndKeepToTheirLine() {
    var field = TextField("one\ntwo words\nthree")
    for _ in 0..<12 { _ = field.edit(Key(.left)) }
    _ = field.edit(Key(.character("k"), .control))
    #expect(field.text == "one\ntwo\nthree")
    _ = field.edit(Key(.character("u"), .control))
    #expect(field.text == "one\n\nthree")
    _ = field.edit(Key(.character("x")))
    _ = field.edit(Key(.home))
    _ = field.edit(Key(.character("w")))
    _ = field.edit(Key(.end))
    _ = field.edit(Key(.character("y")))
    #expect(field.text == "one\nwxy\nthree")
}

@Test(arguments: [
    (Parameter.steps, "64", true), (.steps, "65", false), (.guidance, "100", true),
    (.guidance, "100.5", false), (.residualSteps, "1000", true), (.feather, "257", false),
    (.width, "96", true), (.width, "100", false), (.width, "4000", false), (.area, "whole", true),
    (.area, "65", false),
    (.seed, "7", true), (.schedule, "odd", false), (.count, "0", false)
])
func valuesAreTakenAsTypedWithinTheirRanges(
    parameter: Parameter, typed: String, isTaken: Bool
) {
    #expect(Parameters().takes(parameter, typed: typed) == isTaken)
}
