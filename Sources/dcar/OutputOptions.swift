import ArgumentParser
import Foundation
import Imaging
import Pipeline
import Settings

/// Where pictures go, and what is said about them.
struct OutputOptions: ParsableArguments {
    @Option(
        name: .shortAndLong, parsing: .unconditional,
        help: """
            A path, a folder, a pattern with {n}, {seed}, {prompt}, {model}, {width}, {height}, or - \
            for standard output. Existing files are never overwritten.
            """)
    var output: String?

    @Flag(help: "One JSON object a line on standard output for each event.")
    var json = false

    @Flag(name: .shortAndLong, help: "No progress and no remarks.")
    var quiet = false

    @Flag(help: "Leave prompt, settings and tokens out of the PNG.")
    var noMetadata = false

    var isStandardOutput: Bool { output == "-" }

    /// Whether somebody said how files are called.
    var isNamed: Bool {
        output != nil && folder == nil || Preferences.current.text(.outputPattern) != nil
    }

    /// A folder that was named in place of a file; pictures go into it, as `cp` would have it.
    private var folder: String? {
        guard let output, !isStandardOutput, Self.isFolder(output) else { return nil }
        return output.hasSuffix("/") ? String(output.dropLast()) : output
    }

    static func isFolder(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
            && isFolder.boolValue
    }

    var leavesOutMetadata: Bool { noMetadata || !Preferences.current.isOn(.metadata) }

    func validate() throws {
        if isStandardOutput && json {
            throw ValidationError("--json and -o - both want standard output; choose one.")
        }
        if isStandardOutput && Output.isTerminal {
            throw ValidationError(
                "-o - would write PNG bytes to a terminal; send standard output to a file or pipe.")
        }
        if let output, !isStandardOutput, folder == nil {
            do { _ = try OutputPattern(output) } catch {
                throw ValidationError(error.description)
            }
        }
    }

    /// The pattern for pictures, which `standard` gives when none was asked for; a plain path gets
    /// a number when there are several pictures.
    ///
    /// - Parameter sharesSeeds: whether pictures can have equal seeds, which then tell nothing apart.
    func pattern(standard: String, isSeveral: Bool, sharesSeeds: Bool = false) throws
        -> OutputPattern
    {
        let settings = Preferences.current
        if output == nil || folder != nil {
            let name = settings.text(.outputPattern) ?? standard
            let usual = settings.text(.outputFolder)?.withHome
            return try OutputPattern(name, in: folder ?? usual)
        }
        let text = output ?? standard
        let pattern = try OutputPattern(text)
        if !quiet, let remark = Self.remark(on: text) {
            ProgressLine(isQuiet: false).end()
            Messages.plain(remark)
        }
        guard isSeveral, !text.contains("{n"), sharesSeeds || !text.contains("{seed}") else {
            return pattern
        }
        return try pattern.suffixed("-{n}")
    }

    /// What a person may not expect of a file's name; nil where it is no other format's.
    static func remark(on name: String) -> String? {
        guard let ending = OutputPattern.ending(of: name), ending.lowercased() != "png" else {
            return nil
        }
        return "\(name) is written as a PNG, whatever its name says."
    }

    /// Whether the file at a path says that it was made as this metadata says, or shows this image.
    private static func isOf(
        _ metadata: GenerationMetadata?, _ image: RGBImage, _ path: String
    ) -> Bool {
        guard let file = try? ImageFile.open(path) else { return false }
        guard let record = metadata?.record, let found = try? GenerationMetadata(file.contents)
        else { return file.image == image }
        return found.record.isOfSameRun(as: record)
    }

    /// Makes the folder that the settings name. One that cannot be made is reported by the save.
    func makeFolder(of path: String) {
        guard output == nil, Preferences.current.text(.outputFolder) != nil else { return }
        try? FileManager.default.createDirectory(
            atPath: ImageFile.folder(of: path),
            withIntermediateDirectories: true)
    }

    /// Finds out before the work, not after it, that a picture cannot be saved.
    /// - Throws: `SaveError`.
    func checkPlace(
        of pattern: OutputPattern, _ fields: OutputPattern.Fields, number: Int? = nil
    ) throws {
        guard !isStandardOutput else { return }
        let path = pattern.path(number: number ?? pattern.nextNumber(fields), fields)
        makeFolder(of: path)
        try ImageFile.checkPlace(of: path)
    }

    /// Saves a picture and says where, or writes it to standard output.
    ///
    /// - Parameter replaces: whether a file of the same run is replaced: of one that was killed, or
    ///   that another program makes at this moment.
    @discardableResult
    func save(
        _ image: RGBImage, _ metadata: GenerationMetadata?, as pattern: OutputPattern,
        fields: OutputPattern.Fields, number: Int? = nil, from first: Int = 1,
        replaces: Bool = false
    ) throws -> String {
        let settings = Preferences.current
        let kept =
            leavesOutMetadata
            ? nil : metadata?.withTokens(settings.isOn(.embedsTokens)).sealed(for: image)
        let bytes = try PNG.encode(
            image, text: kept?.text ?? [], compression: settings.compression,
            hidden: settings.isOn(.stealth) ? kept?.parameters : nil)
        if isStandardOutput {
            try Output.write(bytes)
            return "-"
        }
        let path: String
        if let number {
            path = pattern.path(number: number, fields)
            do {
                try ImageFile.save(bytes, to: path)
            } catch {
                guard case .exists = error, replaces, Self.isOf(metadata, image, path) else {
                    throw error
                }
                try ImageFile.save(bytes, to: path, overwrite: true)
            }
        } else {
            makeFolder(of: pattern.path(number: first, fields))
            path = try ImageFile.save(bytes, as: pattern, fields: fields, from: first)
        }
        if json {
            try Events.saved(path, seed: fields.seed)
        } else {
            try Output.path(path)
        }
        return path
    }
}
