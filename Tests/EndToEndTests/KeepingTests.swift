import Foundation
import Imaging
import TestSupport
import Testing

extension TerminalSession {
    fileprivate func write(_ text: String, thenSee expected: String) throws {
        type(text)
        try wait(forText: expected)
    }

    fileprivate func quit() throws {
        type("q")
        try wait(forText: "Quit")
        type("y")
        #expect(try waitForEnd() == 0)
    }

    /// Runs a command by its name.
    fileprivate func command(_ name: String) { type("\u{1B}OQ" + name + Keys.enter) }
}

/// Opens the history as another studio would, and takes its time.
private final class OpeningLock {
    private let file: Int32

    init(in folder: String) {
        file = open("\(folder)/studio.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        var lock = flock(
            l_type: Int16(F_WRLCK), l_whence: Int16(SEEK_SET), l_start: 0, l_len: 1, l_pid: 0)
        // `F_OFD_SETLK` of <fcntl.h>.
        #expect(fcntl(file, 37, &lock) == 0)
    }

    deinit { close(file) }
}

private func pictures(_ folder: TemporaryFolder) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder.file("pictures"))) ?? [])
        .filter { $0.hasSuffix(".png") }.sorted()
}

@Test func aPictureBegunEarlyDoesNotReplaceOneOfTheLastSession() throws {
    let folder = try TemporaryFolder()
    let first = try studio(in: folder)
    try first.wait(forText: "storybook 256px")
    try first.write("a fox" + Keys.enter, thenSee: "Done in")
    first.settle()
    try first.quit()
    var lock: OpeningLock? = OpeningLock(in: folder.file(".local/state/dcar"))
    let second = try studio(in: folder)
    try second.wait(forText: "storybook 256px")
    try second.write("a beach" + Keys.enter, thenSee: "still being read")
    withExtendedLifetime(lock) {}
    lock = nil
    try second.wait(forText: "Done in")
    second.settle()
    try second.quit()
    let third = try studio(in: folder)
    try third.wait(forText: "2 pictures")
    try third.wait(forText: " dB")
    try third.write("\u{1B}[5~", thenSee: "Picture 1")
    try third.wait(forText: " dB")
    third.command("image.info")
    try third.wait(forText: "a fox")
}

@Test func aQuickEndWaitsForFiles() throws {
    let folder = try TemporaryFolder()
    let session = try studio(in: folder)
    try session.wait(forText: "storybook 256px")
    try session.write("a fox" + Keys.enter, thenSee: "Done in")
    session.command("save.animation")
    session.type("wqy")
    let begun = ContinuousClock.now
    #expect(try session.waitForEnd() == 0)
    // What was drawn meanwhile has been answered, and is not waited for.
    #expect(ContinuousClock.now - begun < .seconds(5.5))
    #expect(pictures(folder) == ["dcar-0001-a-fox-animation.png", "dcar-0002-a-fox.png"])
}

@Test(arguments: [SIGTERM, SIGHUP]) func aSignalLosesNoPictureOfABatch(signal: Int32) throws {
    let folder = try TemporaryFolder()
    let first = try studio(in: folder)
    try first.wait(forText: "storybook 256px")
    try first.write("{red|blue|green|white|black|pink} house" + Keys.enter, thenSee: "step ")
    first.run(seconds: 0.5)
    first.program.signal(signal)
    #expect(try first.waitForEnd() == 128 + signal)
    // Those that had begun are kept with their steps, the others are made.
    let second = try studio(in: folder)
    try second.wait(forText: "Back: ")
    try second.wait(forText: "queued")
}

@Test func aFolderThatIsNotThereTakesNoStarWithIt() throws {
    let folder = try TemporaryFolder()
    let first = try studio(in: folder)
    try first.wait(forText: "storybook 256px")
    try first.write("a fox" + Keys.enter, thenSee: "Done in")
    try first.write("w", thenSee: "Saved as")
    try first.write("3", thenSee: "1 picture")
    try first.write(".", thenSee: "★ starred")
    try first.quit()
    try FileManager.default.moveItem(
        atPath: folder.file("pictures"), toPath: folder.file("elsewhere"))
    let second = try studio(in: folder)
    try second.wait(forText: "the gallery keeps what it knows of 1 picture.")
    second.type(Keys.control("c") + "y")
    #expect(try second.waitForEnd() == 0)
    try FileManager.default.moveItem(
        atPath: folder.file("elsewhere"), toPath: folder.file("pictures"))
    let third = try studio(in: folder)
    try third.wait(forText: "storybook 256px")
    try third.wait(forText: "★ starred")
}

