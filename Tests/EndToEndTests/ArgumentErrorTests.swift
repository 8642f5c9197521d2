import Foundation
import Imaging
import TestSupport
import Testing

/// Arguments, the status they end with, and the sentence that says why.
struct ErrorCase: CustomTestStringConvertible {
    let arguments: String
    let status: Int32
    let sentence: String

    init(_ arguments: String, _ status: Int32, _ sentence: String) {
        self.arguments = arguments
        self.status = status
        self.sentence = sentence
    }

    var testDescription: String { arguments }

    /// Runs the program; it must fail as stated, print no result and leave the folder as it was.
    func check(in folder: TemporaryFolder) throws {
        let before = try names(in: folder)
        let words = arguments.split(separator: " ").map { $0 == "''" ? "" : String($0) }
        let result = try Program.run(words, in: folder.path)
        #expect(result.status == status)
        #expect(EndToEndTests.sentence(result) == sentence)
        #expect(result.output.isEmpty)
        #expect(try names(in: folder) == before)
    }
}

private let prompts = "Give one prompt: as words, with --prompt or with --prompt-file."
private let edits = "edit -i finished.png -o x.png "
private let forks = "fork finished.png -s 9 -o x.png "

@Test(arguments: [
    ErrorCase(
        "paint", 2,
        "paint is no command and no picture; dcar --help lists the commands, and dcar generate draws "
            + "a prompt."),
    ErrorCase("generate fox --colour", 2, "Unknown option '--colour'"),
    ErrorCase("generate", 2, prompts),
    ErrorCase("generate fox -p fox", 2, prompts),
    ErrorCase("generate fox --prompt-file prompts.txt", 2, prompts),
    ErrorCase("generate ''", 2, "The prompt is empty; say what the picture shows."),
    ErrorCase("generate fox --steps 0", 2, "The number of steps is 0; it must be from 1 to 64."),
    ErrorCase("generate fox --steps -1", 2, "The number of steps is -1; it must be from 1 to 64."),
    ErrorCase(
        "generate fox --steps 1000000000", 2,
        "The number of steps is 1000000000; it must be from 1 to 64."),
    ErrorCase("generate fox --steps 1e9", 2, "The value '1e9' is invalid for '--steps <steps>'"),
    ErrorCase("generate fox --seed -1", 2, "The value '-1' is invalid for '--seed <seed>'"),
    ErrorCase("generate fox --batch 1000", 2, "--batch is 1000; it must be from 1 to 64."),
    ErrorCase(
        "generate fox --preview-interval 2", 2,
        "--preview-interval wants a file to write; name it with --preview-path."),
    ErrorCase("generate fox --batch 0", 2, "--batch is 0; it must be from 1 to 64."),
    ErrorCase(
        "generate fox -W 65 -H 64", 2,
        "The size 65x64 does not fit this model; each side must be a multiple of 32 from 32 to 2048."
    ),
    ErrorCase(
        "generate fox -W 0 -H 64", 2,
        "The size 0x64 does not fit this model; each side must be a multiple of 32 from 32 to 2048."
    ),
    ErrorCase(
        "generate fox -W 9223372036854775776 -H 64", 2,
        "The size 9223372036854775776x64 does not fit this model; each side must be a multiple of 32 "
            + "from 32 to 2048."),
    ErrorCase(
        "generate fox --temperature nan", 2, "The temperature is nan; it must be from 0 to 100."),
    ErrorCase(
        "generate fox --guidance -1", 2, "The guidance scale is -1.0; it must be from 0 to 100."),
    ErrorCase(
        "generate fox --residual-steps 0", 2,
        "The number of residual steps is 0; it must be from 1 to 1000."),
    ErrorCase(
        "generate fox --residual-guidance -1", 2,
        "The residual guidance scale is -1.0; it must be from 0 to 100."),
    ErrorCase(
        "generate fox --residual-temperature 3", 2,
        "The residual temperature is 3.0; it must be from 0 to 2."),
    ErrorCase(
        "generate fox --residual-strength 9", 2,
        "The residual strength is 9.0; it must be from 0 to 1.5."),
    ErrorCase("generate fox -t 0", 2, "The number of threads is 0; it must be from 1 to 256."),
    ErrorCase("generate fox --stop-at -1", 2, "--stop-at is -1; it must be at least 0."),
    ErrorCase(
        "generate fox --stop-at 1 --no-metadata", 2,
        "--no-metadata leaves nothing to resume from; leave it or --stop-at out."),
    ErrorCase("fork some.png --stop-at -3", 2, "--stop-at is -3; it must be at least 0."),
    ErrorCase(
        "edit -i some.png --strength 0.5 --stop-at 1 --no-metadata", 2,
        "--no-metadata leaves nothing to resume from; leave it or --stop-at out."),
    ErrorCase(
        "generate fox --precision int4", 2,
        "--precision is int4; it must be auto, fp32, bf16 or int8."),
    ErrorCase(
        "generate fox -o - --json", 2, "--json and -o - both want standard output; choose one."),
    ErrorCase(
        "generate fox -o - -b 2", 2, "-o - takes one picture; ask for one, or name files."),
    ErrorCase(
        "generate fox -o a.png --preview-path a.png", 2,
        "--preview-path is a.png, the name of one of the pictures; give it its own."),
    ErrorCase(
        "generate fox -o {colour}.png", 2,
        "{colour} in the output name {colour}.png is unknown; use {n}, {n:4}, {seed}, {prompt}, "
            + "{model}, {width} or {height}."),
    ErrorCase("generate fox -o {n", 2, "The output name {n has a { without its }."),
    ErrorCase(
        "generate fox --shard 1/2", 2,
        "--shard divides the lines of a --prompt-file; name one."),
    ErrorCase(
        "generate --prompt-file prompts.txt --shard 3/2", 2,
        "The value '3/2' is invalid for '--shard <shard>': It must be two numbers such as 2/8, the "
            + "second of eight parts."),
    ErrorCase(
        "generate --prompt-file none.txt", 2,
        "none.txt cannot be read: No such file or directory; name a text file with a prompt a line."
    ),
    ErrorCase(
        "generate --prompt-file latin1.txt", 2,
        "Line 2 of latin1.txt is not valid UTF-8; save it as UTF-8."),
    ErrorCase(
        "generate --prompt-file empty.txt", 2, "empty.txt has no prompt; write one a line."),
    ErrorCase(
        "generate fox -o finished.png", 5, "finished.png already exists and was left as it is."),
    ErrorCase(
        "generate fox -o none/a.png", 5,
        "none/a.png was not saved: the folder none does not exist."),
    ErrorCase(
        "generate fox -o finished.png/a.png", 5,
        "finished.png/a.png was not saved: finished.png is not a folder."),
    ErrorCase(
        edits, 2, "Say what is made anew: --mask, --strength or --outpaint."),
    ErrorCase(
        edits + "--mask tokens:0 --outpaint 1,1,1,1", 2,
        "--outpaint makes all of its own mask; leave --mask, --strength and --content out."),
    ErrorCase(
        edits + "--outpaint 1,1,1,1 --content random", 2,
        "--outpaint makes all of its own mask; leave --mask, --strength and --content out."),
    ErrorCase(
        edits + "--mask tokens:0 --content least-sure", 2,
        "--content least-sure chooses some of the tokens; say with --strength which share."),
    ErrorCase(
        "generate --prompt-file prompts.txt --stop-at 1", 2,
        "--stop-at leaves pictures unfinished, and a --prompt-file's count as done; leave one out."),
    ErrorCase(
        "generate fox --stop-at 1 --discrete", 2,
        "--discrete wants finished pictures; leave it or --stop-at out."),
    ErrorCase(
        edits + "--strength 0.5 --invert-mask", 2, "--invert-mask needs a --mask to invert."),
    ErrorCase(
        edits + "--strength 0.5 --content all", 2,
        "--content all leaves no choice to --strength; leave one out, or choose least-sure or random."
    ),
    ErrorCase(
        edits + "--strength 0", 2, "--strength is 0.0; it must be above 0 and at most 1."),
    ErrorCase(
        edits + "--mask tokens:0 --feather -1", 2, "--feather is -1; it must be from 0 to 256."),
    ErrorCase(
        edits + "--outpaint 9223372036854775807,1,0,0", 2,
        "--outpaint is 9223372036854775807,1,0,0; it must be left,right,top,bottom: four numbers of "
            + "tokens from 0 to 64, one of them above 0."),
    ErrorCase(
        edits + "--outpaint 1,x,0,0,1", 2,
        "--outpaint is 1,x,0,0,1; it must be left,right,top,bottom: four numbers of tokens from 0 to "
            + "64, one of them above 0."),
    ErrorCase(
        edits + "--outpaint 64,0,0,0", 2,
        "The size 2112x64 does not fit this model; each side must be a multiple of 32 from 32 to 2048."
    ),
    ErrorCase(
        edits + "--mask tokens:0,4", 2,
        "The mask names token 4, but the picture has tokens 0 to 3."),
    ErrorCase(
        edits + "--mask tokens:", 2,
        "The mask tokens: is no list of tokens; write tokens:0,5,16-19."),
    ErrorCase(
        edits + "--mask rect:1,2,3", 2,
        "The mask rect:1,2,3 is no rectangle; write rect:x,y,w,h with four whole numbers, width and "
            + "height above 0."),
    ErrorCase(
        edits + "--mask rect:64,0,8,8", 2, "The mask lies outside the picture, which is 64x64."),
    ErrorCase(
        edits + "--mask wide.png", 2,
        "The mask is 96x64, but the picture is 64x64; both must have one size."),
    ErrorCase(
        edits + "--mask black.png", 2,
        "The mask selects nothing; mark what is to be painted anew."),
    ErrorCase(
        edits + "--mask none.png", 4, "none.png cannot be read: No such file or directory."),
    ErrorCase(
        edits + "--mask data:xx", 2,
        "The mask data:xx is none; write a PNG's path, rect:x,y,w,h, tokens:0,5,16-19, or "
            + "data:image/png;base64, and a PNG in base64."),
    ErrorCase(
        edits + "--mask prompts.txt", 4,
        "prompts.txt: The file is not a PNG; it does not start with PNG's eight bytes."),
    ErrorCase("show finished.png -c 0", 2, "--columns is 0; it must be from 1 to 1000."),
    ErrorCase("completions csh", 2, "The shell is csh; it must be bash, zsh or fish."),
    ErrorCase(
        "reconstruct finished.png -o -", 2,
        "reconstruct writes three pictures; give a path and name with -o."),
    ErrorCase("bench --repeats 0", 2, "--repeats is 0; it must be from 1 to 100."),
    ErrorCase("bench --repeats -1", 2, "--repeats is -1; it must be from 1 to 100."),
    ErrorCase("bench -b -1", 2, "A batch is of -1; it must be of 1 to 16 pictures."),
    ErrorCase(
        "verify nope", 2, "nope is no folder; name a folder of recorded runs."),
    ErrorCase("help nope", 2, "nope is no command; dcar --help lists them."),
    ErrorCase(
        "grid fox --x prompt= -o x.png", 2, "The prompt is empty; say what the pictures show."),
    ErrorCase(
        forks + "--guidance inf", 2, "The guidance scale is inf; it must be from 0 to 100."),
    ErrorCase(
        forks + "--step 2 --guidance nan", 2,
        "The guidance scale is nan; it must be from 0 to 100."),
    ErrorCase(
        forks + "--temperature 101", 2, "The temperature is 101.0; it must be from 0 to 100."),
    ErrorCase(
        forks + "--residual-steps -5", 2,
        "The number of residual steps is -5; it must be from 1 to 1000."),
    ErrorCase(
        forks + "--residual-steps 9223372036854775807", 2,
        "The number of residual steps is 9223372036854775807; it must be from 1 to 1000."),
    ErrorCase(
        forks + "--residual-strength nan", 2,
        "The residual strength is nan; it must be from 0 to 1.5."),
    ErrorCase(
        forks + "--prompt \(String(repeating: "x", count: 14_001))", 2,
        "A prompt has 14001 bytes; it may have at most 14000."),
    ErrorCase(
        "generate --prompt-file long.txt", 2,
        "Line 2 of long.txt: A prompt has 14001 bytes; it may have at most 14000."),
    ErrorCase(
        "generate --prompt-file many.txt", 2,
        "Line 1 of many.txt: The prompt stands for more than 256 pictures; leave some {a|b} out.")
])
func badArgumentsAreExplainedInOneSentence(_ expected: ErrorCase) throws {
    let folder = try Fixtures.folder()
    _ = try folder.write("a fox\na beach\n", as: "prompts.txt")
    _ = try folder.write([0x61, 0x0A, 0xE9, 0x0A], as: "latin1.txt")
    _ = try folder.write("\n \n", as: "empty.txt")
    _ = try folder.write("fox\n" + String(repeating: "x", count: 14_001), as: "long.txt")
    _ = try folder.write(String(repeating: "{a|b}", count: 9), as: "many.txt")
    _ = try folder.write(Fixtures.mask(width: 96, height: 64) { _, _ in true }, as: "wide.png")
    _ = try folder.write(Fixtures.mask(width: 64, height: 64) { _, _ in false }, as: "black.png")
    try expected.check(in: folder)
}
