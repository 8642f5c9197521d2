import Checkpoints
import Foundation
import TestSupport
import Testing

private func configuration(_ text: String) throws -> ConfigurationNode {
    let folder = try TemporaryFolder()
    return try ConfigurationNode(path: folder.write(text, as: "config"))
}

/// What reading this text says, without the path.
private func reading(
    _ text: String, _ body: (ConfigurationNode) throws -> Void = { _ in }
) throws -> String {
    let folder = try TemporaryFolder()
    let path = try folder.write(text, as: "config")
    return sentence { try body(try ConfigurationNode(path: path)) }
        .replacingOccurrences(of: path, with: "FILE")
}

@Test func theOfficialYAMLIsRead() throws {
    let file = try ConfigurationNode(path: golden("dc-ar/config.yaml"))
    let generator = try file.node("model.generator")
    #expect(try generator.int("hidden_size", in: 1...65536) == 72)
    #expect(try file.int("model.generator.diffusion.num_sampling_steps") == 32)
    #expect(try generator.double("diffusion.vae_scale") == 0.107)
    #expect(try generator.double("num_steps") == 12)
    #expect(try generator.bool("qk_norm"))
    #expect(try !file.bool("model.use_llm_system_prompt"))
    #expect(try generator.string("guidance_decay") == "constant")
    #expect(try generator.optionalDouble("pe_interpolation") == nil)
    #expect(!generator.has("base_size") && generator.has("diffusion.width"))
    #expect(file.names == ["dataset", "experiment", "model"])
    #expect(generator.key == "model.generator")
}

@Test func bothFormatsMeanTheSame() throws {
    let json = """
        {"a": {"n": 3, "t": "32", "f": -1.5e-3, "yes": true, "none": null, "widths": [8, 16],
         "acts": ["relu", "\\u0073ilu"]}, "é": "x"}
        """
    let yaml = """
        # the same
        a:
          n: 3
          t: '32'
          f: -1.5e-3
          yes: True
          none:
          widths: [8, 16]
          acts:
          - relu
          - "\\u0073ilu"
        é: x
        """
    for text in [json, yaml] {
        let file = try configuration(text)
        #expect(try file.int("a.n") == 3 && file.int("a.t") == 32)
        #expect(try file.double("a.f") == -0.0015 && file.double("a.t") == 32)
        #expect(try file.bool("a.yes"))
        #expect(try !file.has("a.none") && file.optionalString("a.none") == nil)
        #expect(try file.optionalInts("a.widths", in: 1...16) == [8, 16])
        #expect(try file.optionalStrings("a.acts") == ["relu", "silu"])
        #expect(try file.string("é") == "x" && file.string("a.t") == "32")
        #expect(try file.optionalInt("a.n") == 3 && file.optionalBool("a.yes") == true)
        #expect(try file.optionalInts("a.widths") == [8, 16])
        #expect(try file.optionalStrings("b") == nil && file.optionalInts("a.x.y") == nil)
    }
}

private let text = """
    {"a": {"n": 70000, "s": "x\\u001b", "f": 1.5, "l": [1, 2.5], "m": {}, "none": null,
     "nan": "nan", "hex": "0x10", "big": 1e999, "b": true, "t": ["x", 1]}}
    """

private let getters: [(String, @Sendable (ConfigurationNode) throws -> Void)] = [
    ("FILE has no a.q.", { _ = try $0.int("a.q") }),
    ("FILE has no a.none.", { _ = try $0.node("a").string("none") }),
    ("FILE has no a.n.x.", { _ = try $0.bool("a.n.x") }),
    ("a.s in FILE is 'x\\u{1B}'; it must be a whole number.", { _ = try $0.int("a.s") }),
    (
        "a.n in FILE is 70000; it must be a whole number from 1 to 65536.",
        { _ = try $0.int("a.n", in: 1...65536) }
    ),
    (
        "a.n in FILE is 70000; it must be a whole number from 1 to 9.",
        { _ = try $0.node("a").optionalInt("n", in: 1...9) }
    ),
    ("a.f in FILE is 1.5; it must be a whole number.", { _ = try $0.int("a.f") }),
    ("a.b in FILE is true; it must be a number.", { _ = try $0.double("a.b") }),
    ("a.nan in FILE is 'nan'; it must be a number.", { _ = try $0.double("a.nan") }),
    ("a.hex in FILE is '0x10'; it must be a number.", { _ = try $0.double("a.hex") }),
    ("a.big in FILE is 1e999; it must be a number.", { _ = try $0.double("a.big") }),
    (
        "a.f in FILE is 1.5; it must be a number from 0.0 to 1.0.",
        { _ = try $0.double("a.f", in: 0...1) }
    ),
    ("a.n in FILE is 70000; it must be true or false.", { _ = try $0.bool("a.n") }),
    ("a.m in FILE is a mapping; it must be text.", { _ = try $0.string("a.m") }),
    ("a.n in FILE is 70000; it must be text.", { _ = try $0.string("a.n") }),
    (
        "a.l in FILE is [1, 2.5]; it must be a list of whole numbers.",
        { _ = try $0.optionalInts("a.l") }
    ),
    (
        "a.t in FILE is a list; it must be a list of whole numbers from 0 to 9.",
        { _ = try $0.optionalInts("a.t", in: 0...9) }
    ),
    ("a.t in FILE is a list; it must be a list of texts.", { _ = try $0.optionalStrings("a.t") }),
    ("a.l in FILE is [1, 2.5]; it must be a mapping.", { _ = try $0.node("a.l") })
]

