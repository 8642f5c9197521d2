import JSON

/// Everything that made a picture, as its `dcar` text keeps it: enough to make it again.
///
/// Members of the JSON this version does not know are kept and written back. Numbers out of range
/// are moved to the nearest end of the range, members of a wrong type count as missing.
public struct ImageRecord: Hashable, Sendable {
    /// The version of the record's layout.
    public static let schema = 1

    /// The program's version, such as `1.2.3`.
    public var appVersion = ""
    /// The model's name, without a path.
    public var modelName = ""
    /// SHA-256 of the model in hexadecimal.
    public var modelHash: String?
    /// The prompt as typed, before `{a|b}` was expanded; nil where nothing was.
    public var rawPrompt: String?
    /// The prompt the text encoder got.
    public var prompt = ""
    /// The negative prompt; empty for the usual unconditional pass.
    public var negativePrompt = ""
    /// The seed of this picture, its place in the batch included.
    public var seed: UInt64 = 0
    /// The name of the random number generator.
    public var rng = ""
    /// MaskGIT steps.
    public var steps = 12
    /// The CFG weight as the user set it; `cfgForm` says what it multiplies.
    public var guidanceScale = 4.5
    /// How guidance changes over the steps: `constant`, `linear` or `power-cosine`.
    public var guidanceDecay = "constant"
    /// The exponent of `power-cosine`.
    public var guidancePower: Double?
    /// `cond+s*(cond-uncond)` in DC-AR; others have `uncond+s*(cond-uncond)`.
    public var cfgForm = "cond+s*(cond-uncond)"
    /// The randomise temperature at the first step.
    public var temperature = 1.5
    /// Whether logits are divided by the annealed softmax temperature.
    public var isSoftmaxAnnealed = true
    /// The mask schedule: `arccos` or `linear`.
    public var schedule = "arccos"
    /// Whether the schedule counts the unknown tokens only, not the whole grid.
    public var isScheduleScaled = true
    /// Sampling steps of the residual head; 0 for a discrete-only picture.
    public var residualSteps = 32
    /// The guidance scale of the residual head, where it is not that of the tokens.
    public var residualGuidanceScale: Double?
    /// What the noise of the residual head's steps was multiplied by.
    public var residualTemperature = 1.0
    /// The seed of the residual head, where it is not `seed`.
    public var residualSeed: UInt64?
    /// What the residual is multiplied by; 1 is the model's own result.
    public var residualStrength = 1.0
    /// Pixels.
    public var width = 512
    /// Pixels.
    public var height = 512
    /// The number format of the weights and sums, such as `float32`.
    public var precision = "float32"
    /// SHA-256 in hexadecimal of the PNG file this picture was made from.
    public var parentHash: String?
    /// The parent's step that this picture goes on from, for a fork.
    public var forkedAtStep: Int?
    /// Tokens that a person changed before the fork went on.
    public var chosenTokens = ChosenTokens()
    /// What was done to the parent.
    public var edit: EditRecord?
    /// What changes along the sides of a sheet; nil for a single picture.
    public var sheet: SheetRecord?
    /// `RGBImage.checksum` of the file's pixels in hexadecimal: tokens are theirs only while it holds.
    public var pixelChecksum: String?
    /// The step the run was stopped after; nil for a finished one.
    public var stoppedAtStep: Int?
    /// Members of the JSON that this version does not know.
    public var unknown: [String: JSONValue] = [:]

    /// A record of default settings.
    public init() {}
}

/// How a picture was made from another.
public struct EditRecord: Hashable, Sendable {
    /// Such as `inpaint`, `outpaint`, `variation`, `reroll`.
    public var operation: String
    /// The tokens that were made anew.
    public var mask: TokenMask
    /// The share of the tokens in the mask that were made anew, for a variation.
    public var strength: Double?
    /// What the masked tokens started from, such as `all`, `least-sure`, `random`.
    public var content: String?
    /// Pixels over which the edit fades into its parent.
    public var feather: Int?
    /// `onlyMasked` where the model saw only the mask and some tokens around it; `nearMask` where it
    /// saw as much around the mask as it was trained for; nil where it saw the whole picture.
    public var area: String?
    public static let onlyMasked = "only-masked"
    public static let nearMask = "near-mask"
    /// Tokens around the mask in that part.
    public var padding: Int?
    /// That part; nil for the whole picture, and in files of earlier versions.
    public var window: TokenRectangle?

    /// An edit of the tokens in `mask`.
    public init(
        operation: String, mask: TokenMask, strength: Double? = nil, content: String? = nil,
        feather: Int? = nil, area: String? = nil, padding: Int? = nil,
        window: TokenRectangle? = nil
    ) {
        self.operation = operation
        self.mask = mask
        self.strength = strength
        self.content = content
        self.feather = feather
        self.area = area
        self.padding = padding
        self.window = window
    }
}

