import Imaging
import Testing

private func randomRecord(using generator: inout SeededGenerator) -> ImageRecord {
    var record = ImageRecord()
    record.appVersion = generator.text(upTo: 8)
    record.modelName = generator.text(upTo: 20)
    record.modelHash = Bool.random(using: &generator) ? generator.text(upTo: 64) : nil
    record.rawPrompt = Bool.random(using: &generator) ? generator.text(upTo: 99) : nil
    record.prompt = generator.text(upTo: 99)
    record.negativePrompt = generator.text(upTo: 99)
    record.seed = generator.next()
    record.rng = generator.text(upTo: 8)
    record.steps = Int.random(in: 1...64, using: &generator)
    record.guidanceScale = Double.random(in: 0...20, using: &generator)
    record.guidanceDecay = generator.text(upTo: 8)
    record.guidancePower = Bool.random(using: &generator) ? 2.75 : nil
    record.temperature = Double.random(in: 0...10, using: &generator)
    record.isSoftmaxAnnealed = Bool.random(using: &generator)
    record.schedule = generator.text(upTo: 8)
    record.isScheduleScaled = Bool.random(using: &generator)
    record.residualSteps = Int.random(in: 0...1000, using: &generator)
    record.residualSeed = Bool.random(using: &generator) ? generator.next() : nil
    record.residualStrength = Double.random(in: 0...1.5, using: &generator)
    record.residualTemperature = Double.random(in: 0...2, using: &generator)
    record.residualGuidanceScale =
        Bool.random(using: &generator) ? Double.random(in: 0...100, using: &generator) : nil
    record.width = Int.random(in: 1...4096, using: &generator)
    record.height = Int.random(in: 1...4096, using: &generator)
    record.precision = generator.text(upTo: 8)
    record.parentHash = Bool.random(using: &generator) ? generator.text(upTo: 64) : nil
    record.stoppedAtStep = Bool.random(using: &generator) ? record.steps : nil
    record.unknown = ["a \(generator.text(upTo: 3))": .array([.integer(1), .string("x")])]
    if Bool.random(using: &generator) {
        record.edit = EditRecord(
            operation: generator.text(upTo: 9), mask: randomMask(using: &generator),
            strength: Bool.random(using: &generator) ? 0.3 : nil,
            content: Bool.random(using: &generator) ? "random" : nil,
            feather: Bool.random(using: &generator) ? 8 : nil, area: "whole-picture", padding: 3)
    }
    return record
}

private func randomMask(using generator: inout SeededGenerator) -> TokenMask {
    let width = Int.random(in: 1...20, using: &generator)
    let height = Int.random(in: 1...20, using: &generator)
    let share = Double.random(in: 0...1, using: &generator)
    return TokenMask(
        gridWidth: width, gridHeight: height,
        isMasked: (0..<width * height).map { _ in
            Double.random(in: 0..<1, using: &generator) < share
        })
}

@Suite struct ImageRecordTests {
    @Test func randomRecordsSurviveARoundTripThroughAPicture() throws {
        var generator = SeededGenerator(seed: 61)
        let image = RGBImage(width: 1, height: 1)
        for _ in 0..<500 {
            let record = randomRecord(using: &generator)
            let read = try ImageRecord(json: record.json)
            #expect(read == record)
            #expect(Array(read.json.utf8) == Array(record.json.utf8))
            let metadata = GenerationMetadata(record: record)
            let file = try PNG.encode(image, text: metadata.text, compression: 0)
            let decoded = try PNG.decode(file)
            #expect(try GenerationMetadata(decoded.contents) == metadata)
        }
    }

