import TerminalGraphics

/// Everything that can be asked for by name: from the palette, the help, a key or the mouse.
package enum Command: String, CaseIterable, Hashable, Sendable {
    case generate
    case cancel = "job.cancel"
    case pause = "step.pause"
    case nextStep = "step.next"
    case previousStep = "step.back"
    case firstStep = "step.first"
    case lastStep = "step.last"
    case goToStep = "step.goto"
    case skip = "job.skip"
    case fork
    case toggleResidual = "residual.toggle"
    case rerollResidual = "residual.reroll"
    case repeatResidual = "residual.repeat"
    case strongerResidual = "residual.stronger"
    case weakerResidual = "residual.weaker"
    case nextOverlay = "overlay.next"
    case previousOverlay = "overlay.previous"
    case noOverlay = "overlay.off"
    case gridOverlay = "overlay.grid"
    case tokensOverlay = "overlay.new"
    case confidenceOverlay = "overlay.confidence"
    case orderOverlay = "overlay.order"
    case maskOverlay = "overlay.mask"
    case nextPreview = "preview.next"
    case zoomIn = "zoom.in"
    case zoomOut = "zoom.out"
    case zoomFit = "zoom.fit"
    case pinToken = "token.pin"
    case unpinToken = "token.unpin"
    case swapToken = "token.swap"
    case split = "compare.split"
    case difference = "compare.diff"
    case residualMap = "compare.residual"
    case compareWith = "compare.with"
    case flip = "compare.flip"
    case flipSource = "compare.source"
    case swapCompared = "compare.swap"
    case dividerLeft = "compare.left"
    case dividerRight = "compare.right"
    case editMask = "mask.edit"
    case brush = "tool.brush"
    case eraser = "tool.eraser"
    case rectangle = "tool.rectangle"
    case ellipse = "tool.ellipse"
    case lasso = "tool.lasso"
    case flood = "tool.flood"
    case largerBrush = "brush.larger"
    case smallerBrush = "brush.smaller"
    case applyTool = "tool.apply"
    case invertMask = "mask.invert"
    case growMask = "mask.grow"
    case shrinkMask = "mask.shrink"
    case clearMask = "mask.clear"
    case maskAll = "mask.all"
    case maskLeastSure = "mask.lowconf"
    case loadMask = "mask.load"
    case saveMask = "mask.save"
    case inpaint = "edit.inpaint"
    case variation = "edit.variation"
    case reroll = "edit.reroll"
    case alternatives = "edit.alternatives"
    case outpaint = "edit.outpaint"
    case outpaintLeft = "edit.outpaint.left"
    case outpaintRight = "edit.outpaint.right"
    case outpaintUp = "edit.outpaint.up"
    case outpaintDown = "edit.outpaint.down"
    case accept = "edit.accept"
    case discard = "edit.discard"
    case nextCandidate = "edit.next"
    case previousCandidate = "edit.previous"
    case undo
    case redo
    case previousPicture = "picture.previous"
    case nextPicture = "picture.next"
    case save
    case saveAs = "save.as"
    case saveBoth = "save.both"
    case saveSteps = "export.sheet"
    case saveAnimation = "export.animation"
    case saveEachStep = "export.steps"
    case saveStripped = "export.strip"
    case sheet = "grid.make"
    case saveSheet = "export.grid"
    case exports = "export.choose"
    case openFile = "image.import"
    case editPrompt = "prompt.edit"
    case externalEditor = "prompt.editor"
    case example = "prompt.example"
    case style = "prompt.style"
    case searchHistory = "history.search"
    case newSeed = "seed.new"
    case fixSeed = "seed.fix"
    case closePicture = "picture.close"
    case reopenPicture = "picture.reopen"
    case recallAll = "recall.all"
    case recallPrompt = "recall.prompt"
    case recallSeed = "recall.seed"
    case recallSize = "recall.size"
    case parameters = "parameters.edit"
    case nextPanel = "panel.next"
    case copy
    case copySeed = "copy.seed"
    case copyPrompt = "copy.prompt"
    case copyCommandLine = "copy.command"
    case copyPath = "copy.file"
    case nextTheme = "theme.next"
    case setTheme = "theme.set"
    case bestGraphics = "graphics.auto"
    case sixelGraphics = "graphics.sixel"
    case kittyGraphics = "graphics.kitty"
    case halfBlockGraphics = "graphics.halfblock"
    case quadrantGraphics = "graphics.quadrant"
    case sextantGraphics = "graphics.sextant"
    case asciiGraphics = "graphics.ascii"
    case noGraphics = "graphics.none"
    case probeTerminal = "graphics.probe"
    case editConfiguration = "config.edit"
    case reloadConfiguration = "config.reload"
    case resetSetting = "config.reset"
    case loadModel = "model.load"
    case verifyModel = "model.verify"
    case queueAdd = "queue.add"
    case queueAddFirst = "queue.front"
    case queuePause = "queue.pause"
    case queueResume = "queue.resume"
    case queueUp = "queue.up"
    case queueDown = "queue.down"
    case queueEdit = "queue.edit"
    case queueRemove = "queue.remove"
    case queueRetry = "queue.retry"
    case queueClear = "queue.clear"
    case queueEmpty = "queue.empty"
    case queueSkip = "queue.skip"
    case gallerySearch = "gallery.search"
    case galleryNext = "gallery.next"
    case galleryPrevious = "gallery.previous"
    case galleryOpen = "gallery.open"
    case galleryPair = "gallery.pair"
    case galleryStar = "gallery.star"
    case galleryTag = "gallery.tag"
    case galleryTrash = "gallery.trash"
    case galleryInfo = "image.info"
    case galleryCopy = "gallery.copy"
    case galleryRecallAll = "gallery.recall.all"
    case galleryRecallPrompt = "gallery.recall.prompt"
    case galleryRecallSeed = "gallery.recall.seed"
    case galleryRecallSize = "gallery.recall.size"
    case galleryRemix = "gallery.recall.remix"
    case galleryTrashed = "gallery.trashed"
    case galleryScan = "gallery.scan"
    case showVersions = "tree.show"
    case showLog = "log.show"
    case viewStudio = "view.studio"
    case viewEdit = "view.edit"
    case viewGallery = "view.gallery"
    case viewQueue = "view.queue"
    case viewSettings = "view.settings"
    case help = "keys.show"
    case palette
    case about
    case redraw
    case suspend
    case quit
}