// MARK: JSON

extension ImageRecord {
    /// The record as one line of JSON with sorted keys.
    public var json: String { JSONValue.object(members).json }

    /// Whether both are of runs that make the same pictures, at whatever step and by whatever version.
    public func isOfSameRun(as other: ImageRecord) -> Bool {
        func run(_ record: ImageRecord) -> String {
            var record = record
            (record.pixelChecksum, record.stoppedAtStep) = (nil, nil)
            (record.appVersion, record.unknown) = ("", [:])
            // The folder of the same weights may have another name.
            if modelHash != nil, modelHash == other.modelHash { record.modelName = "" }
            return record.json
        }
        return run(self) == run(other)
    }

    /// - Throws: `ImageRecordError` when the text is not JSON or is no record of this program.
    public init(json text: String) throws(ImageRecordError) {
        guard let value = JSONValue(lenient: text) else { throw .notJSON }
        guard case .object(let members) = value else { throw .notARecord }
        guard let schema = members["schema"]?.int, schema >= 1 else { throw .notARecord }
        self.init(members)
    }

    private init(_ json: [String: JSONValue]) {
        var reader = RecordReader(members: json)
        _ = reader.take("schema")
        appVersion = reader.text("app_version") ?? appVersion
        modelName = reader.text("model") ?? modelName
        modelHash = reader.text("model_sha256")
        rawPrompt = reader.text("prompt_raw")
        prompt = reader.text("prompt") ?? prompt
        negativePrompt = reader.text("negative_prompt") ?? negativePrompt
        seed = reader.take("seed")?.uint64 ?? seed
        rng = reader.text("rng") ?? rng
        steps = reader.int("steps", in: ParameterRange.steps) ?? steps
        guidanceScale =
            reader.double("guidance_scale", in: ParameterRange.guidanceScale) ?? guidanceScale
        guidanceDecay = reader.text("guidance_decay") ?? guidanceDecay
        guidancePower = reader.double("guidance_power", in: ParameterRange.guidancePower)
        cfgForm = reader.text("cfg_form") ?? cfgForm
        temperature = reader.double("temperature", in: ParameterRange.temperature) ?? temperature
        isSoftmaxAnnealed = reader.take("softmax_annealing")?.bool ?? isSoftmaxAnnealed
        schedule = reader.text("schedule") ?? schedule
        isScheduleScaled = reader.take("schedule_scaled")?.bool ?? isScheduleScaled
        residualSteps =
            reader.int("residual_steps", in: ParameterRange.residualSteps) ?? residualSteps
        residualGuidanceScale = reader.double(
            "residual_guidance_scale", in: ParameterRange.guidanceScale)
        residualTemperature =
            reader.double("residual_temperature", in: ParameterRange.residualTemperature)
            ?? residualTemperature
        residualSeed = reader.take("residual_seed")?.uint64
        residualStrength =
            reader.double("residual_strength", in: ParameterRange.residualStrength)
            ?? residualStrength
        width = reader.int("width", in: ParameterRange.side) ?? width
        height = reader.int("height", in: ParameterRange.side) ?? height
        precision = reader.text("precision") ?? precision
        parentHash = reader.text("parent_sha256")
        forkedAtStep = reader.int("forked_at_step", in: 0...steps)
        chosenTokens =
            (reader.take("chosen_tokens")?.array?.compactMap(\.string)).flatMap(ChosenTokens.init)
            ?? ChosenTokens()
        edit = reader.take("edit").flatMap(EditRecord.init)
        sheet = reader.take("sheet").map(SheetRecord.init)
        pixelChecksum = reader.text("pixels_crc32")
        stoppedAtStep = reader.int("stopped_at_step", in: 0...steps)
        unknown = reader.members
    }

