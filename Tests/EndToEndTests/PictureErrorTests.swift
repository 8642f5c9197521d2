import Foundation
import Imaging
import TestSupport
import Testing

/// Writes pictures that are damaged, hostile or of the wrong kind into a folder.
private func writeBadPictures(in folder: TemporaryFolder) throws {
    let good = try ImageFile.read(folder.file("finished.png"))
    _ = try folder.write(Array(good.prefix(good.count / 2)), as: "half.png")
    _ = try folder.write([], as: "nothing.png")
    _ = try folder.write("a fox", as: "text.png")
    var damaged = good
    damaged[good.count - 40] ^= 0x55
    _ = try folder.write(damaged, as: "damaged.png")
    // Width and height are the eight bytes after the signature, the length and the name of IHDR.
    var huge = good
    huge.replaceSubrange(16..<24, with: [0, 1, 0, 0, 0, 1, 0, 0])
    let check = crc32(huge[12..<29])
    huge.replaceSubrange(
        29..<33, with: (0..<4).map { UInt8(truncatingIfNeeded: check >> (24 - 8 * $0)) })
    _ = try folder.write(huge, as: "huge.png")
    try FileManager.default.createDirectory(
        atPath: folder.file("folder.png"), withIntermediateDirectories: false)

    let stopped = try ImageFile.read(folder.file("stopped.png"))
    let texts = try PNGContents(stopped).text
    func rewritten(_ keyword: String, _ name: String, _ change: (String) -> String) throws {
        let changed = texts.map { text in
            text.keyword == keyword
                ? PNGText(keyword, change(text.text), international: true) : text
        }
        _ = try folder.write(PNG.rewrite(stopped, text: changed), as: name)
    }
    try rewritten("dcar", "spent.png") {
        $0.replacing("\"stopped_at_step\":1", with: "\"stopped_at_step\":2")
    }
    try rewritten("dcar", "other.png") { text in
        text.replacing(/"model_sha256":"[0-9a-f]*"/) { _ in
            "\"model_sha256\":\"\(String(repeating: "0", count: 64))\""
        }
    }
    // Version, grid of 100 x 100, and 10,000 tokens that are all masked.
    let tokens =
        [UInt8]([1, 100, 100]) + [UInt8](repeating: 255, count: 2 * 100 * 100)
        + [UInt8](repeating: 0, count: 2 * 100 * 100)
    try rewritten("dcar:tokens", "vast.png") { _ in Data(tokens).base64EncodedString() }
}

/// The check value of a PNG chunk.
private func crc32(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    var value: UInt32 = 0xFFFF_FFFF
    for byte in bytes {
        value ^= UInt32(byte)
        for _ in 0..<8 { value = value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
    }
    return ~value
}

@Test(arguments: [
    ErrorCase("info none.png", 4, "none.png cannot be read: No such file or directory."),
    ErrorCase(
        "info nothing.png", 4,
        "nothing.png: The file is not a PNG; it does not start with PNG's eight bytes."),
    ErrorCase(
        "show text.png", 4,
        "text.png: The file is not a PNG; it does not start with PNG's eight bytes."),
    ErrorCase("show folder.png", 4, "folder.png is not a regular file."),
    ErrorCase("strip folder.png", 4, "folder.png is not a regular file."),
    ErrorCase("edit -i /dev/zero --strength 1", 4, "/dev/zero is not a regular file."),
    ErrorCase(
        "edit -i huge.png --strength 1", 4,
        "huge.png: The PNG is 65536x65536; at most 4096 pixels a side and 16777216 in all are read."
    ),
    ErrorCase(
        "resume finished.png", 4, "finished.png is finished; there is nothing to resume."),
    ErrorCase(
        "resume spent.png", 4,
        "spent.png: The token grid does not fit: tokens are masked after step 2 of 2."),
    ErrorCase(
        "resume vast.png", 4,
        "vast.png: The size 3200x3200 does not fit this model; each side must be a multiple of 32 from "
            + "32 to 2048."),
    ErrorCase(
        "resume other.png", 4,
        "other.png was made with the model storybook, which is not the one that is open; name its "
            + "folder with --model.")
])
func badPicturesAreExplainedInOneSentence(_ expected: ErrorCase) throws {
    let folder = try Fixtures.folder()
    try writeBadPictures(in: folder)
    try expected.check(in: folder)
}

@Test(
    arguments: ["half.png", "damaged.png", "vast.png"],
    ["show", "strip", "edit", "resume", "reconstruct"])
func damagedPicturesAreRefusedOrReadButNeverCrash(name: String, command: String) throws {
    let folder = try Fixtures.folder()
    try writeBadPictures(in: folder)
    let before = try names(in: folder)
    let arguments = ["edit": ["-i", name, "--strength", "1", "-p", "fox", "--steps", "1"]]
    let result = try Program.run([command] + (arguments[command] ?? [name]), in: folder.path)
    #expect([0, 4].contains(result.status), "\(result.messages)")
    if result.status == 4 {
        #expect(try names(in: folder) == before)
        #expect(result.output.isEmpty)
        #expect(result.messages.hasPrefix("dcar: ") && result.messages.hasSuffix(".\n"))
        #expect(result.messages.split(separator: "\n").count == 1)
    } else {
        #expect(name == "vast.png" && command != "resume")
    }
}
