import ArgumentParser
import Checkpoints
import Foundation
import Imaging
import Kernels
import Pipeline

/// What a picture or a model folder holds.
struct InfoCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "info", abstract: "How a picture was made, or what a model folder holds.")

    @Argument(
        help: "A PNG, - for standard input, or a model folder; the embedded model when not given.")
    var path: String?

    @Option(help: "text, json or infotext.")
    var format = Format.text

    @Flag(help: "Every text of the PNG, not only how it was made.")
    var all = false

    @Flag(
        help: """
            Texts as the file holds them, with whatever a terminal would obey; not to a terminal.
            """)
    var raw = false

    func validate() throws {
        if all, format != .text {
            throw ValidationError("--all prints the texts as they are; leave it or --format out.")
        }
        if raw, Output.isTerminal {
            throw ValidationError(
                "--raw would let a file's texts steer the terminal; send standard output to a file "
                    + "or pipe.")
        }
    }

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case text, json, infotext
    }

    func run() throws {
        let path = try path ?? ModelOptions.parse([]).folder()
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue
        {
            try model(path)
        } else {
            try picture(path)
        }
    }

    private func picture(_ path: String) throws {
        let input = try InputPicture(path)
        let (contents, path) = (try input.contents(), input.title)
        if let problem = contents.textProblem {
            Messages.plain("A text of \(SanitizedText(path)) is left out: \(problem)")
        }
        if all {
            if contents.text.isEmpty { Messages.plain("\(path) has no texts.") }
            for text in contents.text {
                try Output.line(
                    raw
                        ? "\(text.keyword): \(text.text)"
                        : "\(SanitizedText(text.keyword)): \(SanitizedText(text.text))")
            }
            return
        }
        let own = try GenerationMetadata(contents)
        switch format {
        case .json:
            guard let own else {
                throw CommandError.inputImage("\(path) has no dcar record; try --format text.")
            }
            try Output.line(raw ? own.record.json : SanitizedText.json(own.record.json))
        case .infotext:
            guard let text = contents["parameters"] else {
                throw CommandError.inputImage("\(path) has no parameters; try --format text.")
            }
            try Output.line(
                raw ? text : SanitizedText(text, keepingLineBreaks: true).description)
        case .text:
            let size = "\(contents.header.width)x\(contents.header.height)"
            guard let own else {
                try foreign(path, contents, size)
                return
            }
            for (name, value) in PictureDescription.lines(own, size: size) {
                try Output.row(name, value)
            }
        }
    }

    private func foreign(_ path: String, _ contents: PNGContents, _ size: String) throws {
        guard let foreign = ForeignParameters(contents) else {
            try Output.row("size", size)
            try Output.row("made by", "unknown; the file does not say how it was made")
            return
        }
        for (name, value) in PictureDescription.lines(foreign, size: size) {
            try Output.row(name, value)
        }
    }

    private func model(_ folder: String) throws {
        let model = try Model(folder: folder, compute: Compute(precision: .float32))
        switch format {
        case .text: try text(model)
        case .json: try json(model)
        case .infotext:
            throw CommandError.usage("--format infotext is for pictures; \(folder) is a folder.")
        }
    }

    private static let partNames = ["text encoder", "generator", "tokenizer"]

    private func json(_ model: Model) throws {
        let parts = zip(Self.partNames, model.checkpoints).map { name, checkpoint in
            let weights = Weights(checkpoint)
            return [
                "part": name, "files": checkpoint.files, "parameters": weights.parameters,
                "tensors": weights.tensors, "types": weights.types,
                "bytes": checkpoint.byteCount, "sha256": Model.sha256(of: checkpoint)
            ] as [String: Any]
        }
        try Events.send([
            "model": model.name, "sha256": model.sha256, "side": model.trainedSide,
            "pixels_per_token": model.tokenSide, "tokens": model.configuration.tokens,
            "codebook_size": model.configuration.codebookSize,
            "latent_channels": model.configuration.latentChannels,
            "layers": model.configuration.layers, "width": model.configuration.width,
            "heads": model.configuration.heads, "text_tokens": model.configuration.textLength,
            "parts": parts
        ])
    }

    private func text(_ model: Model) throws {
        try Output.row("model", model.name)
        try Output.row(
            "trained for",
            "\(model.trainedSide)x\(model.trainedSide) pixels, \(model.configuration.tokens) tokens "
                + "of \(model.tokenSide)x\(model.tokenSide); other sizes work less well")
        try Output.row(
            "codebook",
            "\(model.configuration.codebookSize) x \(model.configuration.latentChannels)")
        try Output.row(
            "transformer",
            "\(model.configuration.layers) layers, width \(model.configuration.width), "
                + "\(model.configuration.heads) heads")
        try Output.row(
            "residual head",
            "\(model.configuration.head.depth) blocks, width \(model.configuration.head.width), "
                + "\(model.configuration.head.steps) steps")
        try Output.row(
            "text",
            "\(model.configuration.textLength) tokens, width \(model.configuration.textWidth)")
        let defaults = model.configuration.defaults
        try Output.row(
            "defaults",
            "\(defaults.steps) steps, guidance \(defaults.guidanceScale) \(defaults.guidanceDecay.rawValue), "
                + "temperature \(defaults.temperature)")
        let head = model.configuration.head
        try Output.row(
            "",
            "residual: \(head.steps) steps, "
                + "guidance \(head.guidanceScale.map { "\($0)" } ?? "that of the tokens"), "
                + "temperature \(head.temperature)")
        for (title, checkpoint) in zip(
            Self.partNames, model.checkpoints)
        {
            try part(title, checkpoint)
        }
        try Output.row("model sha256", model.sha256)
    }

    private func part(_ title: String, _ checkpoint: Checkpoint) throws {
        let weights = Weights(checkpoint)
        try Output.row(title, checkpoint.files.joined(separator: ", "))
        try Output.row(
            "",
            "\(weights.parameters) parameters in \(weights.tensors) tensors, "
                + weights.types.joined(separator: " ")
                + String(format: ", %.1f MiB", Double(checkpoint.byteCount) / 1_048_576))
        try Output.row("", "sha256 \(Model.sha256(of: checkpoint))")
    }
}

/// What a checkpoint's tensors amount to.
private struct Weights {
    let parameters: Int
    let tensors: Int
    let types: [String]

    init(_ checkpoint: Checkpoint) {
        let entries = checkpoint.keys.compactMap(checkpoint.entry)
        parameters = entries.filter(\.elementType.isFloatingPoint).reduce(0) { $0 + $1.shape.count }
        tensors = entries.count
        types = Set(entries.map(\.elementType.rawValue)).sorted()
    }
}
