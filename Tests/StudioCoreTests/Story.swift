import Imaging
import Requests
import StudioCore
import TerminalGraphics

/// A studio driven as a person and a model would, without either.
struct Story {
    var state: StudioState
    /// What was asked of the world since it was last looked at.
    private(set) var effects: [StudioEffect] = []

    init(isModelOpen: Bool = true) {
        state = StudioState(randomness: 7)
        if isModelOpen { tell(.modelOpened(Self.facts)) }
    }

    static let facts = ModelFacts(
        name: "storybook", trainedSide: 64, pixelsPerToken: 32, codebookSize: 16,
        residualSteps: 20, sampling: SamplingSettings(steps: 4), threads: 2)

    mutating func type(_ text: String) {
        for scalar in text.unicodeScalars { press(Key(.character(scalar))) }
    }

    mutating func press(_ keys: Key...) {
        for key in keys { effects += update(&state, .key(key)) }
    }

    mutating func `do`(_ command: Command) { effects += update(&state, .command(command)) }

    mutating func tell(_ news: StudioNews) { effects += update(&state, .news(news)) }

    mutating func act(_ action: StudioAction) { effects += update(&state, action) }

    mutating func point(_ target: MouseTarget?, _ action: MouseEvent.Action) {
        effects += update(&state, .mouse(target, action))
    }

    /// The effects so far, which are then forgotten.
    mutating func takeEffects() -> [StudioEffect] {
        defer { effects = [] }
        return effects
    }

    // MARK: A model of four tokens that fixes one a step

    mutating func start(_ run: RunID) {
        tell(.started(run, gridWidth: 2, gridHeight: 2, Self.snapshot(0), isPromptTruncated: false))
    }

    mutating func step(_ run: RunID, _ number: Int) {
        tell(.stepped(run, Self.snapshot(number), nil, seconds: 0.5))
    }

    mutating func finish(_ run: RunID, shade: UInt8 = 200) {
        for number in 1...4 { step(run, number) }
        tell(.finished(run, Self.picture(shade), seconds: 2))
    }

    /// Types a prompt and lets the model draw it.
    mutating func draw(_ prompt: String) {
        `do`(.editPrompt)
        press(Key(.character("u"), .control))
        type(prompt)
        press(Key(.enter))
        let run = state.shownRun ?? 0
        start(run)
        finish(run)
        _ = takeEffects()
    }

    static func snapshot(_ step: Int) -> StepSnapshot {
        let fixed = (0..<4).map { $0 < step ? $0 + 1 : nil }
        return StepSnapshot(
            step: step, ids: fixed.map { $0.map { $0 + 2 } }, fixedAt: fixed,
            confidence: fixed.map { $0.map { 1 - Float($0) / 8 } ?? 0 })
    }

    static func picture(_ shade: UInt8) -> FinishedPicture {
        FinishedPicture(
            discrete: RGBImage(width: 64, height: 64, red: shade, green: 80, blue: 90),
            refined: RGBImage(width: 64, height: 64, red: shade, green: 90, blue: 90),
            residualLengths: [0, 0.3, 0.6, 1], seamError: nil, strength: 1)
    }
}
