import Imaging
import Testing

private func parameters(_ text: [PNGText], extra: [UInt8] = []) throws -> ForeignParameters? {
    let file = try PNG.encode(RGBImage(width: 1, height: 1), text: text)
    return ForeignParameters(try PNGContents(Array(file[..<33]) + extra + file[33...]))
}

@Suite struct ForeignParametersTests {
    @Test func infotextIsRead() throws {
        let found = try parameters([
            PNGText(
                "parameters",
                """
                a fox, (snow:1.2)
                Negative prompt: blurry
                Steps: 20, Sampler: Euler a, Schedule type: Automatic, CFG scale: 7.5, \
                Seed: 4294967296, Size: 512x768, Model hash: abc, Model: "dir/my, model", \
                Denoising strength: 0.4, Version: v1.10.1
                """)
        ])
        #expect(found?.source == .infotext)
        #expect(found?.prompt == "a fox, (snow:1.2)" && found?.negativePrompt == "blurry")
        #expect(found?.seed == 4_294_967_296 && found?.steps == 20 && found?.guidanceScale == 7.5)
        #expect(found?.width == 512 && found?.height == 768 && found?.strength == 0.4)
        #expect(found?.model == "my, model" && found?.modelHash == "abc")
        #expect(found?.sampler == "Euler a")
    }

    @Test func ourOwnInfotextIsReadToo() throws {
        var record = ImageRecord()
        record.prompt = "été"
        record.seed = 9
        let found = try parameters([PNGText("parameters", Infotext(record).text)])
        #expect(found?.prompt == "été" && found?.seed == 9 && found?.steps == 12)
    }

    @Test func utf8InALatin1TextIsRepairedForStableDiffusionCpp() throws {
        // PNGText stores each byte of the UTF-8 as one Latin-1 character.
        let wrong = String(String.UnicodeScalarView("雪".utf8.map { Unicode.Scalar($0) }))
        let rest = "\nSteps: 20, Skip layers: [7, 8], Seed: 1, Version: "
        let cpp = try parameters([PNGText("parameters", wrong + rest + "stable-diffusion.cpp")])
        #expect(cpp?.source == .stableDiffusionCpp && cpp?.prompt == "雪")
        let other = try parameters([PNGText("parameters", wrong + rest + "v1.10")])
        #expect(other?.source == .infotext && other?.prompt == wrong)
    }

    private static let infotext = "p\nSteps: 1, Seed: 5, Size: 1x1"
    private static let highByteFirst: [UInt8] = infotext.utf8.flatMap { [0, $0] }
    private static let lowByteFirst: [UInt8] = infotext.utf8.flatMap { [$0, 0] }
    static let comments: [(charset: String, comment: [UInt8])] = [
        ("UNICODE\0", highByteFirst), ("UNICODE\0", lowByteFirst),
        ("UNICODE\0", [0xFF, 0xFE] + lowByteFirst), ("UNICODE\0", [0xFE, 0xFF] + highByteFirst),
        ("ASCII\0\0\0", Array(infotext.utf8)), ("", Array(infotext.utf8) + [0])
    ]

    @Test(arguments: comments.indices)
    func theExifCommentIsRead(_ index: Int) throws {
        let (charset, comment) = Self.comments[index]
        let found = try parameters([], extra: RawPNG.chunk("eXIf", exifBlock(charset, comment)))
        #expect(found?.source == .exif && found?.prompt == "p" && found?.seed == 5)
    }

    @Test func damagedExifIsNoComment() throws {
        let block = exifBlock("ASCII\0\0\0", Array("comment".utf8))
        for length in 0..<block.count {
            let extra = RawPNG.chunk("eXIf", Array(block[..<length]))
            #expect(try parameters([], extra: extra) == nil)
        }
        var generator = SeededGenerator(seed: 81)
        for _ in 0..<3000 {
            var damaged = block
            damaged[Int.random(in: 0..<block.count, using: &generator)] = UInt8.random(
                in: 0...255, using: &generator)
            _ = try parameters([], extra: RawPNG.chunk("eXIf", damaged))
        }
    }

