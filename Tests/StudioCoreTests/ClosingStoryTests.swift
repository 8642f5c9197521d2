import Requests
import Settings
import StudioCore
import TerminalGraphics
import Testing

// Pictures that are taken off the list, runs that are given up, and what another try is.

@Test func aPictureIsTakenOffTheListAndComesBack() {
    var story = Story()
    story.draw("a fox")
    story.draw("a bear")
    story.press(Key(.delete))
    #expect(story.state.order == [1] && story.state.shownRun == 1)
    #expect(story.state.message?.text.contains("Picture 2 is off the list") == true)
    #expect(SavedSession(story.state).order == [1])
    story.press(Key(.delete))
    #expect(story.state.order.isEmpty && story.state.shownRun == nil)
    story.do(.reopenPicture)
    story.do(.reopenPicture)
    #expect(story.state.order == [1, 2] && story.state.shownRun == 2)
    story.do(.reopenPicture)
    #expect(story.state.message?.kind == .problem)
}

@Test func undoPutsAPictureBackOnTheListAndRedoTakesItOffAgain() {
    var story = Story()
    for prompt in ["a fox", "a bear", "a frog"] { story.draw(prompt) }
    story.press(Key(.pageUp), Key(.delete), Key(.delete))
    #expect(story.state.order == [1] && story.state.shownRun == 1)
    story.press("z")
    #expect(story.state.order == [1, 3] && story.state.shownRun == 3)
    #expect(story.state.message?.text == "Undone: taking picture 3 off the list.")
    story.press("z")
    #expect(story.state.order == [1, 2, 3] && story.state.shownRun == 2)
    story.do(.redo)
    story.do(.redo)
    #expect(story.state.order == [1] && story.state.closed == [2, 3] && story.state.shownRun == 1)
    story.do(.reopenPicture)
    #expect(story.state.order == [1, 3] && story.state.shownRun == 3)
    story.press("z")
    #expect(story.state.order == [1] && story.state.shownRun == 1)
}

@Test func undoBringsBackTheOnlyPictureWithItsMask() {
    var story = Story()
    story.draw("a fox")
    story.press("m", " ")
    let mask = story.state.mask
    story.press(Key(.escape))
    story.do(.closePicture)
    #expect(story.state.shownRun == nil && story.state.mask == nil)
    story.press("z")
    #expect(story.state.shownRun == 1 && story.state.mask == mask && mask != nil)
    story.do(.redo)
    #expect(story.state.shownRun == nil && story.state.order.isEmpty)
}

@Test func whatIsBeingMadeStaysOnTheList() {
    var story = Story()
    story.draw("a fox")
    story.press("p")
    story.press(Key(.enter))
    story.start(2)
    story.press(Key(.delete))
    #expect(story.state.order == [1, 2] && story.state.message?.kind == .problem)
}

@Test func aRunThatWasToPauseAndThenToEndEnds() {
    var story = Story()
    story.type("a fox")
    story.press(Key(.enter))
    story.start(1)
    story.step(1, 1)
    story.press(Key(.character(" ")), Key(.character("c"), .control))
    story.tell(.paused(1))
    #expect(story.state.job == nil && story.state.runs[1]?.status == .cancelled)
    // It can still be gone on with.
    story.press(" ")
    #expect(story.state.job?.phase == .running)
}

@Test func ofABatchThatWasToPauseAndThenToEndNothingIsLeftPaused() {
    var story = Story()
    story.type("a {fox|bear}")
    story.press(Key(.enter))
    for run in 1...2 {
        story.start(run)
        story.step(run, 1)
    }
    story.press(Key(.character(" ")), Key(.character("c"), .control))
    story.tell(.paused(1))
    story.tell(.paused(2))
    #expect(story.state.job == nil)
    #expect((1...2).allSatisfy { story.state.runs[$0]?.status == .cancelled })
}