@Test(arguments: getters.indices)
func aValueThatWillNotDoHasItsSentence(_ index: Int) throws {
    #expect(try reading(text, getters[index].1) == getters[index].0)
}

private let bomb =
    "a: &a [x, x]\n"
    + zip("bcdefghijklmnopqrstuvwxyz", "abcdefghijklmnopqrstuvwxy")
    .map { "\($0): &\($0) [*\($1), *\($1), *\($1), *\($1)]\n" }.joined()

@Test func aMarkBeforeTheTextIsPassedOver() throws {
    for text in ["\u{FEFF}{\"a\": 1}", "\u{FEFF}a: 1\n"] {
        #expect(try configuration(text).int("a") == 1)
    }
}

@Test func aWebPageInPlaceOfAConfigurationIsNamed() throws {
    let folder = try TemporaryFolder()
    for (text, problem) in [
        ("<!doctype html>", "it is a web page in place of the file; get it anew"),
        ("[1]\u{1}", "it does not begin with {")
    ] {
        let path = try folder.write(text, as: "config.json")
        #expect(
            sentence { _ = try ConfigurationNode(path: path) }
                == "\(path) is no valid JSON file: \(problem).")
    }
}

private let illFormed: [(text: String, sentence: String)] = [
    ("", "FILE is empty."),
    ("{", "FILE is no valid JSON file: '\"' is missing (JSON byte 1)."),
    ("{} {}", "FILE is no valid JSON file: there is something after its end (JSON byte 3)."),
    (#"{"a":1,"a":2}"#, "FILE is no valid JSON file: the name 'a' occurs twice (JSON byte 10)."),
    (#"{"a":nul}"#, "FILE is no valid JSON file: a value is missing (JSON byte 8)."),
    (#"{"a":x}"#, "FILE is no valid JSON file: a digit is missing (JSON byte 5)."),
    (#"{"a":1.}"#, "FILE is no valid JSON file: a digit is missing (JSON byte 7)."),
    (
        #"{"a":"# + String(repeating: "[", count: 500_000),
        "FILE is no valid JSON file: it is nested too deeply (JSON byte 68)."
    ),
    ("a: 1\na: 2\n", "FILE is no valid YAML file: the name 'a' occurs twice."),
    ("- a\n- b\n", "FILE is no valid YAML file: it does not hold names with values."),
    ("a: [1\n", "FILE is no valid YAML file: did not find expected ',' or ']' (line 2)."),
    ("a: 1\n---\nb: 2\n", "FILE is no valid YAML file: but found another document (line 2)."),
    ("[a]: 1\n", "FILE is no valid YAML file: a name in it is no text."),
    (bomb, "FILE is no valid YAML file: anchors and aliases (&name, *name) are not allowed."),
    ("a: *b\n", "FILE is no valid YAML file: found undefined alias (line 1)."),
    (
        "a: " + String(repeating: "[", count: 100) + String(repeating: "]", count: 100),
        "FILE is no valid YAML file: it is nested too deeply."
    ),
    (
        "a: " + String(repeating: " ", count: 1 << 20),
        "FILE is no valid YAML file: it has 1048579 bytes; at most 1048576 are allowed."
    )
]

@Test(arguments: illFormed.indices)
func aFileThatIsNotWellFormedHasItsSentence(_ index: Int) throws {
    let (text, expected) = illFormed[index]
    #expect(try reading(text) == expected, "\(text.prefix(100))")
}

@Test func textThatIsNotUTF8IsRefused() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write([0x61, 0x3A, 0x20, 0xFF, 0x0A], as: "config")
    #expect(
        sentence { _ = try ConfigurationNode(path: path) }
            == "\(path) is no valid YAML file: it is not UTF-8 text.")
}

@Test func signsWithinWordsAreNoAnchors() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("# by R&D; *not* official\na: x&y\nb: 2 * 3\n", as: "a.yaml")
    let file = try ConfigurationNode(path: path)
    #expect(try file.string("a") == "x&y" && file.string("b") == "2 * 3")
}
