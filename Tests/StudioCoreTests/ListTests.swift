import StudioCore
import TerminalGraphics
import Testing

// The lists of commands: the help, the palette, the ways to save.

@Test func theHelpBeginsWithWhatIsSpecialHere() {
    var story = Story()
    story.draw("a fox")
    story.do(.editMask)
    #expect(story.help.first?.context == .mask)
    story.do(.viewGallery)
    #expect(story.help.first?.context == .gallery)
    story.do(.viewQueue)
    #expect(story.help.first?.context == .queue)
}

@Test func theHelpShowsAKeyOnlyAtTheCommandThatHasIt() {
    var story = Story()
    story.draw("a fox")
    #expect(story.keys(.pause) == ["Space"] && story.keys(.dividerLeft) == ["<"])
    story.do(.editMask)
    #expect(story.keys(.pause).isEmpty && story.keys(.dividerLeft).isEmpty)
    #expect(story.keys(.applyTool) == ["Space"] && story.keys(.shrinkMask) == ["<"])
    // What has its keys elsewhere shows them, and where that is.
    #expect(story.keys(.galleryStar) == ["."])
    story.do(.parameters)
    #expect(story.keys(.firstStep).isEmpty && story.keys(.viewGallery).count == 1)
}

@Test func noTwoLinesOfTheHelpReadTheSame() {
    let story = Story()
    let lines = story.help.map { "\($0.title) \(story.state.place(of: $0) ?? "")" }
    #expect(Set(lines).count == lines.count)
    #expect(lines.contains("recall prompt, seed and parameters gallery"))
}

@Test func lettersHereAndThereCountOnlyWhereNothingElseDoes() {
    let story = Story()
    #expect(story.list("theme").map(\.command) == [.nextTheme, .setTheme])
    #expect(story.list("fkfrm").map(\.command).contains(.fork))
    #expect(story.list("save").first?.command == .save)
}

@Test func lettersMustBeginWordsOrGoOnInThem() {
    let story = Story()
    #expect(story.list("doctor").isEmpty)
    #expect(story.list("edtp").map(\.command).contains(.editPrompt))
    #expect(story.list("stb").map(\.command).contains(.previousStep))
}

@Test func theHelpHasHeadingsAndTheKeysOfTexts() {
    var story = Story()
    story.draw("a fox")
    let lines = story.state.helpLines(Popup.ListState())
    #expect(lines.first == .heading("On the picture") && lines.dropFirst().first == .command(0))
    let commands = lines.compactMap { if case .command(let place) = $0 { place } else { nil } }
    #expect(commands == Array(story.help.indices))
    let headings = lines.compactMap { if case .heading(let text) = $0 { text } else { nil } }
    #expect(Set(headings).count == headings.count && headings.contains("In the gallery"))
    #expect(lines.texts.contains("Alt-Enter begin a new line"))
    // In a text its keys come first.
    story.press("p")
    #expect(story.state.helpLines(Popup.ListState()).first == .heading("In texts"))
    // What is looked for stands without headings.
    var list = Popup.ListState()
    list.filter = TextField("new line")
    #expect(story.state.helpLines(list).texts == ["Alt-Enter begin a new line"])
    #expect(story.state.helpLines(list).count == 1)
}

@Test func aWayToSaveShowsAKeyOnlyWhereItWorks() throws {
    var story = Story()
    story.draw("a fox")
    story.do(.maskAll)
    let (saveAs, saveMask) = (
        try #require(Command.saveAs.entry), try #require(Command.saveMask.entry)
    )
    #expect(story.state.keysHeard(of: saveAs).count == 1)
    #expect(story.state.keysHeard(of: saveMask).isEmpty)
    story.press("m")
    #expect(story.state.keysHeard(of: saveAs).isEmpty)
    #expect(story.state.keysHeard(of: saveMask).count == 1)
}

@Test func theWaysToSaveAreAListOfTheirOwn() {
    var story = Story()
    story.draw("a fox")
    story.press("E")
    let plain: [Command] = [
        .save, .saveAs, .saveBoth, .saveStripped, .saveSteps, .saveEachStep, .saveAnimation
    ]
    #expect(story.state.exportList(Popup.ListState()).map(\.command) == plain)
    story.press(Key(.enter))
    #expect(story.takeEffects() == [.save(SaveOrder(run: 1, content: .refined))])
    story.press("E")
    story.type("animated")
    story.press(Key(.enter))
    #expect(story.takeEffects() == [.save(SaveOrder(run: 1, content: .animation))])
    story.do(.maskAll)
    #expect(story.state.exportList(Popup.ListState()).map(\.command) == plain + [.saveMask])
}

@Test func askingTheTerminalAgainSaysHowPicturesAreDrawn() {
    var story = Story()
    story.state.graphics = "half blocks, 256 colours"
    story.do(.probeTerminal)
    #expect(story.state.message?.text.contains("half blocks, 256 colours") == true)
}

extension [HelpLine] {
    fileprivate var texts: [String] {
        compactMap { if case .text(let key) = $0 { "\(key.keys) \(key.title)" } else { nil } }
    }
}

extension Story {
    /// The help with nothing typed.
    fileprivate var help: [Command.Entry] {
        state.commandList(Popup.ListState(), isHelp: true)
    }

    /// The palette with this typed.
    fileprivate func list(_ filter: String) -> [Command.Entry] {
        var list = Popup.ListState()
        list.filter = TextField(filter)
        return state.commandList(list, isHelp: false)
    }

    fileprivate func keys(_ command: Command) -> [String] {
        Command.entries.filter { $0.command == command }
            .flatMap { state.shownKeys(of: $0).map(\.description) }
    }
}