@Test func numbersOfClosedPicturesAreNotGivenOutAgain() {
    var story = Story()
    story.draw("a fox")
    story.draw("a bear")
    story.press(Key(.delete), Key(.delete))
    let saved = SavedSession(story.state)
    #expect(saved.lastRun == 2 && saved.closed == [2, 1] && saved.shownRun == nil)
    #expect(story.state.history.value.picture == nil)
    story.draw("a frog")
    #expect(story.state.order == [3])
    // Undo shows a picture that was taken off: it is on the list again.
    story.press(Key(.delete))
    story.do(.reopenPicture)
    #expect(story.state.order == [3] && story.state.closed == [2, 1])
}

@Test func enterChoosesAmongThePicturesOfABatch() {
    var story = Story()
    story.type("a {fox|bear}")
    story.press(Key(.enter))
    for run in 1...2 {
        story.start(run)
        story.finish(run)
    }
    story.press(Key(.right), Key(.enter))
    #expect(story.state.proposal == nil && story.state.shownRun == 2)
}

@Test func withAFixedSeedAnotherTryNeedsAnotherSeed() {
    var story = Story()
    story.draw("a fox")
    story.do(.variation)
    story.start(2)
    story.finish(2)
    #expect(story.state.message?.text.contains("Enter tries again") == true)
    story.press("D", "S")
    story.do(.variation)
    story.start(3)
    story.finish(3)
    #expect(story.state.message?.text.contains("r and then Enter try another seed") == true)
}

@Test func aForkOffersThePromptOfItsPictureUnlessANewOneWasTyped() {
    var story = Story()
    story.draw("a fox")
    story.draw("a bear")
    story.press(Key(.pageUp))
    story.do(.fork)
    #expect(story.state.popup?.offeredPrompt == "a fox")
    story.press(Key(.escape))
    story.do(.editPrompt)
    story.press(Key(.character("u"), .control))
    story.type("a frog")
    story.press(Key(.escape))
    story.do(.fork)
    #expect(story.state.popup?.offeredPrompt == "a frog")
}

@Test func aCommandThatIsNotCopiedIsShownByItself() throws {
    var story = Story()
    story.draw("a fox")
    story.press("y", "c")
    guard case .present(let command)? = story.takeEffects().last else {
        Issue.record("nothing is shown")
        return
    }
    #expect(command.hasPrefix("dcar generate --prompt 'a fox'") && story.state.popup == nil)
}

@Test func theTrashIsNamedWhereThereIsNothingToUndo() {
    var story = Story()
    var entry = PictureEntry(path: "/p/fox.png", bytes: 1, modified: 1)
    entry.trashPath = "/p/.trash/fox.png"
    story.tell(.library(.listed([entry])))
    story.do(.viewGallery)
    story.press("z")
    #expect(
        story.state.message?.text.hasSuffix("is:trashed shows the trash, with 1 picture.") == true)
    story.do(.galleryTrashed)
    #expect(story.state.gallery.selectedEntry?.path == "/p/fox.png")
    _ = story.takeEffects()
    story.press(Key(.delete))
    #expect(story.takeEffects().contains(.library(.untrash(entry))))
    story.tell(.library(.untrashed(path: entry.path)))
    #expect(story.state.message?.text == "fox.png is back.")
    story.do(.galleryTrashed)
    #expect(story.state.gallery.query.isEmpty)
}

@Test(arguments: [
    ("bogus:3", "bogus"), ("fox date>2026", "date"), ("seed:4 -is:starred", nil), ("a fox", nil),
    ("\"a: b\"", nil), ("cfg<2 size:512", nil)
])
func aFieldThatThereIsNotIsNamed(query: String, field: String?) {
    #expect(PictureQuery(query).unknownField == field)
}

@Test func pinsOfAForkAreThoseOfItsForks() {
    var story = Story()
    story.pauseAfter(2)
    story.act(.token(place: 0, id: 9))
    let pinned = story.state.runs[2]?.pinned
    #expect(pinned == [0])
    story.start(2)
    story.step(2, 1)
    story.step(2, 2)
    story.do(.fork)
    story.press(Key(.enter))
    #expect(story.state.runs[3]?.pinned == pinned)
}

extension Popup {
    fileprivate var offeredPrompt: String? {
        if case .form(let form) = self { form.fields[0].text.text } else { nil }
    }
}
