import Foundation
import Imaging
import TestSupport
import Testing

/// Text that would steer a terminal, hide or reorder, as ESC sequences, as C1 characters and as
/// Unicode.
private let hostile =
    "fox\u{1B}]0;evil\u{7}\u{1B}[31m\u{9B}31m\u{1B}P0q#0\u{1B}\\\u{90}q\u{9C}\u{1B}_Ga=d\u{1B}\\"
    + "\u{1B}]52;c;ZXZpbA==\u{7}\u{202E}live\u{2066}\u{200B}\r\u{8}\u{7F}"

/// In every view, hostile prompts, metadata, file names, tags and settings reach the terminal as
/// harmless text alone.
@Test func hostileTextSteersNoTerminalInAnyView() throws {
    let folder = try Fixtures.folder()
    let files = FileManager.default
    try files.createDirectory(atPath: folder.file("pictures"), withIntermediateDirectories: true)
    var record = ImageRecord()
    (record.prompt, record.negativePrompt, record.seed) = (hostile, hostile, 1)
    let picture = try PNG.encode(
        RGBImage(width: 64, height: 64, red: 90, green: 20, blue: 20),
        text: GenerationMetadata(record: record).text)
    let name = "\u{1B}]0;evil\u{7}\u{9B}31m\u{202E}.png"
    try ImageFile.save(picture, to: folder.file("pictures/\(name)"))
    _ = try folder.write("no picture \u{1B}]0;evil\u{7}", as: "pictures/\u{1B}[31mbad.png")
    try files.createDirectory(
        atPath: folder.file(".config/dcar"), withIntermediateDirectories: true)
    _ = try folder.write(
        "[styles]\n\"\\u001b]0;evil\\u0007\" = \"\\u001b[31m\\u009b\"\n[ui]\n"
            + "theme = \"\\u001b]0;evil\\u0007\"\n",
        as: ".config/dcar/config.toml")
    let session = try studio(
        ["tui", "--open", folder.file("pictures/\(name)")], in: folder, columns: 160)
    try session.wait(forText: "Opened")
    // The prompt, as it was read from the file and as it is pasted.
    session.type("p\u{1B}[200~\(hostile)\u{1B}[201~")
    try session.wait(forText: "64 tokens")
    func look(_ keys: String, _ text: String) throws {
        session.type(keys)
        try session.wait(forText: text)
        session.run(seconds: 0.1)
        session.type(Keys.escape)
        session.run(seconds: 0.1)
    }
    try look("\u{1B}OP", "Help")
    try look("\u{1B}OQ", "Commands")
    try look(Keys.control("r"), "prompts")
    session.type(Keys.escape)
    session.run(seconds: 0.1)
    session.type("B")
    session.run(seconds: 0.2)
    session.type(Keys.escape)
    session.type("\u{1B}3")
    try session.wait(forText: "2 pictures")
    for keys in ["i", Keys.escape, Keys.right, "i", Keys.escape] {
        session.type(keys)
        session.run(seconds: 0.15)
    }
    session.type("/evil")
    try session.wait(forText: "Search")
    session.type(Keys.enter + "t\u{1B}[200~\(hostile)\u{1B}[201~" + Keys.enter)
    try session.wait(forText: "Gallery: evil")
    session.run(seconds: 0.2)
    session.type("\u{1B}5")
    try session.wait(forText: "▸ Settings")
    session.type("\u{1B}g\u{1B}4")
    try session.wait(forText: "▸ Queue")
    session.run(seconds: 0.3)
    let terminal = session.terminal
    #expect(terminal.strayControls == [] && terminal.unknown == [])
    // What was copied is the studio's own; nothing was.
    #expect(terminal.commands == [])
    let scalars = String(decoding: terminal.transcript, as: UTF8.self).unicodeScalars
    #expect(!scalars.contains { (0x80..<0xA0).contains($0.value) })
    #expect(
        !scalars.contains { scalar in
            let hidden: [Unicode.Scalar] = ["\u{202E}", "\u{2066}", "\u{200B}"]
            return hidden.contains(scalar)
        })
    #expect(session.program.status == nil)
}

/// However often and whenever it is killed while it saves: what was there stays, and what is new is
/// whole.
///
/// `DCAR_KILLS` asks for more than the few of every run.
@Test func killedSavesLeaveNothingTorn() throws {
    let folder = try Fixtures.folder()
    // So many bytes that writing them takes a while.
    var numbers = SeededNumbers(seed: 1)
    let noise = (0..<3 * 1024 * 1024).map { _ in UInt8.random(in: 0...255, using: &numbers) }
    let picture = RGBImage(width: 1024, height: 1024, pixels: noise)
    try ImageFile.save(PNG.encode(picture, compression: 0), to: folder.file("noise.png"))
    let before = try ImageFile.read(folder.file("noise.png"))
    let count = ProcessInfo.processInfo.environment["DCAR_KILLS"].flatMap(Int.init) ?? 40
    var (saved, cutShort) = (0, 0)
    // On a slow machine more rounds may pass before one hits.
    var rounds = 0
    while rounds < count || cutShort == 0 && rounds < 20 * count {
        let round = rounds
        rounds += 1
        let output = folder.file("out-\(round).png")
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Program.path)
        process.arguments = ["strip", "noise.png", "-o", output]
        process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        // A save begins with its temporary file, and goes on for some thousandths of a second.
        while try temporaries(in: folder).isEmpty, process.isRunning {}
        usleep(UInt32(round % 8 * 500))
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        for name in try temporaries(in: folder) {
            cutShort += 1
            try FileManager.default.removeItem(atPath: folder.file(name))
        }
        guard FileManager.default.fileExists(atPath: output) else { continue }
        #expect(try ImageFile.open(output).image == picture)
        saved += 1
        try FileManager.default.removeItem(atPath: output)
    }
    #expect(cutShort > 0, "No kill came between the beginning and the end of a save.")
    #expect(try ImageFile.read(folder.file("noise.png")) == before)
    let left = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    #expect(!left.contains { $0.hasSuffix(".png") && $0.hasPrefix("out-") })
    if count > 40 { print("\(saved) of \(count) killed saves had finished") }
}

/// The temporary files of saves that are under way or were killed.
private func temporaries(in folder: TemporaryFolder) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path)
        .filter { $0.hasPrefix(".") }
}
