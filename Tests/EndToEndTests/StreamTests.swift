import Foundation
import Imaging
import TestSupport
import Testing

private let generate = #"generate "a fox" -s 5 -W 64 -H 64 --steps 2"#

/// A line of shell, the status it ends with, what it says, and the files it leaves.
struct StreamCase: CustomTestStringConvertible {
    let script: String
    let status: Int32
    let message: String
    var files: [String] = []

    var testDescription: String { script }
}

@Test(arguments: [
    StreamCase(
        script: #""$dcar" \#(generate) -o - >/dev/full"#, status: 5,
        message: "Standard output cannot be written: No space left on device."),
    StreamCase(
        script: #""$dcar" \#(generate) -o a.png >/dev/full"#, status: 5,
        message: "Standard output cannot be written: No space left on device.", files: ["a.png"]),
    StreamCase(
        script: #""$dcar" \#(generate) -o - >&-"#, status: 5,
        message: "Standard output was closed before everything was written."),
    StreamCase(
        script: #""$dcar" \#(generate) -o a.png >&-"#, status: 5,
        message: "Standard output was closed before everything was written.", files: ["a.png"]),
    StreamCase(
        script: #""$dcar" info >&-"#, status: 5,
        message: "Standard output was closed before everything was written."),
    StreamCase(
        script: #""$dcar" \#(generate) -o a.png --json | true; exit "${PIPESTATUS[0]}""#,
        status: 141, message: ""),
    StreamCase(
        script: #""$dcar" \#(generate) -o a.png | true; exit "${PIPESTATUS[0]}""#, status: 141,
        message: "", files: ["a.png"]),
    StreamCase(
        script: #""$dcar" \#(generate) -o a.png 2>&-"#, status: 0, message: "", files: ["a.png"]),
    StreamCase(
        script: #""$dcar" generate fox --steps 0 2>&-"#, status: 2, message: ""),
    StreamCase(
        script: #""$dcar" generate fox --steps 0 2>/dev/full"#, status: 2, message: ""),
    StreamCase(
        script: #""$dcar" \#(generate) -o a.png <&-"#, status: 0, message: "", files: ["a.png"]),
    StreamCase(
        script: #""$dcar" generate --prompt-file - -o "{n}.png" <&-"#, status: 2,
        message:
            "Standard input cannot be read: Bad file descriptor; name a text file with a prompt "
            + "a line."),
    StreamCase(
        script: #""$dcar" generate --prompt-file - -o "{n}.png" </dev/null"#, status: 2,
        message: "Standard input has no prompt; write one a line."),
    StreamCase(
        script: #""$dcar" generate --prompt-file - -o "{n}.png" <."#, status: 2,
        message: "Standard input cannot be read: Is a directory; name a text file with a prompt a "
            + "line."),
    StreamCase(
        script: #""$dcar" generate --prompt-file - -o "{n}.png" </dev/zero"#, status: 2,
        message: "Standard input has more than 16777216 bytes, the most there may be."),
    StreamCase(
        script: #"printf 'a fox\n\xff\n' | "$dcar" generate --prompt-file - -o "{n}.png""#,
        status: 2,
        message: "Line 2 of Standard input is not valid UTF-8; save it as UTF-8."),
    StreamCase(
        script: #""$dcar" generate $'a \xff fox' -o a.png"#, status: 2,
        message: "Argument 2 is not valid UTF-8; give text as UTF-8."),
    StreamCase(
        script: #"ulimit -f 1; "$dcar" \#(generate) -o a.png"#, status: 5,
        message: "a.png was not saved: it is larger than a file may be there."),
    StreamCase(
        script: #"mkdir -m 555 locked; "$dcar" \#(generate) -o locked/a.png"#, status: 5,
        message: "locked/a.png was not saved: you may not write in the folder locked.",
        files: ["locked"])
])
func streamsThatFailAreReportedAndLeaveNothingBehind(_ expected: StreamCase) throws {
    // Permissions do not bind the administrator.
    if expected.script.hasPrefix("mkdir"), getuid() == 0 { return }
    let folder = try TemporaryFolder()
    let result = try Program.shell(expected.script, in: folder.path)
    #expect(result.status == expected.status)
    #expect(result.messages == (expected.message.isEmpty ? "" : "dcar: \(expected.message)\n"))
    #expect(try names(in: folder) == expected.files)
    for file in expected.files where file.hasSuffix(".png") {
        #expect(try ImageFile.open(folder.file(file)).image.width == 64)
    }
}

@Test func aReaderThatStopsReadingIsNoCrash() throws {
    let folder = try Fixtures.folder()
    let result = try Program.shell(
        #""$dcar" info finished.png | head -1; echo "${PIPESTATUS[0]}""#, in: folder.path)
    #expect(result.lines.first == "prompt          a beach")
    #expect(["0", "141"].contains(result.lines.last))
    #expect(result.messages == "")
}

/// A program without the memory it needs says so. Where it notices depends on the system, and a
/// library may notice first and worse; the program itself must, at some of these.
@Test func aShortageOfMemoryIsSaid() throws {
    let folder = try TemporaryFolder()
    let results = try [400_000, 450_000, 500_000, 580_000].map { limit in
        try Program.shell(
            "ulimit -v \(limit); \"$dcar\" \(generate) -t 1 -o \(limit).png", in: folder.path)
    }
    let said = results.filter { $0.messages.hasPrefix("dcar: The system gives no further ") }
    #expect(!said.isEmpty)
    #expect(said.allSatisfy { $0.status == 6 })
    #expect(try names(in: folder).count == results.count { $0.status == 0 })
}
