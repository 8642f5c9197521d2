import StudioCore
import Testing

@Test(arguments: [
    ("", PlainOrder.nothing), ("help", .help), (":help", .help), ("quit", .quit), (":q", .quit),
    ("a red fox", .actions([.promptEdited("a red fox"), .command(.generate)])),
    (":prompt help", .actions([.promptEdited("help"), .command(.generate)])),
    (":steps 8", .set(.steps, "8")), (":set guidance 4", .set(.guidance, "4")),
    (":negative blurry", .actions([.negativeEdited("blurry")])),
    (":save", .save(path: nil)), (":save a b.png", .save(path: "a b.png")),
    (":open x.png", .open(path: "x.png")), (":undo", .actions([.command(.undo)])),
    (":accept", .actions([.command(.accept)])), (":edit.accept", .actions([.command(.accept)])),
    (
        ":edit 0,32,64,16 a balloon",
        .actions([
            .region(x: 0, y: 32, width: 64, height: 16), .promptEdited("a balloon"),
            .command(.inpaint)
        ])
    ),
    (":edit here", .problem("Write it as :edit X,Y,WIDTH,HEIGHT PROMPT, in pixels.")),
    (":token 5 873", .actions([.token(place: 5, id: 873)])),
    (":token 5 mask", .actions([.token(place: 5, id: nil)])),
    (":token 5", .problem("Write it as :token PLACE ENTRY, or :token PLACE mask.")),
    (":token 5 x", .problem("Write it as :token PLACE ENTRY, or :token PLACE mask.")),
    (":steps", .problem("Write it as :steps VALUE.")),
    (":residual-steps 5", .set(.residualSteps, "5")),
    (":residualSteps 5", .set(.residualSteps, "5")),
    (":view.gallery", .gallery("")), (":gallery.search red fox", .gallery("red fox")),
    (":gallery.search", .problem("Write it as :gallery.search WORDS.")),
    (":gallery.open 3", .chosen(.galleryOpen, line: 3)),
    (":gallery.open it", .problem("Write it as :gallery.open NUMBER.")),
    (":view.queue", .queue), (":queue.remove 2", .chosen(.queueRemove, line: 2)),
    (":overlay.order", .problem("overlay.order needs a screen.")),
    (
        ":mask.edit",
        .problem(
            "mask.edit needs a screen; :edit X,Y,WIDTH,HEIGHT PROMPT paints a part anew.")
    ),
    (":undo twice", .problem("Write it as :undo, with nothing behind it.")),
    (":nonsense", .problem("There is no command nonsense; :help explains the usual ones."))
])
func aPlainLineMeans(line: String, order: PlainOrder) {
    #expect(PlainOrder(line) == order)
}

@Test func aRegionIsMaskedAsFarAsItLiesInThePicture() {
    var story = Story()
    story.draw("a fox")
    var state = story.state
    _ = update(&state, .region(x: 32, y: 0, width: 500, height: 32))
    #expect(state.mask?.tokens(cell: 32) == [false, true, false, false])
    _ = update(&state, .region(x: 64, y: 0, width: 1, height: 1))
    #expect(state.message?.kind == .problem)
    #expect(state.mask?.tokens(cell: 32) == [false, true, false, false])
    _ = update(&state, .region(x: 0, y: 0, width: .max, height: .max))
    #expect(state.mask?.tokens(cell: 32) == [true, true, true, true])
}

@Test func withoutAScreenNoMessageNamesWhatNeedsOne() {
    var story = Story()
    story.state.isPlain = true
    story.state.keymap = .none
    story.draw("a fox")
    let done = story.state.message?.text ?? ""
    #expect(done.hasSuffix(" s. :save saves, :edit X,Y,WIDTH,HEIGHT PROMPT paints a part anew."))
    story.do(.inpaint)
    #expect(
        story.state.message?.text
            == "The mask is empty; write :edit X,Y,WIDTH,HEIGHT PROMPT.")
    story.do(.galleryOpen)
    #expect(
        story.state.message?.text == "No picture is selected; :view.gallery opens the gallery.")
    story.do(.about)
    guard case .text(_, let lines, _)? = story.state.popup else {
        Issue.record("about shows nothing")
        return
    }
    #expect(lines.allSatisfy { !$0.isEmpty && !$0.hasPrefix("pictures:") })
}
