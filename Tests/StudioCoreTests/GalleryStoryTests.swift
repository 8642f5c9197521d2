import Imaging
import Settings
import StudioCore
import TerminalGraphics
import Testing

private func entry(
    _ name: String, modified: Int64, prompt: String = "a fox", seed: UInt64 = 1, steps: Int = 12
) -> PictureEntry {
    var entry = PictureEntry(path: "/pictures/\(name)", bytes: 1_000, modified: modified)
    (entry.prompt, entry.seed, entry.steps) = (prompt, seed, steps)
    (entry.width, entry.height) = (512, 512)
    entry.guidance = 4.5
    return entry
}

/// A gallery of pictures `0.png` to `count - 1`, the last one the newest.
private func gallery(_ count: Int) -> Story {
    var story = Story()
    story.resize(120, 40)
    story.tell(
        .library(
            .listed(
                (0..<count).map {
                    entry("\($0).png", modified: Int64($0), prompt: "fox \($0)", seed: UInt64($0))
                })))
    story.do(.viewGallery)
    return story
}

extension Story {
    mutating func resize(_ columns: Int, _ rows: Int) {
        var metrics = ScreenMetrics()
        (metrics.columns, metrics.rows) = (columns, rows)
        act(.resized(metrics))
    }

    var selectedName: String? { state.gallery.selectedEntry?.name }

    fileprivate mutating func orders() -> [LibraryOrder] {
        takeEffects().compactMap { if case .library(let order) = $0 { order } else { nil } }
    }
}

@Test func theNewestPictureComesFirstAndArrowsMove() {
    var story = gallery(100)
    let row = story.state.galleryLayout.tilesPerRow
    #expect(story.selectedName == "99.png")
    story.press(Key(.right), Key(.right), Key(.left))
    #expect(story.selectedName == "98.png")
    story.press("j")
    #expect(story.selectedName == "\(98 - row).png")
    story.press("k", "h")
    #expect(story.selectedName == "99.png")
    story.press("k")
    #expect(story.selectedName == "99.png")
    story.press(Key(.end))
    #expect(story.selectedName == "0.png")
    #expect(story.state.visibleTiles.contains(99))
    story.press(Key(.home))
    #expect(story.state.gallery.firstRow == 0)
}

@Test func onlyThumbnailsThatAreNearAreAskedFor() {
    var story = gallery(10_000)
    let page = story.state.galleryLayout.tilesPerPage
    let orders = story.orders()
    guard case .thumbnails(let entries, let side)? = orders.first else {
        Issue.record("the gallery needs thumbnails")
        return
    }
    // Then it looks for files that other programs put there.
    #expect(orders.last == .scanIfChanged)
    #expect(entries.count == 2 * page && side > 32)
    let image = RGBImage(width: 8, height: 8, red: 9, green: 9, blue: 9)
    story.tell(
        .library(.thumbnails(Dictionary(uniqueKeysWithValues: entries.map { ($0.path, image) }))))
    story.press(Key(.right))
    #expect(story.orders().isEmpty)
    for _ in 0..<40 {
        story.press(Key(.pageDown))
        for case .thumbnails(let more, _) in story.orders() {
            story.tell(
                .library(
                    .thumbnails(Dictionary(uniqueKeysWithValues: more.map { ($0.path, image) }))))
        }
    }
    #expect(story.state.gallery.thumbnails.count <= 6 * page + 64)
}

@Test func aSearchNarrowsDownWhileItIsTyped() {
    var story = gallery(30)
    story.press("/")
    story.type("seed:7")
    #expect(story.state.gallery.matches.count == 1)
    story.press(Key(.enter))
    #expect(story.selectedName == "7.png")
    story.press(Key(.escape))
    #expect(story.state.gallery.matches.count == 30)
    #expect(story.selectedName == "7.png")
    #expect(story.state.view == .gallery)
    story.press(Key(.escape))
    #expect(story.state.view == .studio)
}

@Test func nAndNGoFromMatchToMatchAmongAll() {
    var story = gallery(30)
    story.press("/")
    story.type("seed>=10 seed<12")
    story.press(Key(.enter), Key(.escape))
    story.press(Key(.home))
    story.press("n")
    #expect(story.selectedName == "11.png")
    story.press("n")
    #expect(story.selectedName == "10.png")
    story.press("n", "N")
    #expect(story.selectedName == "10.png")
}

@Test func lettersOfASearchAreNoCommands() {
    var story = gallery(3)
    story.press("/")
    story.type("q . x")
    #expect(story.state.gallery.field?.text == "q . x")
    #expect(story.state.popup == nil)
    #expect(story.orders().allSatisfy { if case .trash = $0 { false } else { true } })
}

