import Imaging

/// What `dcar info` says about a picture: names and values.
enum PictureDescription {
    static func lines(_ metadata: GenerationMetadata, size: String) -> [(String, String)] {
        let record = metadata.record
        var lines = [("prompt", record.prompt)]
        if !record.negativePrompt.isEmpty { lines.append(("negative", record.negativePrompt)) }
        lines += [
            ("seed", String(record.seed)), ("size", size),
            ("steps", String(record.steps)),
            ("guidance", "\(record.guidanceScale) \(record.guidanceDecay)"),
            ("temperature", String(record.temperature)),
            (
                "schedule",
                record.schedule
                    + (record.isScheduleScaled ? ", of the unknown tokens" : ", official")
            ),
            (
                "residual",
                record.residualSteps == 0
                    ? "none"
                    : "\(record.residualSteps) steps, "
                        + (record.residualGuidanceScale.map { "guidance \($0), " } ?? "")
                        + "temperature \(record.residualTemperature), "
                        + (record.residualSeed.map { "seed \($0), " } ?? "")
                        + "strength \(record.residualStrength)"
            ),
            ("model", record.modelName + (record.modelHash.map { " " + $0.prefix(10) } ?? "")),
            ("precision", record.precision)
        ]
        if let step = record.stoppedAtStep {
            lines.append(("stopped", "after step \(step); dcar resume finishes it"))
        }
        if let edit = record.edit {
            lines.append(
                (
                    "edit",
                    "\(edit.operation) of \(edit.mask.maskedCount) \(edit.mask.maskedCount == 1 ? "token" : "tokens")"
                        + (edit.padding.map { ", seen with \($0) around" } ?? "")
                        + (edit.area == EditRecord.nearMask ? ", seen with what is near" : "")
                ))
        }
        if let step = record.forkedAtStep { lines.append(("forked", "from step \(step)")) }
        if let raw = record.rawPrompt { lines.insert(("typed", raw), at: 0) }
        if let sheet = record.sheet {
            for (name, side) in [("columns", sheet.across), ("rows", sheet.down)] {
                if let side { lines.append((name, side)) }
            }
        }
        if let parent = record.parentHash { lines.append(("parent", parent)) }
        if let tokens = metadata.tokens {
            let kept = metadata.residual == nil ? "" : " with residual"
            lines.append(("tokens", "\(tokens.gridWidth)x\(tokens.gridHeight)\(kept)"))
        }
        lines.append(("made by", "dcar \(record.appVersion)"))
        return lines
    }

    /// What another program left, under the same names.
    static func lines(_ foreign: ForeignParameters, size: String) -> [(String, String)] {
        var lines: [(String, String)] = []
        func add(_ name: String, _ value: String?) {
            if let value, !value.isEmpty { lines.append((name, value)) }
        }
        add("prompt", foreign.prompt)
        add("negative", foreign.negativePrompt)
        add("seed", foreign.seed.map { String($0) })
        add("size", size)
        if let width = foreign.width, let height = foreign.height, size != "\(width)x\(height)" {
            add("made at", "\(width)x\(height)")
        }
        add("steps", foreign.steps.map { String($0) })
        add("guidance", foreign.guidanceScale.map { String($0) })
        add("sampler", foreign.sampler)
        add("strength", foreign.strength.map { String($0) })
        let model = [foreign.model, foreign.modelHash.map { String($0.prefix(10)) }]
        add("model", model.compactMap { $0 }.joined(separator: " "))
        add("made by", foreign.source.rawValue)
        return lines
    }
}