    private var members: [String: JSONValue] {
        var members = unknown
        members["schema"] = .integer(Int64(Self.schema))
        members["app_version"] = .string(appVersion)
        members["model"] = .string(modelName)
        members["model_sha256"] = modelHash.map(JSONValue.string)
        members["prompt_raw"] = rawPrompt.map(JSONValue.string)
        members["prompt"] = .string(prompt)
        members["negative_prompt"] = .string(negativePrompt)
        members["seed"] = JSONValue(seed)
        members["rng"] = .string(rng)
        members["steps"] = .integer(Int64(steps))
        members["guidance_scale"] = .number(guidanceScale)
        members["guidance_decay"] = .string(guidanceDecay)
        members["guidance_power"] = guidancePower.map(JSONValue.number)
        members["cfg_form"] = .string(cfgForm)
        members["temperature"] = .number(temperature)
        members["softmax_annealing"] = .bool(isSoftmaxAnnealed)
        members["schedule"] = .string(schedule)
        members["schedule_scaled"] = .bool(isScheduleScaled)
        members["residual_steps"] = .integer(Int64(residualSteps))
        members["residual_guidance_scale"] = residualGuidanceScale.map(JSONValue.number)
        members["residual_temperature"] = .number(residualTemperature)
        members["residual_seed"] = residualSeed.map(JSONValue.init)
        members["residual_strength"] = .number(residualStrength)
        members["width"] = .integer(Int64(width))
        members["height"] = .integer(Int64(height))
        members["precision"] = .string(precision)
        members["parent_sha256"] = parentHash.map(JSONValue.string)
        members["forked_at_step"] = forkedAtStep.map { .integer(Int64($0)) }
        if !chosenTokens.isEmpty {
            members["chosen_tokens"] = .array(chosenTokens.words.map(JSONValue.string))
        }
        members["edit"] = edit?.json
        members["sheet"] = sheet?.json
        members["pixels_crc32"] = pixelChecksum.map(JSONValue.string)
        members["stopped_at_step"] = stoppedAtStep.map { .integer(Int64($0)) }
        return members
    }
}

extension EditRecord {
    fileprivate init?(_ value: JSONValue) {
        guard let operation = value["operation"]?.string,
            let mask = value["mask"].flatMap(TokenMask.init(json:))
        else { return nil }
        self.init(
            operation: operation, mask: mask,
            strength: value["strength"]?.double.map { $0.clamped(to: ParameterRange.strength) },
            content: value["content"]?.string,
            feather: value["feather_px"]?.int.map { $0.clamped(to: ParameterRange.feather) },
            area: value["area"]?.string,
            padding: value["padding_tokens"]?.int.map { $0.clamped(to: ParameterRange.padding) },
            window: value["window_tokens"].flatMap(TokenRectangle.init(window:)))
    }

    fileprivate var json: JSONValue {
        var members: [String: JSONValue] = ["operation": .string(operation), "mask": mask.json]
        members["strength"] = strength.map(JSONValue.number)
        members["content"] = content.map(JSONValue.string)
        members["feather_px"] = feather.map { .integer(Int64($0)) }
        members["area"] = area.map(JSONValue.string)
        members["padding_tokens"] = padding.map { .integer(Int64($0)) }
        members["window_tokens"] = window.map { window in
            .array([window.x, window.y, window.width, window.height].map { .integer(Int64($0)) })
        }
        return .object(members)
    }
}

extension TokenRectangle {
    /// Column, row, width and height.
    fileprivate init?(window value: JSONValue) {
        let numbers = value.array?.compactMap(\.int) ?? []
        guard numbers.count == 4, numbers.allSatisfy({ 0...ParameterRange.side.upperBound ~= $0 }),
            numbers[2] > 0, numbers[3] > 0
        else { return nil }
        self.init(x: numbers[0], y: numbers[1], width: numbers[2], height: numbers[3])
    }
}

extension JSONValue {
    fileprivate init(_ number: UInt64) {
        self = Int64(exactly: number).map(JSONValue.integer) ?? .unsigned(number)
    }
}

/// Takes known members out of a record, so that what stays is unknown.
private struct RecordReader {
    var members: [String: JSONValue]

    mutating func take(_ key: String) -> JSONValue? { members.removeValue(forKey: key) }
    mutating func text(_ key: String) -> String? { take(key)?.string }

    mutating func int(_ key: String, in range: ClosedRange<Int>) -> Int? {
        take(key)?.int?.clamped(to: range)
    }

    mutating func double(_ key: String, in range: ClosedRange<Double>) -> Double? {
        take(key)?.double?.clamped(to: range)
    }
}

/// What is wrong with a `dcar` text.
public enum ImageRecordError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Not JSON, or nested too deeply.
    case notJSON
    /// JSON of another kind.
    case notARecord

    /// One sentence for a person.
    public var description: String {
        switch self {
        case .notJSON: "The picture's dcar text is not JSON."
        case .notARecord: "The picture's dcar text is no record: it has no \"schema\" of 1 or more."
        }
    }
}

/// The ranges that numbers read from a file are moved into.
enum ParameterRange {
    static let steps = 1...1024
    static let guidanceScale = 0.0...100.0
    static let guidancePower = 0.0...100.0
    static let temperature = 0.0...100.0
    static let residualSteps = 0...1000
    static let residualTemperature = 0.0...2.0
    static let residualStrength = 0.0...1.5
    static let strength = 0.0...1.0
    static let feather = 0...1024
    static let padding = 0...128
    /// Pixels.
    static let side = 1...PNGLimits.side
}

extension Comparable {
    func clamped(to range: ClosedRange<Self>) -> Self {
        min(max(self, range.lowerBound), range.upperBound)
    }
}
