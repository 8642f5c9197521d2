import ArgumentParser
import Foundation
import HybridTokens
import Imaging
import Pipeline
import Requests
import Settings

/// A part of a picture made anew.
struct EditCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "edit",
        abstract: "Make a part of a picture anew, vary it, or continue it beyond its borders.",
        discussion: """
            Tokens outside the mask keep their ids and residuals, pixels outside the mask keep \
            their bytes (transparent ones are laid on white first). An edit takes fewer steps, the fewer \
            tokens it makes anew, unless --steps says how many. Pictures that dcar made with the same model keep their tokens in the file \
            and are not encoded again.
            """)

    @Option(
        name: [.customShort("i"), .long], parsing: .unconditional,
        help: "The picture, a PNG; - for standard input.")
    var initImg: String

    @Option(
        name: .shortAndLong, parsing: .unconditional,
        help: "The prompt; the picture's own when not given.")
    var prompt: String?

    @Option(
        parsing: .unconditional,
        help: """
            What is made anew: a PNG (white is made anew), rect:x,y,w,h in pixels, \
            tokens:0,5,16-19, or data:image/png;base64, and a PNG in base64. Without a mask, the \
            share of the whole picture that --strength says.
            """)
    var mask: String?

    @Flag(help: "Make anew what the mask leaves.")
    var invertMask = false

    @Option(
        parsing: .unconditional,
        help: "The share of the tokens under the mask that is made anew, above 0 to 1.")
    var strength: Double?

    @Option(help: "all, least-sure or random: which tokens, when not all.")
    var content: MaskedContent?

    @Option(
        parsing: .unconditional,
        help: """
            Pixels over which the result fades into the picture, 0 to \
            \(RequestLimits.feather.upperBound).
            """)
    var feather: Int?

    @Option(
        parsing: .unconditional,
        help: """
            Show the model only the mask and so many tokens on each side of it, 0 to \
            \(RequestLimits.padding.upperBound); when not given the whole picture, or of a large one as \
            much as it was trained for.
            """)
    var padding: Int?

    @Option(parsing: .unconditional, help: "left,right,top,bottom: tokens to add on each side.")
    var outpaint: String?

    @Option(parsing: .unconditional, help: "Results with seeds seed, seed + 1, ...")
    var alternatives = 1

    @OptionGroup var stop: StopOptions

    @Flag(
        help: """
            Scale and crop a picture whose sides are not multiples of the token size, or too long; a \
            mask of its size is fitted with it.
            """)
    var fit = false

    @OptionGroup var sampling: SamplingOptions
    @OptionGroup var model: ModelOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        if let strength, !(strength > 0 && strength <= 1) {
            throw ValidationError("--strength is \(strength); it must be above 0 and at most 1.")
        }
        try check("--feather", feather, in: RequestLimits.feather)
        try check("--padding", padding, in: RequestLimits.padding)
        if padding != nil, mask == nil {
            throw ValidationError("--padding needs a --mask, around which it lies.")
        }
        try check("--alternatives", alternatives, in: RequestLimits.pictures)
        if outpaint != nil, mask != nil || strength != nil || content != nil {
            throw ValidationError(
                "--outpaint makes all of its own mask; leave --mask, --strength and --content out.")
        }
        if let content, content != .all, strength == nil {
            throw ValidationError(
                "--content \(content.rawValue) chooses some of the tokens; say with --strength which "
                    + "share.")
        }
        if outpaint == nil, mask == nil, strength == nil {
            throw ValidationError("Say what is made anew: --mask, --strength or --outpaint.")
        }
        if content == .all, let strength, strength < 1 {
            throw ValidationError(
                "--content all leaves no choice to --strength; leave one out, or choose least-sure "
                    + "or random.")
        }
        try stop.check(output)
        if invertMask, mask == nil {
            throw ValidationError("--invert-mask needs a --mask to invert.")
        }
        if output.isStandardOutput, alternatives > 1 {
            throw ValidationError("-o - takes one picture; ask for one, or name files.")
        }
    }

    func run() throws {
        let file = try InputPicture(initImg)
        let source = try file.decoded()
        let command = try CommandRun(model, output)
        let (pipeline, progress) = (command.pipeline, command.progress)
        let image = try source.image.ofWholeTokens(of: pipeline.model, fit: fit, path: file.title)
        let metadata = try? GenerationMetadata(source.contents)
        let words = PictureWords(metadata, source.contents)
        progress.receive(.phase(.encoding, count: 1))
        if source.contents.header.colourType.hasAlpha {
            progress.note(
                "Transparent parts of the picture are laid on white; the result has none.")
        }
        if (prompt ?? words.prompt).allSatisfy(\.isWhitespace) {
            progress.note("Nothing says what is painted; --prompt does.")
        }
        let seed = sampling.chosenSeed()
        // Each picture chooses its own tokens, so that it is the one its seed alone would give.
        let seeds = (0..<UInt64(alternatives)).map { seed &+ $0 }
        let plans = try command.stoppable {
            let kept: HybridTokenGrid?
            let grid: HybridTokenGrid
            do {
                kept = try pipeline.keptGrid(of: image, metadata: metadata)
                grid = try kept ?? pipeline.roundedGrid(of: image)
            } catch let error as RequestError {
                throw CommandError.inputImage("\(SanitizedText(file.title)): \(error)")
            }
            // How sure the model was is known of the tokens that it made alone.
            let confidence = kept == nil ? nil : metadata?.tokens?.probabilities
            let mask = try mask(
                of: source.image, fitted: image, tokenSide: pipeline.model.tokenSide)
            return try seeds.map { try plan(pipeline, image, grid, mask, confidence, seed: $0) }
        }
        let runs = try command.stoppable {
            try zip(plans, seeds).reduce(into: [PictureRun]()) { runs, next in
                // One prompt is read once.
                let known = runs.first.map { ($0.run.text, $0.isPromptTruncated) }
                runs.append(try run(pipeline, next.0, words, seed: next.1, text: known))
            }
        }
        try stop.check(runs)
        var job = PictureJob(
            command, output,
            try output.pattern(standard: "dcar-{seed}-{n}.png", isSeveral: alternatives > 1))
        job.stopAfter = stop.stopAt
        job.choosesSeeds = sampling.seed == nil
        let feather = feather ?? Preferences.current.feather
        let parentHash = SHA256Sum.of(file.bytes)
        try job.run(
            zip(runs, plans).map { run, plan in
                PictureJob.Item(
                    run, edit: plan.compositor(feather: feather),
                    lineage: Lineage(
                        parentHash: parentHash, edit: plan.record(feather: feather),
                        mask: plan.mask))
            })
    }

    private func mask(of original: RGBImage, fitted image: RGBImage, tokenSide: Int) throws -> Mask?
    {
        guard let mask else { return nil }
        let pixels = try MaskSource(mask).mask(
            width: image.width, height: image.height, tokenSide: tokenSide,
            original: (original.width, original.height))
        return invertMask ? pixels.inverted() : pixels
    }

    private func plan(
        _ pipeline: Pipeline, _ image: RGBImage, _ grid: HybridTokenGrid, _ mask: Mask?,
        _ confidence: [Float]?, seed: UInt64
    ) throws -> EditPlan {
        if let outpaint {
            let fields = outpaint.split(separator: ",", omittingEmptySubsequences: false)
            let sides = fields.compactMap { Int($0) }.filter { 0...64 ~= $0 }
            guard fields.count == 4, sides.count == 4, sides.contains(where: { $0 > 0 }) else {
                throw CommandError.usage(
                    "--outpaint is \(outpaint); it must be left,right,top,bottom: four numbers of "
                        + "tokens from 0 to 64, one of them above 0.")
            }
            return try pipeline.plan(
                outpainting: image, grid, left: sides[0], right: sides[1], top: sides[2],
                bottom: sides[3])
        }
        return try pipeline.plan(
            image, grid, mask: mask, share: strength ?? 1,
            content: content ?? (strength == nil ? .all : .random),
            confidence: confidence, seed: seed, padding: padding)
    }

    private func run(
        _ pipeline: Pipeline, _ plan: EditPlan, _ words: PictureWords, seed: UInt64,
        text: Pipeline.ReadText?
    ) throws -> PictureRun {
        var settings = pipeline.model.configuration.defaults
        settings.steps = Preferences.current.whole(.steps) ?? settings.steps
        settings.steps = settings.steps(
            making: plan.tokenMask.maskedCount, of: plan.isMasked.count)
        return try pipeline.start(
            GenerationRequest(
                prompt: prompt ?? words.prompt,
                negativePrompt: sampling.negativePrompt ?? words.negativePrompt,
                seed: seed,
                sampling: sampling.sampling(settings, keepingSteps: true),
                residual: sampling.residual()),
            editing: plan.grid, isMasked: plan.isMasked, window: plan.window, text: text)
    }
}
