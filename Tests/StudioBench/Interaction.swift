import Foundation
import TestSupport

/// Fractions that fill 0 ... 1 evenly, however many are taken.
private func spread(_ index: Int) -> Double {
    (Double(index) * 0.618_033_988_749_895).truncatingRemainder(dividingBy: 1)
}

/// From the start of the program to a screen with its panels.
func measureStart() throws {
    let folder = try TemporaryFolder()
    var figure = Figure("start to first frame", limit: 150, isTail: false)
    for _ in 0..<15 {
        var studio: Studio?
        try figure.measure {
            studio = try Studio.open(in: folder)
            try studio?.session.wait(forText: "Parameters")
        }
        try studio?.session.wait(forText: "px  ·")
        try studio?.quit()
    }
    figure.report()
}

/// From a key to its letter, at moments spread over runs that keep all cores busy.
func measureKeys() throws {
    for side in Studio.model == nil ? [256, 1024] : [512] {
        let folder = try TemporaryFolder()
        let studio = try Studio.openReady(
            in: folder, settings: ["[generate]", "size = \(side)", "steps = 32"])
        var figure = Figure("key to screen while generating, \(side)x\(side)", limit: 30)
        let end = ContinuousClock.now + .seconds(60)
        while figure.samples.count < 200, ContinuousClock.now < end {
            if studio.phase == nil {
                let before = studio.picture
                studio.session.type("\u{7}")
                // A terminal that was still busy with the last picture may see but the next one.
                try studio.session.wait(for: "a run") { _ in
                    studio.phase != nil || studio.picture != before
                }
                studio.focusPrompt()
            }
            try figure.measure { try studio.echo() }
            studio.session.run(seconds: 0.02 + 0.06 * spread(figure.samples.count))
            studio.session.type("\u{7F}")
            try studio.session.wait(for: "its end") { !$0.text.contains("§") }
            studio.session.run(seconds: 0.02 + 0.06 * spread(3 * figure.samples.count))
        }
        figure.report()
        try studio.quit()
    }
}

/// From Ctrl-C to a studio that says it has stopped, by the phase that was stopped.
func measureCancel() throws {
    let folder = try TemporaryFolder()
    let isLarge = Studio.model != nil
    let opening = ContinuousClock.now
    let studio = try Studio.openReady(
        in: folder,
        settings: ["[generate]", "steps = 4"]
            + (isLarge ? [] : ["size = 1024", "residual_steps = 40"]))
    var figures: [String: Figure] = [:]
    // Seconds after the start of a run; once with a large model, which is opened in that time, too.
    var longest = isLarge ? (ContinuousClock.now - opening) / .seconds(1) : 3
    var count = 0
    let end = ContinuousClock.now + .seconds(60)
    while ContinuousClock.now < end {
        studio.session.type("\u{7}")
        let start = ContinuousClock.now
        try studio.session.wait(for: "a run") {
            studio.phase != nil && !$0.text.contains("Cancelled")
        }
        studio.session.run(seconds: longest * spread(count))
        count += 1
        guard let phase = studio.phase else {
            longest = min(longest, (ContinuousClock.now - start) / .seconds(1))
            continue
        }
        var figure = figures[phase] ?? Figure("cancel to idle, \(phase)", limit: 150)
        let seen = studio.session.terminal.transcript.count
        let question = "Quit the studio?"
        try figure.measure {
            studio.session.type("\u{3}")
            try studio.session.wait(for: "an end", seconds: 20) {
                // A run that was about to end may still do so.
                $0.transcript.count > seen
                    && ["Cancelled", "Done in", question].contains(where: $0.text.contains)
            }
        }
        // The run ended by itself a moment before the key, which then asks something else.
        if studio.session.terminal.text.contains(question) {
            studio.session.type("\u{1B}")
            try studio.session.wait(for: "no question") { !$0.text.contains(question) }
            continue
        }
        figures[phase] = figure
    }
    for phase in ["prompt", "steps", "residual", "decoding"] { figures[phase]?.report() }
    try studio.quit()
}

/// From a new size of the window to a screen of that size with its picture.
func measureResize() throws {
    let folder = try TemporaryFolder()
    let studio = try Studio.openReady(in: folder)
    var figure = Figure("resize to repainted, with its picture", limit: 100)
    for index in 0..<100 {
        let (columns, rows) = index % 2 == 0 ? (100, 30) : (120, 40)
        let count = studio.session.terminal.pictures.sixelCount
        try figure.measure {
            studio.session.resize(columns: columns, rows: rows)
            try studio.session.wait(for: "the new size") {
                $0.pictures.sixelCount > count && $0.lines.last?.contains("help") == true
            }
        }
        _ = studio.settle(0.05)
    }
    figure.report()
    try studio.quit()
}
