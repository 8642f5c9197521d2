import JSON

/// The parameters another program left in a picture, as far as they mean something here.
///
/// All of it is data from outside: numbers are moved into range, model names lose their folders,
/// nothing is run or opened, and every text must be shown as `SanitizedText`.
public struct ForeignParameters: Hashable, Sendable {
    /// The form the parameters were found in.
    public enum Source: String, Sendable, CaseIterable {
        /// AUTOMATIC1111's web UI, Forge and whatever writes like them, in a `parameters` text.
        case infotext = "A1111"
        /// The same in the Exif user comment.
        case exif = "A1111 (Exif)"
        /// stable-diffusion.cpp's infotext.
        case stableDiffusionCpp = "stable-diffusion.cpp"
        /// Fooocus's JSON.
        case fooocus = "Fooocus"
        /// InvokeAI 3 and later.
        case invokeAI = "InvokeAI"
        /// InvokeAI 2: `sd-metadata`.
        case invokeAI2 = "InvokeAI 2"
        /// InvokeAI 1: a `Dream` command line.
        case invokeAI1 = "InvokeAI 1"
        /// ComfyUI's graph.
        case comfyUI = "ComfyUI"
        /// mold's texts.
        case mold = "mold"
        /// NovelAI's comment.
        case novelAI = "NovelAI"
    }

    /// Where they come from.
    public let source: Source
    /// The prompt.
    public var prompt = ""
    /// The negative prompt; empty for none.
    public var negativePrompt = ""
    /// The seed, where it is a whole number from 0.
    public var seed: UInt64?
    /// Sampling steps.
    public var steps: Int?
    /// The CFG weight in the usual form, `uncond + s * (cond - uncond)`.
    public var guidanceScale: Double?
    /// Pixels.
    public var width: Int?
    /// Pixels.
    public var height: Int?
    /// The sampler's name there.
    public var sampler: String?
    /// The model's name without folders.
    public var model: String?
    /// The model's hash.
    public var modelHash: String?
    /// How far an image-to-image run could leave its source, 0 to 1.
    public var strength: Double?

    init(_ source: Source) { self.source = source }

    /// Reads the first known form in a picture; nil when there is none.
    ///
    /// In order: a `parameters` text, the Exif user comment, `invokeai_metadata`, `sd-metadata`,
    /// `Dream`, ComfyUI's `prompt`, `mold:` texts, NovelAI's `Comment`. This program's own `dcar`
    /// text comes before all of them; see `GenerationMetadata`.
    public init?(_ contents: PNGContents) {
        let readers: [(PNGContents) -> ForeignParameters?] = [
            { $0["parameters"].flatMap { Self.parameters($0, .infotext) } },
            { $0.exifComment.flatMap { Self.parameters($0, .exif) } },
            { $0["invokeai_metadata"].flatMap(Self.invokeAI) },
            { $0["sd-metadata"].flatMap(Self.invokeAI2) },
            { $0["Dream"].flatMap(Self.invokeAI1) },
            { $0["prompt"].flatMap(Self.comfyUI) },
            Self.mold,
            Self.novelAI
        ]
        for read in readers {
            if let found = read(contents) {
                self = found.inRange()
                return
            }
        }
        return nil
    }

    private func inRange() -> ForeignParameters {
        var result = self
        result.steps = steps?.clamped(to: ParameterRange.steps)
        result.guidanceScale = guidanceScale?.clamped(to: ParameterRange.guidanceScale)
        result.width = width?.clamped(to: ParameterRange.side)
        result.height = height?.clamped(to: ParameterRange.side)
        result.strength = strength?.clamped(to: ParameterRange.strength)
        // Windows paths are common there.
        result.model = model?.split { $0 == "/" || $0 == "\\" }.last.map { String($0) }
        return result
    }
}

// MARK: Infotext

extension ForeignParameters {
    /// A `parameters` text is infotext, or JSON by Fooocus.
    private static func parameters(_ text: String, _ source: Source) -> ForeignParameters? {
        if let json = JSONValue(lenient: text) {
            return json.object == nil ? nil : fooocus(json)
        }
        let infotext = Infotext(parsing: text)
        guard !infotext.pairs.isEmpty else { return nil }
        let isCpp = infotext["Version"] == "stable-diffusion.cpp"
        return Self.infotext(
            isCpp ? repaired(infotext) : infotext, isCpp ? .stableDiffusionCpp : source)
    }

    private static func infotext(_ infotext: Infotext, _ source: Source) -> ForeignParameters {
        var result = ForeignParameters(source)
        result.prompt = infotext.prompt
        result.negativePrompt = infotext.negativePrompt
        result.seed = infotext["Seed"].flatMap { UInt64($0) }
        result.steps = infotext["Steps"].flatMap { Int($0) }
        result.guidanceScale = infotext["CFG scale"].flatMap(number)
        let size = (infotext["Size"] ?? "").split(separator: "x")
        if size.count == 2 {
            result.width = Int(size[0])
            result.height = Int(size[1])
        }
        result.sampler = infotext["Sampler"]
        result.model = infotext["Model"]
        result.modelHash = infotext["Model hash"]
        result.strength = infotext["Denoising strength"].flatMap(number)
        return result
    }