@Test func starsTagsAndTrashAreTakenBack() throws {
    var story = gallery(3)
    _ = story.orders()
    story.press(".")
    #expect(story.state.gallery.selectedEntry?.isStarred == true)
    story.press("t")
    story.type("red  best red")
    story.press(Key(.enter))
    #expect(story.state.gallery.selectedEntry?.tags == ["red", "best"])
    story.press(Key(.delete))
    let path = try #require(story.state.gallery.selectedEntry?.path)
    #expect(story.orders().contains { if case .trash = $0 { true } else { false } })
    story.tell(.library(.trashed(path: path, place: "/pictures/.trash/2.png")))
    #expect(story.selectedName == "1.png")
    story.press("z")
    #expect(story.orders().contains { if case .untrash = $0 { true } else { false } })
    story.tell(.library(.untrashed(path: path)))
    #expect(story.state.gallery.matches.count == 3)
    story.press("z", "z")
    let entry = story.state.gallery.entries.first { $0.path == path }
    #expect(entry?.isStarred == false && entry?.tags == [])
    story.press("Z")
    #expect(story.state.gallery.entries.first { $0.path == path }?.isStarred == true)
}

/// A picture that is saved meanwhile takes the selection, not the tags.
@Test func tagsGoToThePictureThatTheyWereAskedFor() {
    var story = gallery(3)
    story.press("t")
    story.type("red")
    story.tell(.library(.indexed([entry("new.png", modified: 99)])))
    #expect(story.selectedName == "new.png")
    story.press(Key(.enter))
    #expect(story.orders().contains(.tag(path: "/pictures/2.png", ["red"])))
    #expect(story.state.gallery.selectedEntry?.tags == [])
}

@Test func whatNeverWentIntoTheTrashIsNothingToUndo() {
    var story = gallery(3)
    story.press(".")
    story.press(Key(.delete))
    story.tell(.problem("The disk is full."))
    story.press("z")
    #expect(story.state.gallery.selectedEntry?.isStarred == false)
    story.press("z")
    #expect(story.state.message?.text == "Nothing to undo here.")
}

@Test func aChangeOfAPictureThatIsGoneIsDroppedWithAWord() {
    var story = gallery(3)
    story.press(".")
    story.press(Key(.delete))
    story.tell(.library(.trashed(path: "/pictures/2.png", place: "/pictures/.trash/2.png")))
    story.tell(.library(.vanished(["/pictures/2.png"])))
    for _ in 0..<2 {
        story.press("z")
        #expect(
            story.state.message?.text == "That picture is gone; its change cannot be taken back.")
    }
    story.press("z")
    #expect(story.state.message?.text == "Nothing to undo here.")
}

@Test(arguments: [Command.galleryStar, .galleryTrash, .galleryTag])
func whatChangesAPictureOfTheGalleryOpensIt(command: Command) {
    var story = gallery(3)
    story.do(.viewStudio)
    story.do(command)
    #expect(story.state.view == .gallery)
}

@Test func aPictureWhoseFileIsGoneIsNotSavedAnyMore() {
    for news in [
        LibraryNews.trashed(path: "/p/a.png", place: "/p/.trash/a.png"), .vanished(["/p/a.png"])
    ] {
        var story = Story()
        story.draw("a fox")
        story.tell(.saved(1, path: "/p/a.png"))
        story.tell(.library(news))
        #expect(story.state.shown?.savedPath == nil && story.state.shown?.file == nil)
        story.tell(.saved(1, path: "/p/b.png"))
        #expect(story.state.message?.text == "Saved as /p/b.png.")
    }
}

@Test func aFileThatComesBackFromTheTrashIsThePicturesAgain() {
    var story = Story()
    story.draw("a fox")
    story.tell(.saved(1, path: "/p/a.png"))
    let file = story.state.shown?.file
    story.tell(.library(.trashed(path: "/p/a.png", place: "/p/.trash/a.png")))
    story.tell(.library(.untrashed(path: "/p/a.png")))
    #expect(story.state.shown?.savedPath == "/p/a.png" && story.state.shown?.file == file)
    // One that has another file by now keeps that.
    story.tell(.library(.trashed(path: "/p/a.png", place: "/p/.trash/a.png")))
    story.tell(.saved(1, path: "/p/b.png"))
    story.tell(.library(.untrashed(path: "/p/a.png")))
    #expect(story.state.shown?.savedPath == "/p/b.png")
    #expect(story.state.shown?.file?.path == "/p/b.png")
}

@Test func whatLiesInTheTrashSinceAnEarlierSittingIsNotSaved() {
    var story = Story()
    story.draw("a fox")
    story.tell(.saved(1, path: "/p/a.png"))
    var gone = entry("a.png", modified: 1)
    (gone.path, gone.trashPath) = ("/p/a.png", "/p/.trash/a.png")
    story.tell(.library(.listed([gone])))
    #expect(story.state.shown?.savedPath == nil && story.state.shown?.file == nil)
}