    @Test func fooocusIsRead() throws {
        let json = """
            {"prompt":"a fox","negative_prompt":"blurry","seed":"123","steps":30,
            "guidance_scale":4.0,"resolution":"(1152, 896)","sampler":"dpmpp_2m",
            "base_model":"juggernaut","base_model_hash":"aabb"}
            """
        let found = try parameters([PNGText("parameters", json)])
        #expect(found?.source == .fooocus && found?.prompt == "a fox" && found?.seed == 123)
        #expect(found?.width == 1152 && found?.height == 896 && found?.guidanceScale == 4)
        #expect(found?.model == "juggernaut" && found?.modelHash == "aabb")
        #expect(found?.negativePrompt == "blurry" && found?.steps == 30)
    }

    @Test func threeErasOfInvokeAIAreRead() throws {
        let three = """
            {"generation_mode":"txt2img","positive_prompt":"a fox","negative_prompt":"blurry",
            "seed":7,"steps":30,"width":1024,"height":768,"cfg_scale":6.5,"scheduler":"euler",
            "strength":0.5,"model":{"name":"sdxl","hash":"h"},"app_version":"5.0"}
            """
        let found3 = try parameters([PNGText("invokeai_metadata", three)])
        #expect(found3?.source == .invokeAI && found3?.prompt == "a fox" && found3?.seed == 7)
        #expect(found3?.model == "sdxl" && found3?.strength == 0.5 && found3?.height == 768)
        let two = """
            {"model":"stable diffusion","model_weights":"sd-1.4","model_hash":"h","image":
            {"prompt":[{"prompt":"a fox [blurry] in snow","weight":1}],"steps":50,"cfg_scale":7.5,
            "height":512,"width":640,"seed":8,"sampler":"k_lms"}}
            """
        let found2 = try parameters([PNGText("sd-metadata", two)])
        #expect(found2?.source == .invokeAI2 && found2?.prompt == "a fox  in snow")
        #expect(found2?.negativePrompt == "blurry" && found2?.model == "sd-1.4")
        #expect(found2?.seed == 8 && found2?.width == 640 && found2?.sampler == "k_lms")
        for dream in [
            "\"a fox [blurry]\" -s50 -S1234 -W512 -H640 -C7.5 -A k_lms -f0.75",
            "a fox [blurry] -s 50 -S 1234 -W 512 -H 640 -C 7.5 -A k_lms -f 0.75"
        ] {
            let found1 = try parameters([PNGText("Dream", dream)])
            #expect(found1?.source == .invokeAI1 && found1?.prompt == "a fox")
            #expect(found1?.negativePrompt == "blurry" && found1?.steps == 50)
            #expect(found1?.seed == 1234 && found1?.width == 512 && found1?.height == 640)
            #expect(found1?.guidanceScale == 7.5 && found1?.sampler == "k_lms")
            #expect(found1?.strength == 0.75)
        }
    }

    @Test func comfyUIsGraphIsReadAlongItsLinks() throws {
        let graph = """
            {"3":{"class_type":"KSampler","inputs":{"seed":["11",0],"steps":25,"cfg":8.0,
            "sampler_name":"euler","denoise":1.0,"model":["4",0],"positive":["10",0],
            "negative":["10",1],"latent_image":["5",0]}},
            "4":{"class_type":"CheckpointLoaderSimple","inputs":{"ckpt_name":"x/sd15.safetensors"}},
            "5":{"class_type":"EmptyLatentImage","inputs":{"width":768,"height":512,"batch_size":1}},
            "6":{"class_type":"CLIPTextEncode","inputs":{"text":"a fox","clip":["4",1]}},
            "7":{"class_type":"CLIPTextEncode","inputs":{"text":"blurry","clip":["4",1]}},
            "10":{"class_type":"ControlNetApplyAdvanced","is_changed":[NaN],
            "inputs":{"strength":1.0,"positive":["6",0],"negative":["7",0]}},
            "11":{"class_type":"Seed","inputs":{"seed":99}}}
            """
        let found = try parameters([PNGText("prompt", graph)])
        #expect(found?.source == .comfyUI && found?.prompt == "a fox")
        #expect(found?.negativePrompt == "blurry" && found?.seed == 99 && found?.steps == 25)
        #expect(found?.width == 768 && found?.height == 512 && found?.guidanceScale == 8)
        #expect(found?.model == "sd15.safetensors")
        // A graph whose links go round.
        let loop = """
            {"1":{"inputs":{"steps":1,"seed":1,"positive":["2",0],"negative":["2",0]}},
            "2":{"inputs":{"a":["2",0],"b":["1",0],"c":["9",0]}}}
            """
        #expect(try parameters([PNGText("prompt", loop)])?.prompt == "")
    }