    /// stable-diffusion.cpp writes UTF-8 into tEXt, which is Latin-1 by PNG's rules.
    private static func repaired(_ infotext: Infotext) -> Infotext {
        func repaired(_ text: String) -> String {
            let bytes = text.unicodeScalars.compactMap { UInt8(exactly: $0.value) }
            guard bytes.count == text.unicodeScalars.count else { return text }
            return String(validating: bytes, as: UTF8.self) ?? text
        }
        var result = infotext
        result.prompt = repaired(infotext.prompt)
        result.negativePrompt = repaired(infotext.negativePrompt)
        for index in result.pairs.indices {
            result.pairs[index].value = repaired(result.pairs[index].value)
        }
        return result
    }

    private static func number(_ text: String) -> Double? {
        Double(text).flatMap { $0.isFinite ? $0 : nil }
    }
}

// MARK: JSON

extension ForeignParameters {
    private static func fooocus(_ json: JSONValue) -> ForeignParameters? {
        guard let prompt = json["prompt"]?.string else { return nil }
        var result = ForeignParameters(.fooocus)
        result.prompt = prompt
        result.negativePrompt = json["negative_prompt"]?.string ?? ""
        result.seed = json["seed"]?.uint64
        result.steps = json["steps"]?.int
        result.guidanceScale = json["guidance_scale"]?.double
        // A Python pair as text: "(1152, 896)".
        let size = (json["resolution"]?.string ?? "").split { !$0.isNumber }.compactMap { Int($0) }
        if size.count == 2 {
            result.width = size[0]
            result.height = size[1]
        }
        result.sampler = json["sampler"]?.string
        result.model = json["base_model"]?.string
        result.modelHash = json["base_model_hash"]?.string
        return result
    }

    private static func invokeAI(_ text: String) -> ForeignParameters? {
        guard let json = JSONValue(lenient: text), let prompt = json["positive_prompt"]?.string
        else { return nil }
        var result = ForeignParameters(.invokeAI)
        result.prompt = prompt
        result.negativePrompt = json["negative_prompt"]?.string ?? ""
        result.readCommon(json)
        result.sampler = json["scheduler"]?.string
        result.strength = json["strength"]?.double
        let model = json["model"]
        result.model = (model?["name"] ?? model?["model_name"])?.string
        result.modelHash = model?["hash"]?.string
        return result
    }

    private static func invokeAI2(_ text: String) -> ForeignParameters? {
        guard let json = JSONValue(lenient: text), let image = json["image"],
            let prompt = image["prompt"]
        else { return nil }
        var result = ForeignParameters(.invokeAI2)
        // One text, or a list of weighted ones.
        let whole =
            prompt.string
            ?? (prompt.array ?? []).compactMap { $0["prompt"]?.string }.joined(separator: " ")
        result.splitPrompt(whole)
        result.readCommon(image)
        result.sampler = image["sampler"]?.string
        result.strength = image["strength"]?.double
        result.model = json["model_weights"]?.string ?? json["model"]?.string
        result.modelHash = json["model_hash"]?.string
        return result
    }

    private static func novelAI(_ contents: PNGContents) -> ForeignParameters? {
        guard let json = contents["Comment"].flatMap({ JSONValue(lenient: $0) }),
            json["steps"]?.int != nil, json["sampler"] != nil
        else { return nil }
        var result = ForeignParameters(.novelAI)
        result.prompt = json["prompt"]?.string ?? contents["Description"] ?? ""
        result.negativePrompt = json["uc"]?.string ?? ""
        result.readCommon(json)
        result.guidanceScale = json["scale"]?.double
        result.sampler = json["sampler"]?.string
        result.strength = json["strength"]?.double
        return result
    }

    private static func mold(_ contents: PNGContents) -> ForeignParameters? {
        guard let prompt = contents["mold:prompt"] else { return nil }
        func value(_ key: String) -> JSONValue? { contents["mold:" + key].map(JSONValue.string) }
        var result = ForeignParameters(.mold)
        result.prompt = prompt
        result.seed = value("seed")?.uint64
        result.steps = value("steps")?.int
        result.guidanceScale = value("guidance")?.double
        result.width = value("width")?.int
        result.height = value("height")?.int
        result.sampler = contents["mold:scheduler"]
        result.model = contents["mold:model"]
        result.strength = value("strength")?.double
        return result
    }

    private mutating func readCommon(_ json: JSONValue) {
        seed = json["seed"]?.uint64
        steps = json["steps"]?.int
        guidanceScale = json["cfg_scale"]?.double
        width = json["width"]?.int
        height = json["height"]?.int
    }

