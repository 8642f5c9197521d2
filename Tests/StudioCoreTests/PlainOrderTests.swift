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