/// Where a key means a command; the narrower comes first.
package enum KeyContext: Int, CaseIterable, Hashable, Sendable {
    /// While a result waits to be accepted.
    case proposal
    /// While a mask is painted.
    case mask
    /// In the studio's own view, while no text is typed.
    case canvas
    /// In the settings view, while no value is typed.
    case settings
    case gallery
    case queue
    /// In every view, while no text is typed.
    case navigation
    /// Even in a text.
    case anywhere

    /// What stands over its commands.
    var heading: String {
        switch self {
        case .proposal: "On a result"
        case .mask: "While a mask is painted"
        case .canvas: "On the picture"
        case .settings: "In the settings"
        case .gallery: "In the gallery"
        case .queue: "In the queue"
        case .navigation: "In every view, outside texts"
        case .anywhere: "Everywhere, also in texts"
        }
    }
}

extension Command {
    /// What a person reads of a command.
    package struct Entry: Sendable {
        package let command: Command
        package let title: String
        package let keys: [Key]
        package let context: KeyContext

        fileprivate init(
            _ command: Command, _ title: String, _ keys: [Key] = [], _ context: KeyContext = .canvas
        ) {
            self.command = command
            self.title = title
            self.keys = keys
            self.context = context
        }
    }

    private static func plain(_ scalar: Unicode.Scalar) -> Key { Key(.character(scalar)) }
    private static func control(_ scalar: Unicode.Scalar) -> Key {
        Key(.character(scalar), .control)
    }
    /// A view's digit, with Alt while typing.
    private static func view(_ digit: Unicode.Scalar) -> [Key] {
        [plain(digit), Key(.character(digit), .alt)]
    }

