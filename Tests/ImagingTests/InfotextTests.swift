import Foundation
import Imaging
import Testing

private let golden = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Golden")

@Suite struct InfotextTests {
    /// Texts and what Python's `re` with the web UI's own expression and line rules makes of them.
    @Test func textsAreReadAsTheWebUIReadsThem() throws {
        struct Case: Decodable {
            let text: String
            let prompt: String
            let negative: String
            let pairs: [[String]]
        }
        struct File: Decodable { let cases: [Case] }
        let data = try Data(contentsOf: golden.appending(path: "infotext_cases.json"))
        let cases = try JSONDecoder().decode(File.self, from: data).cases
        #expect(cases.count == 400)
        for item in cases {
            let infotext = Infotext(parsing: item.text)
            #expect(
                Array(infotext.prompt.utf8) == Array(item.prompt.utf8),
                "\(item.text.debugDescription)")
            #expect(
                Array(infotext.negativePrompt.utf8) == Array(item.negative.utf8),
                "\(item.text.debugDescription)")
            let isParameters = item.pairs.count >= 3
            #expect(
                infotext.pairs == (isParameters ? item.pairs.map { .init($0[0], $0[1]) } : []),
                "\(item.text.debugDescription)")
        }
    }

    @Test func aRecordIsWrittenInTheWebUIsOrder() {
        var record = ImageRecord()
        record.prompt = "a red fox,\nin snow"
        record.negativePrompt = "blurry"
        record.seed = 18_446_744_073_709_551_615
        record.modelName = "dcar, 512"
        record.modelHash = "0123456789abcdef"
        record.rng = "philox4x32-10"
        record.appVersion = "1.2.3"
        record.parentHash = "fedcba9876543210"
        record.stoppedAtStep = 7
        record.edit = EditRecord(
            operation: "inpaint",
            mask: TokenMask(gridWidth: 2, gridHeight: 1, isMasked: [true, false]), strength: 0.75,
            content: "mask-all", feather: 8, area: "only-masked", padding: 2)
        #expect(
            Infotext(record).text == """
                a red fox,
                in snow
                Negative prompt: blurry
                Steps: 12, Sampler: DC-AR MaskGIT, Schedule type: arccos, CFG scale: 4.5, \
                Seed: 18446744073709551615, Size: 512x512, Model hash: 0123456789, \
                Model: "dcar, 512", Denoising strength: 0.75, Mask blur: 8, \
                Masked content: mask-all, Inpaint area: only-masked, Masked area padding: 2, \
                Init image hash: fedcba9876, RNG: philox4x32-10, Randomize temperature: 1.5, \
                Guidance decay: constant, Residual steps: 32, Masked tokens: 1, \
                Stopped at step: 7, Version: dcar 1.2.3
                """)
    }

    @Test func anEmptyPromptHasNoLine() {
        let pairs = [Infotext.Pair("Steps", "1"), .init("Seed", "2"), .init("Size", "3x4")]
        #expect(Infotext(prompt: "", pairs: pairs).text == "Steps: 1, Seed: 2, Size: 3x4")
        #expect(Infotext(parsing: "Steps: 1, Seed: 2, Size: 3x4").pairs == pairs)
        #expect(Infotext(parsing: "").prompt.isEmpty)
    }

    @Test func randomTextsSurviveARoundTrip() {
        var generator = SeededGenerator(seed: 41)
        var exactCount = 0
        for _ in 0..<5000 {
            var record = ImageRecord()
            record.prompt = generator.text(upTo: 40)
            record.negativePrompt = generator.text(upTo: 20)
            record.modelName = generator.text(upTo: 20)
            record.rng = generator.text(upTo: 10)
            record.seed = generator.next()
            let written = Infotext(record)
            let read = Infotext(parsing: written.text)
            // Parameters are lossless whatever is in them.
            #expect(read.pairs.map(\.key) == written.pairs.map(\.key))
            #expect(
                read.pairs.map { Array($0.value.utf8) }
                    == written.pairs.map { Array($0.value.utf8) })
            // Prompts are where no line starts or ends with space and the first is not empty.
            guard isPlain(record.prompt), isPlain(record.negativePrompt) else { continue }
            exactCount += 1
            #expect(Array(read.prompt.utf8) == Array(record.prompt.utf8))
            #expect(Array(read.negativePrompt.utf8) == Array(record.negativePrompt.utf8))
        }
        #expect(exactCount > 1000)
    }

    private func isPlain(_ prompt: String) -> Bool {
        let lines = prompt.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
        guard let first = lines.first, !first.isEmpty else { return false }
        return lines.allSatisfy {
            Infotext(parsing: String($0)).prompt.unicodeScalars.elementsEqual($0)
        }
    }

    @Test func aLongLineWithoutColonsIsReadInOnePass() {
        let line = String(repeating: "a b ", count: 60_000)
        #expect(Infotext(parsing: line).pairs.isEmpty)
        #expect(Infotext(parsing: "p\n" + String(repeating: "\"", count: 200_000)).pairs.isEmpty)
        #expect(Infotext(parsing: String(repeating: "ab:\"", count: 60_000)).pairs.isEmpty)
    }
}
