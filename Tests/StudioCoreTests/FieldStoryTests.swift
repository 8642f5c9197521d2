import Settings
import StudioCore
import TerminalGraphics
import Testing

// Fields that are typed and pasted into, and how one leaves them.

extension Story {
    /// The parameters panel with a field open for a value.
    fileprivate static func typing(_ parameter: Parameter) -> Story {
        var story = Story()
        story.point(.parameter(parameter), .press(.left))
        story.press(Key(.enter))
        return story
    }
}

@Test func aValueTakesWhatItCanHoldOfAPaste() {
    var story = Story.typing(.seed)
    story.press(Key(.character("u"), .control))
    story.act(.paste("seed 12\n3"))
    #expect(story.state.parameterField?.text == "123")
    story.act(.paste("abc"))
    #expect(story.state.parameterField?.text == "123")
    #expect(
        story.state.message?.text == "seed must be a whole number from 0 to 2^64 - 1.")
    story.press(Key(.enter))
    #expect(story.state.parameters.seed == 123 && story.state.message == nil)
}

@Test func aValueBelongsToTheParameterItWasTypedFor() {
    let ways: [(inout Story) -> Void] = [
        { $0.point(.parameter(.width), .press(.left)) }, { $0.press(Key(.tab)) },
        { $0.point(.focus(.prompt), .press(.left)) }
    ]
    for leave in ways {
        var story = Story.typing(.steps)
        story.type("7")
        leave(&story)
        #expect(story.state.parameterField == nil)
        story.press(Key(.enter))
        #expect(story.state.parameters.sampling.steps == 4)
        #expect(story.state.parameters.width == 64)
    }
}

@Test func escapeTakesTheRefusalAwayToo() {
    var story = Story.typing(.steps)
    story.type("x")
    #expect(story.state.message?.kind == .problem)
    story.press(Key(.escape))
    #expect(story.state.message == nil && story.state.parameterField == nil)
}

@Test func everyFieldTakesTheValueItBeginsWith() {
    for parameter in Parameter.allCases {
        var story = Story()
        story.state.parameters.padding = 2
        let before = story.state.parameters.shown(parameter)
        story.point(.parameter(parameter), .press(.left))
        story.press(Key(.enter), Key(.enter))
        #expect(story.state.parameterField == nil, "\(parameter)")
        #expect(story.state.parameters.shown(parameter) == before)
    }
}

@Test func aPasteIntoASettingIsOneLine() throws {
    var story = Story()
    story.do(.viewSettings)
    story.state.settingsView.selected = try #require(Setting.all.firstIndex(of: .modelPath))
    story.press(Key(.enter))
    story.act(.paste("/my\tmodels\r\nfox\n"))
    #expect(story.state.settingsView.field?.text == "/my models fox")
}

@Test func listsAreFilteredByAPaste() {
    var story = Story()
    story.draw("a fox")
    story.do(.palette)
    story.press(Key(.down))
    story.act(.paste("split\nview"))
    story.press(Key(.enter))
    #expect(story.state.canvas.display == .split)
    story.press(Key(.character("r"), .control))
    story.act(.paste("cat"))
    guard case .list(.history, let list)? = story.state.popup else {
        Issue.record("the list is closed")
        return
    }
    #expect(list.filter.text == "cat" && story.state.historyList(list).isEmpty)
}

@Test(arguments: [Command.saveAs, .openFile, .galleryTag])
func ctrlCClosesAFieldAsEscapeDoes(command: Command) {
    var story = Story()
    story.draw("a fox")
    story.tell(
        .library(.listed([PictureEntry(path: "/p/a.png", bytes: 1, modified: 1)])))
    story.do(command)
    #expect(story.state.popup != nil)
    story.press(Key(.character("c"), .control))
    #expect(story.state.popup == nil && !story.takeEffects().contains(.quit))
}

@Test(arguments: [(".png", false), ("pictures/.png", false), ("a.png", true), (".hidden", true)])
func aFileIsSavedUnderAName(name: String, isTaken: Bool) {
    var story = Story()
    story.draw("a fox")
    story.do(.saveAs)
    story.type(name)
    _ = story.takeEffects()
    story.press(Key(.enter))
    #expect(story.takeEffects().isEmpty != isTaken)
    #expect((story.state.popup == nil) == isTaken)
}

@Test func aTextThatIsTooLongIsCutAndThatIsSaid() {
    var story = Story()
    story.do(.editPrompt)
    story.act(.paste(String(repeating: "a", count: TextField.limit + 1)))
    #expect(story.state.prompt.positive.characters.count == TextField.limit)
    #expect(story.state.message?.text.contains("cut off") == true)
    story.press(Key(.character("u"), .control))
    story.act(.paste("a fox"))
    #expect(story.state.prompt.positive.text == "a fox")
}
