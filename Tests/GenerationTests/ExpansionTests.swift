import Requests
import Testing

@Test(arguments: [
    ("a fox", ["a fox"]),
    ("a {red|blue} fox", ["a red fox", "a blue fox"]),
    ("{a|b} {c|d}", ["a c", "a d", "b c", "b d"]),
    ("a {red |}fox", ["a red fox", "a fox"]),
    ("no {choice} and no } or {", ["no {choice} and no } or {"]),
    ("{{a|b}}", ["{a}", "{b}"]),
    ("", [""])
])
func bracesStandForEachOfTheirParts(raw: String, prompts: [String]) throws {
    #expect(try PromptExpansion(raw).prompts == prompts)
    #expect(try PromptExpansion(raw).isExpanded == (prompts.count > 1))
}

@Test func tooManyCombinationsAreRefused() throws {
    let most = String(repeating: "{a|b|c|d}", count: 4)
    #expect(try PromptExpansion(most).prompts.count == 256)
    let many = String(repeating: "{a|b|c|d}", count: 5)
    #expect(throws: RequestError.expansion(limit: 256)) { try PromptExpansion(many) }
}

@Test func anAxisSetsItsParameter() throws {
    var request = GenerationRequest(prompt: "a fox", seed: 1)
    try ParameterAxis("seed=1, 2,3").apply(1, to: &request)
    try ParameterAxis("guidance=2,4.5").apply(1, to: &request)
    try ParameterAxis("decay=linear").apply(0, to: &request)
    try ParameterAxis("residual-steps=5").apply(0, to: &request)
    try ParameterAxis("prompt=a cat,a dog").apply(1, to: &request)
    #expect(request.seed == 2)
    #expect(request.sampling.guidanceScale == 4.5)
    #expect(request.sampling.guidanceDecay == .linear)
    #expect(request.residual.steps == 5)
    #expect(request.prompt == "a dog")
    #expect(try ParameterAxis("seed=1, 2").description == "seed=1,2")
    // Files keep no negative zero.
    try ParameterAxis("guidance=-0.0").apply(0, to: &request)
    #expect(request.sampling.guidanceScale.sign == .plus)
}

@Test(arguments: [
    ("seed", "\"seed\" is no parameter with values"),
    ("sed=1", "\"sed=1\" is no parameter with values"),
    ("seed=1,x", "seed cannot be \"x\"; it is a whole number from 0"),
    ("seed=", "seed cannot be \"\""), ("steps=1.5", "steps cannot be \"1.5\""),
    ("decay=up", "decay cannot be \"up\"; it is one of constant, linear, power-cosine"),
    ("seed=" + Array(repeating: "1", count: 33).joined(separator: ","), "seed has 33 values")
])
func anAxisThatCannotBeReadSaysWhy(text: String, problem: String) {
    let error = #expect(throws: RequestError.self) { try ParameterAxis(text) }
    #expect(error?.description.contains(problem) == true, "\(error?.description ?? "")")
}

@Test(arguments: [
    (#"prompt=a fox\, red, a cow"#, ["a fox, red", "a cow"]), (#"prompt=a\\,b"#, [#"a\"#, "b"]),
    (#"prompt=a\b\"#, [#"a\b\"#]), ("seed=1,2", ["1", "2"])
])
func aCommaBehindABackslashBelongsToItsValue(text: String, values: [String]) throws {
    let axis = try ParameterAxis(text)
    #expect(axis.values == values)
    #expect(try ParameterAxis(axis.description).values == values)
}
