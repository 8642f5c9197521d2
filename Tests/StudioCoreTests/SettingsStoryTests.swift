import Settings
import StudioCore
import TerminalGraphics
import Testing

extension Story {
    /// The settings view with a setting chosen.
    mutating func choose(_ setting: Setting) {
        self.do(.viewSettings)
        press(Key(.home))
        for _ in 0..<(Setting.all.firstIndex(of: setting) ?? 0) { press(Key(.down)) }
    }
}

@Test func parametersStartAsTheSettingsSay() throws {
    var story = Story(isModelOpen: false)
    story.tell(
        .settings(
            try settings(
                """
                [generate]
                steps = 7
                guidance = 2
                size = 100
                seed_mode = "fixed"
                [edit]
                feather_px = 3
                strength = 0.25
                content = "random"
                [preview]
                mode = "off"
                """)))
    story.tell(.modelOpened(Story.facts))
    let parameters = story.state.parameters
    #expect(parameters.sampling.steps == 7 && parameters.sampling.guidanceScale == 2)
    #expect(parameters.width == 96 && parameters.height == 96)
    #expect(parameters.seedMode == .fixed)
    #expect(parameters.feather == 3 && parameters.variationPercent == 25)
    #expect(parameters.content == .random)
    #expect(story.state.preview == .off && story.takeEffects().contains(.preview(.off)))
}

@Test func aSettingReadAgainLeavesWhatAPersonChangedMeanwhile() throws {
    var story = Story()
    story.tell(.settings(try settings("[generate]\nsteps = 7\n")))
    story.do(.parameters)
    story.press(Key(.right))
    #expect(story.state.parameters.sampling.steps == 8)
    story.tell(.settings(try settings("[generate]\nsteps = 7\n[ui]\ntheme = 'contrast'\n")))
    #expect(story.state.parameters.sampling.steps == 8)
    #expect(story.state.theme == .contrast)
    story.tell(.settings(try settings("[generate]\nsteps = 3\n")))
    #expect(story.state.parameters.sampling.steps == 3)
    #expect(story.state.theme == .dark)
}

@Test func aValueIsTypedAndWritten() {
    var story = Story()
    story.choose(.steps)
    story.press(Key(.enter))
    story.type("99")
    story.press(Key(.enter))
    #expect(story.state.message?.text == "generate.steps must be a whole number from 1 to 64.")
    #expect(story.takeEffects().isEmpty)
    story.press(Key(.character("u"), .control))
    story.type("9")
    story.press(Key(.enter))
    #expect(story.takeEffects() == [.writeSetting(["generate", "steps"], "9")])
    #expect(story.state.settingsView.field == nil)
}

@Test func whatHasFewValuesTurnsAndAResetTakesItOut() {
    var story = Story()
    story.choose(.theme)
    story.press(Key(.right))
    #expect(story.takeEffects() == [.writeSetting(["ui", "theme"], "\"dark\"")])
    story.choose(.mouse)
    story.press(Key(.enter))
    #expect(story.takeEffects() == [.writeSetting(["ui", "mouse"], "false")])
    story.press(Key(.delete))
    #expect(story.takeEffects() == [.writeSetting(["ui", "mouse"], nil)])
}

@Test func aSettingThatAFlagOverrulesIsSaid() {
    var story = Story()
    story.choose(.theme)
    story.press(Key(.right))
    var sources = SettingsSources(environment: [:], folder: "/nowhere", home: "/nowhere")
    sources.flags[.theme] = SettingsSources.Flag("--theme", .text("mono"))
    story.tell(.settings(sources.load()))
    #expect(
        story.state.message?.text == "Written, but --theme counts more: ui.theme stays mono.")
    #expect(story.state.theme == .mono)
}

@Test func aWrongLineIsToldAtTheStart() throws {
    var story = Story()
    story.tell(.settings(try settings("[ui]\ntheme = 'pink'\n[keys]\nfork = 'Ctrl-M'\n")))
    let text = story.state.message?.text ?? ""
    #expect(text.contains("line 2: ui.theme must be one of"))
    #expect(text.contains("(1 more in the settings view)"))
    #expect(story.state.settingWarnings.count == 2)
}

@Test func aKeyIsBoundByPressingIt() {
    var story = Story()
    story.do(.help)
    story.type("fork from")
    story.press(Key(.tab))
    story.press(Key(.character("m"), .control))
    #expect(story.state.message?.text == "Ctrl-M cannot be fork: terminals send it for Enter.")
    story.press("z")
    #expect(story.takeEffects().isEmpty)
    story.press("z")
    #expect(
        story.takeEffects() == [
            .writeSetting(["keys", "fork"], "\"z\""),
            .writeSetting(["keys", "undo"], "[\"Ctrl-Z\"]")
        ])
    story.press(Key(.tab), Key(.backspace))
    #expect(story.takeEffects() == [.writeSetting(["keys", "fork"], nil)])
    #expect(story.state.popup != nil)
}