    package static let entries: [Entry] = [
        Entry(.generate, "generate the picture", [control("g")], .anywhere),
        Entry(.cancel, "cancel the run, or ask to quit", [control("c")], .anywhere),
        Entry(.editPrompt, "edit the prompt", [plain("p"), plain("i")]),
        Entry(.parameters, "change parameters", [plain("s")]),
        Entry(.pause, "pause or go on", [plain(" ")]),
        Entry(.nextStep, "next step", [plain(".")]),
        Entry(.previousStep, "step back", [plain(",")]),
        Entry(.firstStep, "first step", [plain("0")]),
        Entry(.lastStep, "last step, then the picture", [plain("$")]),
        Entry(.goToStep, "go to a step", [plain("g")]),
        Entry(.fork, "fork from the step shown, with another prompt or seed", [plain("f")]),
        Entry(.toggleResidual, "flip: discrete or refined", [plain("d")]),
        Entry(.split, "split view of discrete and refined", [plain("c")]),
        Entry(.compareWith, "compare with another picture", [plain("C")]),
        Entry(.difference, "difference, eightfold", [plain("x")]),
        Entry(.flip, "flip: the picture or what it is compared with"),
        Entry(.residualMap, "map of residual lengths", [plain("X")]),
        Entry(.dividerLeft, "move the divider left", [plain("<")]),
        Entry(.dividerRight, "move the divider right", [plain(">")]),
        Entry(.rerollResidual, "new residual with a new seed", [plain("R")]),
        Entry(.repeatResidual, "residual again, as the parameters say now"),
        Entry(.strongerResidual, "stronger residual", [plain("}")]),
        Entry(.weakerResidual, "weaker residual", [plain("{")]),
        Entry(.swapCompared, "swap the sides of a comparison", [plain("|")]),
        Entry(.zoomIn, "zoom in", [plain("+")]),
        Entry(.zoomOut, "zoom out", [plain("-")]),
        Entry(.zoomFit, "show the whole picture", [plain("=")]),
        Entry(.nextOverlay, "next overlay of tokens", [plain("o")]),
        Entry(.previousOverlay, "previous overlay", [plain("O")]),
        Entry(.noOverlay, "no overlay"),
        Entry(.gridOverlay, "overlay: the borders of tokens"),
        Entry(.tokensOverlay, "overlay: masked, new and pinned tokens"),
        Entry(.confidenceOverlay, "overlay: confidence"),
        Entry(.orderOverlay, "overlay: order of fixing"),
        Entry(.maskOverlay, "overlay: the mask, also over a result"),
        Entry(.nextPreview, "show steps in another way", [plain("P")]),
        Entry(.pinToken, "mask or pin the token under the cursor", [plain("t")]),
        Entry(.unpinToken, "mask the token under the cursor again"),
        Entry(.swapToken, "swap the token for one of its candidates", [plain("T")]),
        Entry(.editMask, "paint a mask, or stop painting", [plain("m")]),
        Entry(.applyTool, "use the tool at the cursor", [plain(" ")], .mask),
        Entry(.brush, "brush", [plain("b")], .mask),
        Entry(.eraser, "eraser", [plain("e")], .mask),
        Entry(.rectangle, "rectangle", [plain("u")], .mask),
        Entry(.ellipse, "ellipse", [plain("U")], .mask),
        Entry(.lasso, "lasso", [plain("l")], .mask),
        Entry(.flood, "flood of similar colour", [plain("g")], .mask),
        Entry(.smallerBrush, "smaller brush", [plain("[")], .mask),
        Entry(.largerBrush, "larger brush", [plain("]")], .mask),
        Entry(.invertMask, "invert the mask", [plain("V")], .mask),
        Entry(.growMask, "grow the mask", [plain(">")], .mask),
        Entry(.shrinkMask, "shrink the mask", [plain("<")], .mask),
        Entry(.clearMask, "clear the mask", [Key(.delete), plain("C")], .mask),
        Entry(.maskAll, "mask everything", [plain("a")], .mask),
        Entry(.maskLeastSure, "mask the least sure tokens", [plain("L")], .mask),
        Entry(.loadMask, "mask from a file", [plain("I")], .mask),
        Entry(.saveMask, "save the mask", [plain("W")], .mask),
        Entry(.inpaint, "paint the masked part anew", [Key(.enter)]),
        Entry(.alternatives, "alternatives side by side", [plain("K")]),
        Entry(.variation, "variation: mask a share anew", [plain("v")]),
        Entry(.reroll, "re-roll the least sure tokens", [plain("%")]),
        Entry(.outpaint, "continue the picture beyond its sides"),
        Entry(.outpaintLeft, "a cell more to the left, to outpaint", [Key(.left, .alt)]),
        Entry(.outpaintRight, "a cell more to the right, to outpaint", [Key(.right, .alt)]),
        Entry(.outpaintUp, "a cell more upwards, to outpaint", [Key(.up, .alt)]),
        Entry(.outpaintDown, "a cell more downwards, to outpaint", [Key(.down, .alt)]),
        Entry(.accept, "accept the result", [plain("A")], .proposal),
        Entry(.discard, "discard the result", [Key(.escape), plain("D")], .proposal),
        Entry(.flipSource, "flip: before or after the edit", [plain("b")], .proposal),
        Entry(.nextCandidate, "next alternative", [plain("n"), Key(.tab)], .proposal),
        Entry(.previousCandidate, "previous alternative", [plain("N")], .proposal),
        Entry(.skip, "skip the selected picture", [Key(.delete)], .proposal),
        Entry(.undo, "undo", [plain("z"), control("z")], .navigation),
        Entry(.redo, "redo", [plain("Z"), control("y")], .navigation),
        Entry(.previousPicture, "previous picture", [Key(.pageUp), plain("(")]),
        Entry(.nextPicture, "next picture", [Key(.pageDown), plain(")")]),
        Entry(.closePicture, "take the picture off the list", [Key(.delete)]),
        Entry(.reopenPicture, "bring back the picture that was taken off last"),
        Entry(.save, "save the picture shown", [plain("w")]),
        Entry(.saveAs, "save under a name", [plain("W")]),
        Entry(.saveBoth, "save discrete and refined"),
        Entry(.saveSteps, "save a sheet of all steps"),
        Entry(.saveAnimation, "save the unmasking as an animated PNG"),
        Entry(.saveEachStep, "save every step as a PNG"),
        Entry(.saveStripped, "save without metadata"),
        Entry(.sheet, "parameter sheet of columns and rows", [plain("G")]),
        Entry(.saveSheet, "save the parameter sheet"),
        Entry(.exports, "all ways to save", [plain("E")]),
        Entry(.openFile, "open a PNG and edit it", [plain("I")]),
        Entry(.externalEditor, "edit the prompt in $EDITOR (Ctrl-X Ctrl-E)"),
        Entry(.example, "an example prompt", [plain("e")]),
        Entry(.style, "add a style to the prompt", [plain("Y")]),
        Entry(.searchHistory, "search earlier prompts", [control("r")], .anywhere),
        Entry(.newSeed, "another seed", [plain("r")]),
        Entry(.fixSeed, "keep or release the seed", [plain("S")]),
        Entry(.recallAll, "recall prompt, seed and parameters", [plain("a")]),
        Entry(.recallPrompt, "recall the prompt of the picture"),
        Entry(.recallSeed, "recall the seed of the picture"),
        Entry(.recallSize, "recall the size of the picture"),
        Entry(.nextPanel, "next panel", [Key(.tab)]),
        Entry(.copy, "copy seed, prompt or command line", [plain("y")]),
        Entry(.copySeed, "copy the seed"),
        Entry(.copyPrompt, "copy the prompt"),
        Entry(.copyCommandLine, "copy the equivalent command line"),
        Entry(.copyPath, "copy the path of the saved picture"),
        Entry(.nextTheme, "next theme", [], .navigation),
        Entry(.setTheme, "choose a theme", [], .navigation),
        Entry(.bestGraphics, "pictures: what the terminal does best", [], .navigation),
        Entry(.sixelGraphics, "pictures: sixel pixels", [], .navigation),
        Entry(.kittyGraphics, "pictures: kitty pixels", [], .navigation),
        Entry(.halfBlockGraphics, "pictures: half blocks", [], .navigation),
        Entry(.quadrantGraphics, "pictures: quarter blocks", [], .navigation),
        Entry(.sextantGraphics, "pictures: sixth blocks, where the font has them", [], .navigation),
        Entry(.asciiGraphics, "pictures: ASCII characters", [], .navigation),
        Entry(.noGraphics, "pictures: none", [], .navigation),
        Entry(.probeTerminal, "ask the terminal again what it can do", [], .navigation),
        Entry(.editConfiguration, "open the settings file in $EDITOR", [plain("e")], .settings),
        Entry(.reloadConfiguration, "read the settings files again", [plain("r")], .settings),
        Entry(
            .resetSetting, "set back to the default", [Key(.delete), Key(.backspace)], .settings),
        Entry(.showVersions, "versions of this picture, as a tree", [plain("B")]),
        Entry(
            .queueAddFirst, "queue the prompt, as the next", [Key(.character("g"), .alt)], .anywhere
        ),
        Entry(.queueAdd, "queue the prompt, as the last"),
        Entry(.queuePause, "pause the queue, or let it go on", [plain(" "), plain("p")], .queue),
        Entry(.queueResume, "let the queue go on", [], .queue),
        Entry(.queueUp, "move the job up", [plain("K"), Key(.up, .shift)], .queue),
        Entry(.queueDown, "move the job down", [plain("J"), Key(.down, .shift)], .queue),
        Entry(.queueEdit, "take the job out and edit it", [Key(.enter), plain("e")], .queue),
        Entry(.queueRemove, "remove the job", [Key(.delete), plain("x")], .queue),
        Entry(.queueRetry, "queue the job again", [plain("r")], .queue),
        Entry(.queueClear, "remove all jobs that are done", [plain("C")], .queue),
        Entry(.queueEmpty, "remove all jobs that wait", [plain("X")], .queue),
        Entry(.queueSkip, "skip the job that is on", [plain("S")], .queue),
        Entry(.galleryOpen, "open the picture in the studio", [Key(.enter)], .gallery),
        Entry(.gallerySearch, "search prompts and parameters", [plain("/")], .gallery),
        Entry(.galleryNext, "next picture that matches", [plain("n")], .gallery),
        Entry(.galleryPrevious, "previous picture that matches", [plain("N")], .gallery),
        Entry(.galleryStar, "star, or no star", [plain(".")], .gallery),
        Entry(.galleryTag, "tags", [plain("t")], .gallery),
        Entry(.galleryTrash, "into the trash", [Key(.delete), plain("x")], .gallery),
        Entry(.galleryInfo, "how the picture was made", [plain("i")], .gallery),
        Entry(.galleryCopy, "copy seed, prompt or path", [plain("y")], .gallery),
        Entry(.galleryPair, "open as discrete and refined", [plain("D")], .gallery),
        Entry(.galleryRecallAll, "recall prompt, seed and parameters", [plain("a")], .gallery),
        Entry(.galleryRecallPrompt, "recall the prompt", [plain("p")], .gallery),
        Entry(.galleryRecallSeed, "recall the seed", [plain("s")], .gallery),
        Entry(.galleryRecallSize, "recall the size", [plain("d")], .gallery),
        Entry(.galleryRemix, "recall all but the seed", [plain("r")], .gallery),
        Entry(.galleryTrashed, "show the trash, or all but it", [], .gallery),
        Entry(.galleryScan, "look for new files", [Key(.function(5))], .gallery),
        Entry(.viewStudio, "view: studio", view("1"), .navigation),
        Entry(.viewEdit, "view: studio, painting a mask", view("2"), .navigation),
        Entry(.viewGallery, "view: gallery of saved pictures", view("3"), .navigation),
        Entry(.viewQueue, "view: queue of pictures to make", view("4"), .navigation),
        Entry(.viewSettings, "view: settings", view("5"), .navigation),
        Entry(.help, "help", [Key(.function(1)), plain("?")], .navigation),
        Entry(.palette, "all commands", [Key(.function(2)), plain(":")], .navigation),
        Entry(.loadModel, "open another model", [], .navigation),
        Entry(.verifyModel, "compare the model's files with their sums", [], .navigation),
        Entry(.about, "about: program, model and machine", [], .navigation),
        Entry(.showLog, "the log: what the studio has said", [], .navigation),
        Entry(.redraw, "draw everything again", [control("l")], .anywhere),
        Entry(.suspend, "suspend the studio", [], .navigation),
        Entry(.quit, "quit", [plain("q")], .navigation)
    ]

    private static let entryOf: [Command: Entry] = Dictionary(
        entries.map { ($0.command, $0) }, uniquingKeysWith: { first, _ in first })

    /// Whether it asks for one text, which can stand behind its name.
    var asksForText: Bool {
        switch self {
        case .goToStep, .saveAs, .openFile, .loadMask, .saveMask, .loadModel, .searchHistory,
            .gallerySearch, .galleryTag:
            true
        default: false
        }
    }

    package var entry: Entry? { Self.entryOf[self] }

    package var title: String { entry?.title ?? rawValue }

    /// Where its keys count.
    package var context: KeyContext? { entry?.context }
}