    @Test func theDefaultRecordIsThis() {
        var record = ImageRecord()
        record.prompt = "a \"fox\" 雪"
        record.seed = .max
        record.edit = EditRecord(
            operation: "inpaint",
            mask: TokenMask(gridWidth: 3, gridHeight: 1, isMasked: [true, false, false]))
        #expect(
            record.json == #"""
                {"app_version":"","cfg_form":"cond+s*(cond-uncond)",\#
                "edit":{"mask":{"grid":[3,1],"runs":[0,1,2]},"operation":"inpaint"},\#
                "guidance_decay":"constant","guidance_scale":4.5,"height":512,"model":"",\#
                "negative_prompt":"","precision":"float32","prompt":"a \"fox\" 雪",\#
                "residual_steps":32,"residual_strength":1,"residual_temperature":1,"rng":"",\#
                "schedule":"arccos","schedule_scaled":true,"schema":1,"seed":18446744073709551615,\#
                "softmax_annealing":true,"steps":12,"temperature":1.5,"width":512}
                """#)
    }

    @Test func numbersAreMovedIntoRange() throws {
        let record = try ImageRecord(
            json: """
                {"schema":1,"steps":-5,"guidance_scale":1e300,"temperature":-1,"width":0,
                "height":99999999999999999999,"residual_steps":5000,"residual_strength":9,
                "stopped_at_step":70,"seed":-3,"guidance_power":1e9,
                "edit":{"operation":"x","mask":{"grid":[1,1],"runs":[1]},"strength":7,"feather_px":-8}}
                """)
        #expect(record.steps == 1 && record.guidanceScale == 100 && record.temperature == 0)
        #expect(record.width == 1 && record.height == 512 && record.residualSteps == 1000)
        #expect(record.residualStrength == 1.5)
        #expect(record.stoppedAtStep == 1 && record.seed == 0 && record.guidancePower == 100)
        #expect(record.edit?.strength == 1 && record.edit?.feather == 0)
    }

    @Test func laterAndStrangeRecordsAreReadAsFarAsTheyGo() throws {
        let record = try ImageRecord(
            json: #"{"schema":9,"prompt":7,"steps":"20","new":{"x":[1,2.5]},"edit":{"mask":3}}"#)
        #expect(record.prompt.isEmpty && record.steps == 20 && record.edit == nil)
        #expect(record.unknown == ["new": .object(["x": .array([.integer(1), .number(2.5)])])])
        #expect(record.json.contains(#""new":{"x":[1,2.5]}"#))
    }

    /// Members that earlier versions wrote.
    @Test func membersOfEarlierVersionsAreKept() throws {
        let members = #"""
            "batch_index":3,"git_id":"0f3a","thread_independent":true,"timings":{"encode":0.25}
            """#
        let record = try ImageRecord(json: #"{"schema":1,"steps":9,\#(members)}"#)
        #expect(record.steps == 9 && record.unknown.count == 4)
        let again = try ImageRecord(json: record.json)
        #expect(again == record)
        #expect(
            again.json.contains(#""batch_index":3"#) && again.json.contains(#""git_id":"0f3a""#))
        #expect(again.json.contains(#""timings":{"encode":0.25}"#))
        #expect(again.json.contains(#""thread_independent":true"#))
    }

    @Test(arguments: [
        ("", "The picture's dcar text is not JSON."),
        ("{", "The picture's dcar text is not JSON."),
        ("[]", "The picture's dcar text is no record: it has no \"schema\" of 1 or more."),
        ("{}", "The picture's dcar text is no record: it has no \"schema\" of 1 or more."),
        (
            "{\"schema\":0}",
            "The picture's dcar text is no record: it has no \"schema\" of 1 or more."
        )
    ])
    func otherTextsAreRefused(text: String, sentence: String) {
        let error = #expect(throws: ImageRecordError.self) { try ImageRecord(json: text) }
        #expect(error?.description == sentence)
    }

    @Test func aPictureWithoutARecordHasNone() throws {
        let contents = try PNGContents(try PNG.encode(RGBImage(width: 1, height: 1)))
        #expect(try GenerationMetadata(contents) == nil)
    }
}

@Suite struct TokenRecordTests {
    @Test func tokensAndResidualComeBackFromAPicture() throws {
        var generator = SeededGenerator(seed: 71)
        for (width, height) in [(1, 1), (16, 16), (128, 3)] {
            let count = width * height
            let tokens = TokenGridRecord(
                gridWidth: width, gridHeight: height,
                ids: (0..<count).map { _ in
                    Bool.random(using: &generator)
                        ? UInt16.random(in: 0...16383, using: &generator) : nil
                }, commitSteps: generator.bytes(count), confidence: generator.bytes(count))
            let residual = ResidualRecord(
                (0..<count * 32).map { _ in Float.random(in: -0.2...0.2, using: &generator) })
            let metadata = GenerationMetadata(
                record: ImageRecord(), tokens: tokens, residual: residual)
            let file = try PNG.encode(RGBImage(width: 1, height: 1), text: metadata.text)
            let contents = try PNGContents(file)
            #expect(
                contents.text.map(\.keyword)
                    == ["parameters", "dcar", "dcar:tokens", "dcar:residual", "Software"])
            #expect(try GenerationMetadata(contents) == metadata)
        }
    }

    @Test func theTokensAreStoredLikeThis() {
        let tokens = TokenGridRecord(
            gridWidth: 2, gridHeight: 1, ids: [0x1234, nil], commitSteps: [7, 0],
            confidence: [255, 1])
        // 01 02 01 | 34 12 FF FF | 07 00 | FF 01
        #expect(tokens.base64 == "AQIBNBL//wcA/wE=")
        #expect(TokenGridRecord(base64: "AQIBNBL//wcA/wE=") == tokens)
        #expect(ResidualRecord([1, -0.5]).base64 == "ADwAuA==")
    }

    @Test(arguments: [
        "", "AQ==", "AgIBNBL//wcA/wE=", "AQABNBL//wcA/wE=", "AQIBNBL//wcA/w==", "AQIBNBL//wcA/wEA",
        "not base64!"
    ])
    func damagedTokensAreRefused(text: String) {
        #expect(TokenGridRecord(base64: text) == nil)
    }

    @Test func damagedResidualsAreRefused() {
        #expect(ResidualRecord(base64: "ADwAuA==", tokenCount: 2) != nil)
        #expect(ResidualRecord(base64: "ADwAuA==", tokenCount: 3) == nil)
        #expect(ResidualRecord(base64: "ADwAuA==", tokenCount: 0) == nil)
        #expect(ResidualRecord(base64: "", tokenCount: 1) == nil)
        #expect(ResidualRecord(base64: "AHw=", tokenCount: 1) == nil, "infinity")
    }

    @Test func aResidualTooLongForATextIsLeftOut() throws {
        let metadata = GenerationMetadata(
            record: ImageRecord(), residual: ResidualRecord([Float](repeating: 1, count: 200_000)))
        #expect(!metadata.text.contains { $0.keyword == "dcar:residual" })
        #expect(throws: Never.self) {
            try PNG.encode(RGBImage(width: 1, height: 1), text: metadata.text)
        }
    }

    @Test func runsFillTheGridExactly() {
        var generator = SeededGenerator(seed: 72)
        for _ in 0..<500 {
            let mask = randomMask(using: &generator)
            let read = TokenMask(
                gridWidth: mask.gridWidth, gridHeight: mask.gridHeight, runs: mask.runs)
            #expect(read == mask)
            #expect(mask.runs.reduce(0, +) == mask.gridWidth * mask.gridHeight)
        }
        for runs in [[], [3], [5], [2, -1, 3], [4, 1], [.max, .max]] {
            #expect(TokenMask(gridWidth: 2, gridHeight: 2, runs: runs) == nil)
        }
        #expect(TokenMask(gridWidth: 0, gridHeight: 2, runs: []) == nil)
        #expect(TokenMask(gridWidth: 129, gridHeight: 1, runs: [129]) == nil)
    }
}

@Test func chosenTokensAreKeptAsTheCommandLineWritesThem() throws {
    var record = ImageRecord()
    #expect(!record.json.contains("chosen_tokens"))
    record.chosenTokens = try #require(ChosenTokens(["13=mask", "2=873", "2=874"]))
    #expect(record.json.contains("\"chosen_tokens\":[\"2=874\",\"13=mask\"]"))
    #expect(try ImageRecord(json: record.json) == record)
    for word in ["", "=", "1", "1=", "-1=2", "1=-2", "a=1", "1=Mask", "1=2=3"] {
        #expect(ChosenTokens([word]) == nil, "\(word)")
    }
}
