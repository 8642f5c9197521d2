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
            ("residual", "\(record.residualSteps) steps, strength \(record.residualStrength)"),
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

    static func lines(_ foreign: ForeignParameters) -> [(String, String)] {
        Mirror(reflecting: foreign).children.compactMap { child in
            guard let name = child.label, name != "source" else { return nil }
            let value = Mirror(reflecting: child.value)
            if value.displayStyle == .optional {
                guard let inner = value.children.first?.value else { return nil }
                return (name, String(describing: inner))
            }
            let text = String(describing: child.value)
            return text.isEmpty || text == "[:]" || text == "[]" ? nil : (name, text)
        }
    }
}