@Test func enterOpensAPictureAndAnOldRunIsShownWithItsSteps() {
    var story = gallery(3)
    story.press(Key(.enter))
    #expect(
        story.takeEffects().contains { $0 == .open(path: "/pictures/2.png", run: 1) })
    story = gallery(3)
    story.draw("a fox")
    story.tell(.saved(1, path: "/pictures/1.png"))
    story.press("3")
    story.press(Key(.right), Key(.enter))
    #expect(story.state.view == .studio)
    #expect(story.state.shownRun == 1)
}

@Test func recallTakesWhatItsLetterSays() {
    var story = gallery(9)
    story.press(Key(.right))
    story.press("s")
    #expect(story.state.parameters.seed == 7)
    #expect(story.state.prompt.positive.isEmpty)
    story.press("p")
    #expect(story.state.prompt.positive.text == "fox 7")
    story.press("d")
    #expect(story.state.parameters.width == 512)
    story.press(Key(.right))
    story.press("r")
    #expect(story.state.prompt.positive.text == "fox 6")
    #expect(story.state.parameters.seedMode == .random)
    #expect(story.state.parameters.sampling.steps == 12)
    story.press("a")
    #expect(story.state.parameters.seed == 6)
    #expect(story.state.parameters.seedMode == .fixed)
}

@Test func whatAFileSaysOfTheResidualIsRecalledWithinItsRange() {
    var odd = entry("odd.png", modified: 1)
    (odd.residualGuidance, odd.residualTemperature) = (1e300, 0.125)
    var story = Story()
    story.do(.viewGallery)
    story.tell(.library(.indexed([odd])))
    story.press("a")
    #expect(story.state.parameters.residual.guidanceScale == 100)
    #expect(story.state.parameters.residual.temperature == 0.125)
}

@Test func aSavedPictureAppearsAndTheSelectionStays() {
    var story = gallery(5)
    story.press(Key(.right))
    story.tell(.library(.indexed([entry("new.png", modified: 99)])))
    #expect(story.state.gallery.entries.first?.name == "new.png")
    #expect(story.selectedName == "3.png")
    story.tell(.library(.vanished(["/pictures/3.png"])))
    #expect(story.state.gallery.matches.count == 5)
}

@Test(arguments: [
    ("fox", true), ("FOX snow", true), ("\"red fox\"", true), ("\"fox red\"", false),
    ("-fox", false), ("-cat fox", true), ("seed:42", true), ("seed:4", false),
    ("steps>8 steps<=12", true), ("steps>12", false), ("size:512", false), ("size:512x768", true),
    ("size:512x512", false), ("cfg:4.5", true), ("guidance=4.5", true), ("is:starred", true),
    ("-is:starred", false), ("is:edited", false), ("tag:best", true), ("tag:bes", false),
    ("model:story", true), ("is:trashed", false), ("name:fox-1", true), ("colon:word", false),
    ("seed:", false), ("füchse", true), ("\"", true), ("-", true), (":", false), ("", true),
    ("residual-steps=20", true), ("residual-temperature<1", true), ("residual-guidance:0", false),
    ("-residual-temperature<1", false)
])
func queriesMeanWhatTheySay(query: String, isFound: Bool) {
    var entry = PictureEntry(path: "/p/fox-1.png", bytes: 1, modified: 1)
    entry.prompt = "A Red Fox in the snow, Füchse"
    (entry.seed, entry.steps, entry.guidance) = (42, 12, 4.5)
    (entry.width, entry.height) = (512, 768)
    (entry.isStarred, entry.tags, entry.model) = (true, ["best"], "storybook")
    (entry.residualSteps, entry.residualTemperature) = (20, 0.25)
    #expect(PictureQuery(query).matches(entry) == isFound)
}

@Test(arguments: 0..<20)
func anyQueryIsReadWithoutATrap(seed: UInt64) {
    var random = StudioState(randomness: seed)
    let alphabet = Array("ab:<>=\"- x5é\u{301}size:is:seed:")
    for _ in 0..<200 {
        let text = String(
            (0..<random.randomSeed() % 12).map { _ in
                alphabet[Int(random.randomSeed() % UInt64(alphabet.count))]
            })
        _ = PictureQuery(text).matches(entry("a.png", modified: 1))
    }
}

/// What is copied is of the picture selected, not of that in the studio.
@Test func theGalleryCopiesOfThePictureSelected() {
    var story = gallery(3)
    story.tell(.settings(ResolvedSettings()))
    story.press("y")
    #expect(story.state.popup == .copy)
    #expect(story.state.copyChoices.map(\.text) == ["2", "fox 2", "/pictures/2.png"])
    story.press("f")
    #expect(
        story.state.popup
            == .text(
                title: "The file, not copied",
                lines: [
                    "/pictures/2.png", "", "clipboard.osc52 in the settings switches copying on."
                ]))
    story = gallery(0)
    story.press("y")
    #expect(story.state.popup == nil && story.state.message?.kind == .problem)
}