/// More pictures than are kept with their pixels: the first is made again, the same.
@Test func anOldPictureOfALongSittingIsTheSame() throws {
    let folder = try TemporaryFolder()
    try "[generate]\nsize = 64\n".write(
        toFile: folder.file(".dcar.toml"), atomically: false, encoding: .utf8)
    let session = try studio(in: folder)
    try session.wait(forText: "storybook 256px")
    try session.write("a fox" + Keys.enter, thenSee: "Done in")
    try session.write("w", thenSee: "Saved as")
    for (letters, count) in [
        ("{a|b|c|d|e|f|g|h} {red|blue} dog", 16), ("{a|b|c|d|e|f|g|h} {red|blue|pink} cat", 24)
    ] {
        try session.write(
            "p" + Keys.control("u") + letters + Keys.enter,
            thenSee: "\(count) pictures. Arrows choose")
        session.settle()
        session.type("A")
        session.settle()
    }
    for _ in 0..<40 { session.type("\u{1B}[5~") }
    try session.wait(forText: "Picture 1  64×64  seed")
    try session.wait(forText: " dB")
    try session.write("w", thenSee: "dcar-0002-a-fox.png")
    let images = try ["dcar-0001-a-fox.png", "dcar-0002-a-fox.png"].map {
        try ImageFile.open(folder.file("pictures/\($0)")).image
    }
    #expect(images[0] == images[1] && images[0].width == 64)
    // A fork of it is made from the same tokens.
    try session.write(",,", thenSee: "3/4  fixed 3/4")
    try session.wait(for: "candidates") { $0.text.contains(/\d%/) }
    try session.write("t", thenSee: "fork at 3: a fox")
}

@Test func anotherOutputFolderIsGoneThroughAtOnce() throws {
    let folder = try TemporaryFolder()
    for (name, count) in [("one", 1), ("two", 3)] {
        try FileManager.default.createDirectory(
            atPath: folder.file(name), withIntermediateDirectories: true)
        for number in 0..<count {
            try ImageFile.save(
                try Fixtures.gradient(width: 64, height: 64),
                to: folder.file("\(name)/\(name)-\(number).png"))
        }
    }
    func choose(_ name: String) throws {
        try "[output]\ndir = \"\(folder.file(name))\"\n".write(
            toFile: folder.file(".dcar.toml"), atomically: false, encoding: .utf8)
    }
    try choose("one")
    let session = try studio(in: folder, environment: ["DCAR_OUTPUT_DIR": ""])
    try session.wait(forText: "storybook 256px")
    session.type(Keys.escape)
    session.run(seconds: 0.1)
    try session.write("3", thenSee: " 1 picture")
    try choose("two")
    session.command("config.reload")
    try session.wait(forText: "of 4 pictures")
}

/// Another program does not let go of the history: what is done is done all the same, and nobody is
/// left to believe that it is kept.
@Test func aLockedHistoryIsSaidAndPicturesGoIntoTheTrash() throws {
    let folder = try TemporaryFolder()
    // While it runs, the file that says who writes is there.
    let first = try studio(in: folder)
    try first.wait(forText: "storybook 256px")
    try first.write("a fox" + Keys.enter, thenSee: "Done in")
    first.settle()
    let shared = open(folder.file(".local/state/dcar/studio.sqlite-shm"), O_RDWR | O_CLOEXEC)
    try #require(shared >= 0)
    defer { close(shared) }
    // SQLite's `WAL_WRITE_LOCK`.
    var lock = flock(
        l_type: Int16(F_WRLCK), l_whence: Int16(SEEK_SET), l_start: 120, l_len: 1, l_pid: 0)
    try #require(fcntl(shared, F_SETLK, &lock) == 0)
    let second = try studio(in: folder)
    try second.wait(forText: "database is locked", seconds: 40)
    try second.write("a beach" + Keys.enter, thenSee: "Done in")
    try second.write("w", thenSee: "Saved as")
    try second.write("3", thenSee: "1 picture")
    try second.write("x", thenSee: "is in the trash")
    #expect(pictures(folder) == [])
}