/// What became of a key is said once the file was read back.
@Test(arguments: [
    ("", "Backspace", "step.pause has the keys it came with.", true),
    ("step.pause = 'F9'", "Backspace", "line 2 counts more: step.pause has F9.", false),
    ("step.pause = 'F9'", "F9", "F9 is step.pause.", true),
    ("step.pause = 'F9'", "F8", "line 2 counts more: step.pause has F9.", false),
    ("save = 'Space'", "Backspace", "step.pause has no key.", false)
])
func whatIsSaidOfAKeyIsSo(file: String, key: String, words: String, isAsWished: Bool) throws {
    var story = Story()
    story.do(.help)
    story.type("step.pause")
    story.press(Key(.tab))
    story.press(try #require(Key(name: key)))
    story.tell(.settings(try settings("[keys]\n\(file)\n")))
    #expect(story.state.message?.text.hasSuffix(words) == true)
    #expect((story.state.message?.kind == .success) == isAsWished)
    // Another reading tells of something else.
    story.press(Key(.escape))
    story.do(.reloadConfiguration)
    story.tell(.settings(try settings("[keys]\nfork = 'Ctrl-M'\n")))
    #expect(story.state.message?.text.contains("Ctrl-M cannot be fork") == true)
}

@Test func twoCommandsSwapKeysWithoutAWord() throws {
    let (keymap, warnings) = Keymap.configured(
        by: try settings("[keys]\nfork = \"d\"\n\"residual.toggle\" = \"f\"\n"))
    #expect(warnings == [])
    #expect(keymap.command(for: Key(.character("d")), in: [.canvas]) == .fork)
    #expect(keymap.command(for: Key(.character("f")), in: [.canvas]) == .toggleResidual)
}

@Test func copyingIsTwoKeysAndWithoutTheClipboardTheTextIsShown() throws {
    var story = Story()
    story.draw("a fox")
    let seed = String(story.state.runs[1]?.request.seed ?? 0)
    story.press("y", "s")
    #expect(story.takeEffects().isEmpty)
    let hint = "clipboard.osc52 in the settings switches copying on."
    #expect(
        story.state.popup == .text(title: "The seed, not copied", lines: [seed, "", hint]))
    story.press(Key(.escape))
    story.tell(.settings(try settings("[clipboard]\nosc52 = true\n")))
    _ = story.takeEffects()
    story.press("y", "s")
    #expect(story.takeEffects() == [.copy(seed)])
    story.press("y", "p")
    #expect(story.takeEffects() == [.copy("a fox")])
}

@Test func ctrlXCtrlEOpensTheEditor() {
    var story = Story()
    story.type("a fox")
    story.press(Key(.character("e"), .control))
    #expect(!story.takeEffects().contains(.editPrompt("a fox")))
    story.press(Key(.character("x"), .control), Key(.character("e"), .control))
    #expect(story.takeEffects() == [.editPrompt("a fox")])
}

@Test func anExampleIsPickedIntoThePrompt() {
    var story = Story(isModelOpen: false)
    story.tell(
        .modelOpened(
            ModelFacts(
                name: "m", trainedSide: 64, pixelsPerToken: 32, codebookSize: 16,
                residualSteps: 20, sampling: Story.facts.sampling, threads: 2,
                examples: ["a beach", "a meadow"])))
    story.do(.example)
    story.press(Key(.down), Key(.enter))
    #expect(story.state.prompt.positive.text == "a meadow")
    #expect(story.state.focus == .prompt && story.state.popup == nil)
}

@Test func aStyleIsWrittenOutBehindThePrompt() throws {
    var story = Story()
    story.do(.style)
    #expect(story.state.popup == nil && story.state.message != nil)
    story.tell(.settings(try settings("[styles]\nwater = \"as a watercolour\"\n")))
    story.type("a fox")
    story.do(.style)
    story.type("wat")
    story.press(Key(.enter))
    #expect(story.state.prompt.positive.text == "a fox, as a watercolour")
}

@Test func quittingAsksUnlessTheSettingsSayNot() throws {
    var story = Story()
    story.do(.quit)
    #expect(story.state.popup == .quit)
    story.press(Key(.escape))
    story.tell(.settings(try settings("[ui]\nconfirm_quit = false\n")))
    story.do(.quit)
    #expect(story.takeEffects().last == .quit)
}

@Test func themesHaveOneListOfNames() {
    guard case .choice(let names) = Setting.theme.kind else {
        Issue.record("a theme is one of several")
        return
    }
    #expect(names == ["auto"] + Theme.allCases.map(\.rawValue))
    #expect(Setting.seedMode.kind == .choice(SeedMode.allCases.map(\.rawValue)))
    #expect(Setting.preview.kind == .choice(PreviewKind.allCases.map(\.rawValue)))
}
