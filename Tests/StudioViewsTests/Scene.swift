import Imaging
import Requests
import StudioCore
import StudioViews
import TerminalGraphics

/// A size of the screen.
struct ScreenSize: CustomStringConvertible, Sendable {
    let columns: Int
    let rows: Int

    init(_ columns: Int, _ rows: Int) {
        self.columns = columns
        self.rows = rows
    }

    var description: String { "\(columns)x\(rows)" }
}

/// Moments of a session.
enum Scene: String, CaseIterable, Sendable {
    case start
    case running
    case paused
    case picture
    case mask
    case parameters
    case help
    case alternatives
    case settings
    case gallery
    case gallerySearch
    case queue
    case versions
    case saveAs
    case exports
    case outpaint

    static func abilities(_ colors: ColorDepth, hasPictures: Bool = true) -> ScreenAbilities {
        ScreenAbilities(
            cellStyle: CellStyle(colors: colors), cellSize: CellSize(width: 10, height: 20),
            hasUnicode: true, colors: colors, hasPictures: hasPictures)
    }

    func frame(_ size: ScreenSize, _ colors: ColorDepth, hasPictures: Bool = true) -> Frame {
        var state = state
        if colors == .mono { state.theme = .mono }
        state.screen.columns = size.columns
        state.screen.rows = size.rows
        return StudioViews.frame(
            of: state, columns: size.columns, rows: size.rows,
            on: Self.abilities(colors, hasPictures: hasPictures))
    }

    private var state: StudioState {
        var state = StudioState(randomness: 7)
        func tell(_ news: StudioNews) { _ = update(&state, .news(news)) }
        func perform(_ command: Command) { _ = update(&state, .command(command)) }
        tell(
            .modelOpened(
                ModelFacts(
                    name: "storybook", trainedSide: 64, pixelsPerToken: 32, codebookSize: 16,
                    residualSteps: 20, sampling: SamplingSettings(steps: 4), threads: 2,
                    examples: ["a beach at sunset", "a fox in the snow"])))
        guard self != .start else { return state }
        _ = update(&state, .promptEdited("a fox in the snow, and a prompt that needs two lines"))
        perform(.generate)
        let run = state.shownRun ?? 1
        tell(
            .started(
                run, gridWidth: 2, gridHeight: 2, Self.snapshot(0), isPromptTruncated: false))
        tell(.phase(run, .steps, done: 0, of: 4))
        for step in 1...2 {
            tell(.stepped(run, Self.snapshot(step), Self.preview, seconds: 0.5))
            tell(.phase(run, .steps, done: step, of: 4))
        }
        if self == .running { return state }
        if self == .paused {
            tell(.paused(run))
            tell(
                .candidates(
                    run, step: 1, position: 0,
                    [
                        TokenCandidate(id: 3, probability: 0.5),
                        TokenCandidate(id: 9, probability: 0.25)
                    ]))
            return state
        }
        for step in 3...4 { tell(.stepped(run, Self.snapshot(step), Self.preview, seconds: 0.5)) }
        tell(.finished(run, Self.finished, seconds: 2.25))
        switch self {
        case .mask:
            perform(.editMask)
            perform(.applyTool)
        case .parameters: perform(.parameters)
        case .help: perform(.help)
        case .saveAs:
            perform(.saveAs)
            tell(.nameSuggested("dcar-0007-a-fox-in-the-snow.png"))
        case .exports: perform(.exports)
        case .outpaint: perform(.outpaint)
        case .settings:
            perform(.viewSettings)
            for _ in 0..<3 { _ = update(&state, .key(Key(.down))) }
        case .alternatives:
            perform(.maskAll)
            perform(.alternatives)
        case .gallery, .gallerySearch:
            tell(.library(.listed(Self.entries)))
            tell(
                .library(
                    .thumbnails(
                        Dictionary(
                            uniqueKeysWithValues: Self.entries.dropLast(2).map {
                                ($0.path, Self.finished.refined)
                            }))))
            perform(.viewGallery)
            _ = update(&state, .key(Key(.right)))
            if self == .gallerySearch {
                perform(.gallerySearch)
                for scalar in "fox seed>2".unicodeScalars {
                    _ = update(&state, .key(Key(.character(scalar))))
                }
            }
        case .queue:
            for _ in 0..<4 { perform(.queueAdd) }
            tell(.library(.journalled(1)))
            tell(.failed(state.job?.runs.first ?? 0, "The disk is full; free some space."))
            tell(.library(.journalled(2)))
            perform(.viewQueue)
            _ = update(&state, .key(Key(.down)))
        case .versions:
            perform(.reroll)
            if let run = state.job?.runs.first {
                tell(
                    .started(
                        run, gridWidth: 2, gridHeight: 2, Self.snapshot(0),
                        isPromptTruncated: false))
                tell(.finished(run, Self.finished, seconds: 1))
            }
            perform(.accept)
            perform(.showVersions)
        default: break
        }
        return state
    }

    private static func snapshot(_ step: Int) -> StepSnapshot {
        let fixed = (0..<4).map { $0 < step ? $0 + 1 : nil }
        return StepSnapshot(
            step: step, ids: fixed.map { $0.map { $0 + 2 } }, fixedAt: fixed,
            confidence: fixed.map { $0.map { 1 - Float($0) / 8 } ?? 0 })
    }

    private static let entries = (0..<9).map { number in
        var entry = PictureEntry(
            path: "/pictures/dcar-000\(number).png", bytes: 90_000, modified: Int64(9 - number))
        entry.prompt = number == 4 ? "" : "a fox in the snow, number \(number)"
        (entry.width, entry.height) = (64, 64)
        (entry.seed, entry.steps, entry.guidance) = (UInt64(number), 12, 4.5)
        entry.isStarred = number == 1
        entry.tags = number == 1 ? ["best", "snow"] : []
        if number == 8 { entry.problem = "dcar-0008.png: The file ends at byte 100." }
        return entry
    }

    private static let preview = StepPreview(
        image: RGBImage(width: 64, height: 64, red: 120, green: 80, blue: 60), kind: .colors)

    private static let finished = FinishedPicture(
        discrete: RGBImage(width: 64, height: 64, red: 200, green: 80, blue: 90),
        refined: RGBImage(width: 64, height: 64, red: 200, green: 90, blue: 90),
        residualLengths: [0, 0.3, 0.6, 1], seamError: nil, strength: 1)
}