    /// InvokeAI before version 3 kept the negative prompt in square brackets within the prompt.
    private mutating func splitPrompt(_ whole: String) {
        var negative: [Substring] = []
        var positive = ""
        var rest = whole[...]
        while let open = rest.firstIndex(of: "["), let close = rest[open...].firstIndex(of: "]") {
            positive += rest[..<open]
            negative.append(rest[rest.index(after: open)..<close])
            rest = rest[rest.index(after: close)...]
        }
        prompt = Infotext.stripped(positive + rest)
        negativePrompt = negative.joined(separator: " ")
    }
}

// MARK: InvokeAI 1

extension ForeignParameters {
    /// `"a prompt" -s50 -S1234 -W512 -H512 -C7.5 -A k_lms -f0.75`
    private static func invokeAI1(_ text: String) -> ForeignParameters? {
        var result = ForeignParameters(.invokeAI1)
        var options = text[...]
        if text.hasPrefix("\""), let end = text.dropFirst().firstIndex(of: "\"") {
            result.splitPrompt(String(text[text.index(after: text.startIndex)..<end]))
            options = text[text.index(after: end)...]
        } else if let dash = text.firstRange(of: " -") {
            result.splitPrompt(String(text[..<dash.lowerBound]))
            options = text[dash.lowerBound...]
        }
        var pending: Character?
        for word in options.split(separator: " ") {
            var value = word
            var key = pending
            pending = nil
            if word.hasPrefix("-"), let letter = word.dropFirst().first, letter.isLetter {
                key = letter
                value = word.dropFirst(2)
                if value.isEmpty {
                    pending = letter
                    continue
                }
            }
            guard let key else { continue }
            result.readOption(key, String(value))
        }
        return result.seed == nil && result.steps == nil ? nil : result
    }

    private mutating func readOption(_ key: Character, _ value: String) {
        switch key {
        case "s": steps = Int(value)
        case "S": seed = UInt64(value)
        case "W": width = Int(value)
        case "H": height = Int(value)
        case "C": guidanceScale = Self.number(value)
        case "A": sampler = value
        case "f": strength = Self.number(value)
        default: break
        }
    }
}

// MARK: ComfyUI

extension ForeignParameters {
    /// Best effort: the first sampler node of the graph, and the texts, size and model its inputs
    /// lead to. Node numbers give the order.
    private static func comfyUI(_ text: String) -> ForeignParameters? {
        guard let graph = JSONValue(lenient: text)?.object else { return nil }
        let nodes = graph.sorted { (Int($0.key) ?? .max, $0.key) < (Int($1.key) ?? .max, $1.key) }
        guard
            let sampler = nodes.first(where: {
                $0.value["inputs"]?["steps"] != nil && $0.value["inputs"]?["positive"] != nil
            })?.value["inputs"]
        else { return nil }
        let comfy = ComfyGraph(nodes: graph)
        var result = ForeignParameters(.comfyUI)
        let texts = ["text", "text_g", "prompt"]
        let positive = comfy.find(texts, from: sampler["positive"], passing: "negative")
        let negative = comfy.find(texts, from: sampler["negative"], passing: "positive")
        result.prompt = positive?.string ?? ""
        result.negativePrompt = negative?.string ?? ""
        result.seed = comfy.value(sampler["seed"] ?? sampler["noise_seed"])?.uint64
        result.steps = comfy.value(sampler["steps"])?.int
        result.guidanceScale = comfy.value(sampler["cfg"])?.double
        result.sampler = comfy.value(sampler["sampler_name"])?.string
        result.strength = comfy.value(sampler["denoise"])?.double
        result.width = comfy.find(["width"], from: sampler["latent_image"])?.int
        result.height = comfy.find(["height"], from: sampler["latent_image"])?.int
        result.model = comfy.find(["ckpt_name", "unet_name"], from: sampler["model"])?.string
        return result
    }
}

/// A ComfyUI graph: nodes by number, whose inputs are values or `[node, output]` links.
private struct ComfyGraph {
    let nodes: [String: JSONValue]

    private func node(_ link: JSONValue?) -> String? {
        guard let parts = link?.array, parts.count == 2 else { return nil }
        return parts[0].string ?? parts[0].int.map { String($0) }
    }

    /// An input's own value; through a link, the linked node's only plain value of a likely name.
    func value(_ input: JSONValue?) -> JSONValue? {
        guard node(input) != nil else { return input }
        return find(["value", "seed", "noise_seed", "int", "float"], from: input)
    }

    /// The nearest plain value under one of these names, going back along the links but for those
    /// of the input named `passed`.
    func find(
        _ names: [String], from link: JSONValue?, passing passed: String = ""
    ) -> JSONValue? {
        var seen: Set<String> = []
        var queue = [node(link)].compactMap { $0 }
        var next = 0
        while next < queue.count {
            let name = queue[next]
            next += 1
            guard seen.insert(name).inserted, let inputs = nodes[name]?["inputs"]?.object
            else { continue }
            for key in names {
                if let value = inputs[key], value.array == nil { return value }
            }
            // Sorted, so that one graph always gives one answer.
            queue += inputs.sorted { $0.key < $1.key }.filter { $0.key != passed }
                .compactMap { node($0.value) }
        }
        return nil
    }
}
