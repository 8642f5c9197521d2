import StudioCore
import TerminalGraphics
import Testing

@Test func digitsOpenViewsWhereNoTextIsTyped() {
    var story = Story()
    story.draw("a fox")
    story.press("3")
    #expect(story.state.view == .gallery)
    story.press("4")
    #expect(story.state.view == .queue)
    story.press("5")
    #expect(story.state.view == .settings)
    story.press("2")
    #expect(story.state.tab == .edit)
    #expect(story.state.canvas.isPainting)
    story.press("1")
    #expect(story.state.tab == .studio)
    #expect(!story.state.canvas.isPainting)
}

@Test func digitsAreTypedIntoAPromptAndOpenViewsWithAlt() {
    var story = Story()
    story.type("3 foxes")
    #expect(story.state.prompt.positive.text == "3 foxes")
    #expect(story.state.view == .studio)
    story.press(Key(.character("3"), .alt))
    #expect(story.state.view == .gallery)
    story.press(Key(.escape))
    #expect(story.state.view == .studio)
    #expect(story.state.prompt.positive.text == "3 foxes")
}

@Test func aRunThatIsBegunElsewhereIsShown() {
    var story = Story()
    story.type("a fox")
    story.do(.viewQueue)
    story.do(.generate)
    #expect(story.state.view == .studio)
    #expect(story.state.job?.runs == [1])
}
