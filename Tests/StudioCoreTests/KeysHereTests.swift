import Imaging
import Requests
import StudioCore
import TerminalGraphics
import Testing

// Messages name keys that do where one is what they say.

@Test func inATextTheKeysOfThePictureComeAfterEscape() {
    var story = Story()
    story.type("a fox")
    story.press(Key(.enter))
    story.start(1)
    story.step(1, 1)
    story.press("p")
    story.tell(.paused(1))
    #expect(
        story.state.message?.text
            == "Paused. Esc, then Space goes on, . takes one step, f forks.")
    story.finish(1)
    #expect(
        story.state.message?.text.contains("Esc, then d flips discrete and refined") == true)
}

@Test func inAnotherViewTheyComeAfterItsKey() {
    var story = Story()
    story.type("a fox")
    story.press(Key(.enter))
    story.start(1)
    story.do(.viewGallery)
    story.finish(1)
    #expect(story.state.message?.text.contains("1, then d flips") == true)
}

@Test func onThePictureTheyStandAlone() {
    var story = Story()
    story.type("a fox")
    story.press(Key(.enter))
    story.start(1)
    story.step(1, 1)
    story.tell(.paused(1))
    #expect(
        story.state.message?.text == "Paused. Space goes on, . takes one step, f forks.")
}

// MARK: Files

@Test func whatIsWrittenIsNoMereNote() {
    var story = Story()
    story.draw("a fox")
    story.tell(.saved(1, path: "/p/a.png"))
    #expect(story.state.message?.kind == .saved)
    story.tell(.written("The mask is saved as /p/mask.png."))
    #expect(story.state.message?.kind == .saved)
}

@Test func unsavedPicturesAreCounted() {
    var story = Story()
    story.draw("a fox")
    story.draw("a cat")
    #expect(story.state.unsavedCount == 2)
    story.tell(.saved(1, path: "/p/a.png"))
    #expect(story.state.unsavedCount == 1)
    // What was turned down is nobody's loss.
    story.do(.reroll)
    story.start(3)
    story.finish(3)
    story.press(Key(.escape))
    #expect(story.state.discarded == [3] && story.state.unsavedCount == 1)
}

@Test func onlyResultsThatNobodyTookAreDiscarded() {
    var story = Story()
    story.draw("a fox")
    story.press("m", " ", "K")
    for run in 2...5 { story.start(run) }
    for run in 2...5 { story.finish(run) }
    #expect(story.state.discarded.isEmpty)
    story.press("n", "A")
    #expect(story.state.discarded == [2, 4, 5])
    story.press("z")
    #expect(story.state.discarded == [2, 4, 5], "Undo turns nothing down.")
}
