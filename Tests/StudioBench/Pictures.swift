import Foundation
import Imaging
import TerminalGraphics
import TestSupport

/// Makes a picture with the embedded model.
private func picture(side: Int, in folder: TemporaryFolder) throws -> String {
    let path = folder.file("picture-\(side).png")
    let process = Process()
    process.executableURL = URL(fileURLWithPath: Studio.program)
    process.arguments = [
        "generate", "mountains at sunset", "--seed", "7", "-W", "\(side)", "-H", "\(side)", "-o",
        path, "--quiet"
    ]
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return path
}

/// One 512x512 picture as sixel, and what of it comes back: with the colours that the settings come
/// with where a terminal has registers, and with those that all have.
func measureSixel() throws {
    let folder = try TemporaryFolder()
    let image = try ImageFile.open(picture(side: 512, in: folder)).image
    for (colors, terminals) in [(512, "xterm, foot"), (256, "others")] {
        var figure = Figure(
            "sixel of 512x512, \(colors) colours (\(terminals))", limit: 15, isTail: false)
        var bytes: [UInt8] = []
        for _ in 0..<40 {
            figure.measure {
                bytes = SixelEncoder.encode(image, options: SixelOptions(colors: colors))
            }
        }
        figure.report()
        if let shown = try DecodedSixel(bytes).image {
            print(
                String(
                    format: "  %.1f dB against its source, limit 40; %d bytes",
                    shown.psnr(against: image), bytes.count))
        }
    }
}

/// From the key to a gallery of 10,000 pictures with the pictures of its first screen, all known
/// from before.
func measureGallery() throws {
    let folder = try TemporaryFolder()
    let original = try picture(side: 256, in: folder)
    let files = FileManager.default
    try files.createDirectory(atPath: folder.file("pictures"), withIntermediateDirectories: true)
    for number in 0..<10_000 {
        try files.linkItem(
            atPath: original, toPath: folder.file("pictures/picture-\(number).png"))
    }
    var figure = Figure("gallery of 10,000, first screen warm", limit: 150, isTail: false)
    for round in 0..<8 {
        let studio = try Studio.open(in: folder, ["tui", "--fresh"])
        try studio.session.wait(forText: "px  ·")
        if round == 0 {
            studio.session.type("\u{1B}3")
            try studio.session.wait(forText: "10000 pictures", seconds: 60)
        }
        _ = studio.settle(round == 0 ? 3 : 1)
        if round > 0 {
            let start = ContinuousClock.now
            studio.session.type("\u{1B}3")
            figure.samples.append((studio.settle(0.3) - start) / .milliseconds(1))
        }
        try studio.quit()
    }
    figure.report()
}

/// What the previews of a run's steps add to its time, as a share of the steps': runs with and
/// without take turns. It is the studio's own time from start to done, because a terminal that is
/// busy with a preview shows the end of the steps late.
func measurePreview() throws {
    for (side, steps, limit) in [(256, 64, 15), (512, 32, 10)] {
        var times: [String: [Double]] = [:]
        var stepTimes: [Double] = []
        let folders = try ["off": TemporaryFolder(), "colors": TemporaryFolder()]
        let studios = try folders.map { mode, folder in
            let settings = [
                "[preview]", "mode = \"\(mode)\"", "[generate]", "size = \(side)",
                "steps = \(steps)", "seed_mode = \"fixed\""
            ]
            return (mode, try Studio.openReady(in: folder, settings: settings))
        }
        for _ in 0..<limit {
            for (mode, studio) in studios {
                studio.session.type("\u{7}")
                let start = ContinuousClock.now
                try studio.session.wait(for: "steps") { _ in studio.phase == "steps" }
                try studio.session.wait(for: "their end", seconds: 60) { _ in
                    studio.phase != "steps"
                }
                if mode == "off" {
                    stepTimes.append((ContinuousClock.now - start) / .milliseconds(1))
                }
                try studio.session.wait(for: "the picture", seconds: 60) { _ in studio.phase == nil
                }
                _ = studio.settle(0.1)
                let done = studio.session.terminal.text.firstMatch(of: /Done in ([0-9.]+) s/)
                if let done, let seconds = Double(done.1) {
                    times[mode, default: []].append(1000 * seconds)
                }
            }
        }
        // They are printed in hundredths of a second: the mean of the middle half tells more.
        let means = times.mapValues { samples in
            let middle = samples.sorted()[samples.count / 4..<samples.count - samples.count / 4]
            return middle.reduce(0, +) / Double(middle.count)
        }
        if let with = means["colors"], let without = means["off"] {
            let share = 100 * (with - without) / stepTimes.sorted()[stepTimes.count / 2]
            print(
                String(
                    format: "previews of %d steps, %dx%d: %.0f ms with, %.0f ms without, %+.1f %%, "
                        + "limit 3 %%: %@", steps, side, side, with, without, share,
                    share <= 3 ? "holds" : "MISSED"))
        }
        for (_, studio) in studios { try studio.quit() }
    }
}