    @Test func moldAndNovelAIAreRead() throws {
        let mold = try parameters([
            PNGText("mold:prompt", "a fox", international: true), PNGText("mold:seed", "5"),
            PNGText("mold:model", "flux:q8"), PNGText("mold:steps", "4"),
            PNGText("mold:guidance", "3.5"), PNGText("mold:width", "64"),
            PNGText("mold:height", "32")
        ])
        #expect(mold?.source == .mold && mold?.prompt == "a fox" && mold?.seed == 5)
        #expect(mold?.model == "flux:q8" && mold?.guidanceScale == 3.5 && mold?.height == 32)
        let novel = try parameters([
            PNGText("Description", "a fox"),
            PNGText(
                "Comment",
                #"{"steps":28,"sampler":"k_euler","seed":3,"strength":0.7,"scale":11.0,"uc":"bad"}"#
            )
        ])
        #expect(novel?.source == .novelAI && novel?.prompt == "a fox" && novel?.seed == 3)
        #expect(novel?.negativePrompt == "bad" && novel?.guidanceScale == 11)
    }

    @Test func theFirstFormInTheOrderCounts() throws {
        let texts = [
            PNGText("mold:prompt", "mold"),
            PNGText("Dream", "\"dream\" -s1 -S1"),
            PNGText("sd-metadata", #"{"image":{"prompt":"two"}}"#),
            PNGText("invokeai_metadata", #"{"positive_prompt":"three"}"#),
            PNGText("parameters", "a\nSteps: 1, Seed: 1, Size: 1x1")
        ]
        let prompts = ["mold", "dream", "two", "three", "a"]
        for count in 1...texts.count {
            #expect(try parameters(Array(texts[..<count]))?.prompt == prompts[count - 1])
        }
        #expect(try parameters([PNGText("Comment", "made with love")]) == nil)
        #expect(try parameters([PNGText("parameters", "only words")]) == nil)
    }

    @Test func numbersAreMovedIntoRange() throws {
        let found = try parameters([
            PNGText(
                "parameters",
                "p\nSteps: 99999999, CFG scale: 1e9, Seed: -1, Size: 0x99999, Model: ../../etc\\x")
        ])
        #expect(found?.steps == 1024 && found?.guidanceScale == 100 && found?.seed == nil)
        #expect(found?.width == 1 && found?.height == 4096 && found?.model == "x")
        let nan = try parameters([
            PNGText("parameters", "p\nSteps: x, CFG scale: nan, Seed: 1.5, Size: axb")
        ])
        #expect(nan?.steps == nil && nan?.guidanceScale == nil && nan?.seed == nil)
        #expect(nan?.width == nil)
    }

    @Test func randomTextsNeverTrap() throws {
        var generator = SeededGenerator(seed: 91)
        let keys = [
            "parameters", "invokeai_metadata", "sd-metadata", "Dream", "prompt", "mold:prompt",
            "Comment", "dcar", "dcar:tokens"
        ]
        let pieces = [
            "{", "}", "\"inputs\":", "\"image\":", "\"prompt\":", "[", "]", "\"a\"", ":", ",", "1",
            "-s", "-S 5 ", "\"", "Steps: 1, ", "Seed: 2, ", "Size: 3x4", "\n", "Negative prompt:",
            "\"steps\":1", "\"positive\":[\"1\",0]", "\"1\":{", "AQIB", "=", "雪"
        ]
        for _ in 0..<4000 {
            let texts = keys.map { key in
                let count = Int.random(in: 0...10, using: &generator)
                return PNGText(
                    key,
                    (0..<count).map { _ in pieces.randomElement(using: &generator) ?? "" }.joined())
            }
            let file = try PNG.encode(RGBImage(width: 1, height: 1), text: texts, compression: 0)
            let contents = try PNGContents(file)
            _ = ForeignParameters(contents)
            _ = try? GenerationMetadata(contents)
        }
    }
}
