import Requests
import TerminalGraphics

extension StudioState {
    package var galleryLayout: GalleryLayout {
        GalleryLayout(columns: screen.columns, rows: screen.rows - 3)
    }

    // MARK: News

    mutating func learn(_ news: LibraryNews) -> [StudioEffect] {
        var effects: [StudioEffect] = []
        switch news {
        case .opened(let restored): return restore(restored)
        case .listed(let entries):
            gallery.isLoaded = true
            gallery.merge(entries)
            layAsideTrashed()
            selectWantedPicture()
        case .scanning(let unread):
            gallery.unread = unread
            if unread == 0, message == Self.scanning {
                let count = gallery.listedCount
                message = Message(
                    "The folder was gone through: \(count) \(count == 1 ? "picture" : "pictures").")
            }
        case .indexed(let entries):
            gallery.merge(entries)
            selectWantedPicture()
        case .vanished(let paths):
            gallery.remove(Set(paths))
            let used = Set(runs.values.flatMap(\.files))
            effects = paths.filter(used.contains).map { .fileMoved(from: $0, to: nil) }
            for path in paths { layAside(path) }
            gallery.laidAside.removeAll { paths.contains($0.path) }
        case .thumbnails(let images):
            gallery.awaited.subtract(images.keys)
            gallery.thumbnails.merge(images) { $1 }
        case .trashed(let path, let place):
            gallery.change(path) { $0.trashPath = place }
            gallery.changes.append(.trash(path))
            effects = [.fileMoved(from: path, to: place)]
            layAside(path)
            message = Message(
                "\(gallery.name(of: path)) is in the trash; \(key(.undo)) brings it back.")
        case .untrashed(let path):
            let place = gallery.entries.first { $0.path == path }?.trashPath
            effects = place.map { [.fileMoved(from: $0, to: path)] } ?? []
            gallery.change(path) { $0.trashPath = nil }
            takeUp(path, from: place)
            if gallery.endReturn(of: path) { gallery.undone.append(.trash(path)) }
            message = Message("\(gallery.name(of: path)) is back.")
        case .notUntrashed(let path, let problem):
            if gallery.endReturn(of: path) { gallery.changes.append(.trash(path)) }
            message = Message(problem, .problem)
        case .displaced(let path, let entry): displace(path, entry)
        case .journalled(let job): return beginJob(job)
        case .keeping(let isOn): isSittingKept = isOn
        }
        return effects + (view == .gallery ? galleryMoved() : [])
    }

    private static let scanning = Message("Going through the folder.")

    /// What was saved in a file is so no more, until the file comes back.
    ///
    /// - Parameter place: where it lies in the trash, if it was known there before.
    private mutating func layAside(_ path: String, in place: String? = nil) {
        func isMeant(_ other: String?) -> Bool { other == path || other != nil && other == place }
        for (id, run) in runs where run.files.contains(where: isMeant) {
            let (isFile, isSource) = (isMeant(run.file?.path), isMeant(run.source?.path))
            gallery.laidAside.append(
                GalleryState.LaidAside(
                    path: path, run: id, isSaved: isMeant(run.savedPath),
                    file: isFile ? run.file?.moved(to: path) : nil,
                    source: isSource ? run.source?.moved(to: path) : nil))
            if isSource { runs[id]?.source = nil }
            if isMeant(run.savedPath) { runs[id]?.savedPath = nil }
            if isFile { runs[id]?.file = nil }
        }
    }

    /// Those of an earlier sitting lie there already.
    mutating func layAsideTrashed() {
        for entry in gallery.entries {
            if let place = entry.trashPath { layAside(entry.path, in: place) }
        }
    }

    /// A file is back from the trash; a picture that has another one by now keeps that.
    ///
    /// - Parameter place: where it lay, from where it may have been opened.
    private mutating func takeUp(_ path: String, from place: String?) {
        for (id, run) in runs where place.map(run.files.contains) ?? false {
            if run.savedPath == place { runs[id]?.savedPath = path }
            if run.file?.path == place { runs[id]?.file = run.file?.moved(to: path) }
            if run.source?.path == place { runs[id]?.source = run.source?.moved(to: path) }
        }
        for aside in gallery.laidAside where aside.path == path {
            guard let run = runs[aside.run] else { continue }
            if run.file == nil { runs[aside.run]?.file = aside.file }
            if run.source == nil { runs[aside.run]?.source = aside.source }
            let isSame =
                aside.file.map {
                    // Of one that an earlier sitting kept the step is not known.
                    ($0.step == run.step || run.isBrief)
                        && $0.strength == run.request.residual.strength
                } ?? true
            if aside.isSaved, isSame, run.savedPath == nil { runs[aside.run]?.savedPath = path }
        }
        gallery.laidAside.removeAll { $0.path == path }
    }

    /// What was said of a file in the trash holds for its new path.
    private mutating func displace(_ path: String, _ entry: PictureEntry) {
        gallery.merge([entry])
        func moved(_ change: GalleryState.Change) -> GalleryState.Change {
            change == .trash(path) ? .trash(entry.path) : change
        }
        gallery.changes = gallery.changes.map(moved)
        gallery.returning = gallery.returning.map(moved)
        for at in gallery.laidAside.indices where gallery.laidAside[at].path == path {
            gallery.laidAside[at].path = entry.path
            gallery.laidAside[at].file = gallery.laidAside[at].file?.moved(to: entry.path)
            gallery.laidAside[at].source = gallery.laidAside[at].source?.moved(to: entry.path)
        }
    }

    /// The picture that was selected when the last sitting ended.
    private mutating func selectWantedPicture() {
        guard let wanted = gallery.wanted else { return }
        gallery.refresh(keeping: wanted)
        if gallery.selectedEntry?.path == wanted { gallery.wanted = nil }
    }

    // MARK: Moving

    /// Keeps the selected picture on the screen and asks for the thumbnails it needs.
    mutating func galleryMoved() -> [StudioEffect] {
        let layout = galleryLayout
        let row = gallery.selected / layout.tilesPerRow
        let lastRow = max(0, (gallery.matches.count - 1) / layout.tilesPerRow - layout.rows + 1)
        gallery.firstRow = min(max(gallery.firstRow, row - layout.rows + 1), row, lastRow)
        return missingThumbnails(layout)
    }

    /// The pictures on the screen, and their places among the matches.
    package var visibleTiles: Range<Int> {
        let layout = galleryLayout
        let first = min(gallery.firstRow * layout.tilesPerRow, gallery.matches.count)
        return first..<min(first + layout.tilesPerPage, gallery.matches.count)
    }

    private mutating func missingThumbnails(_ layout: GalleryLayout) -> [StudioEffect] {
        // The next page is made ready too, so that scrolling finds it there.
        let visible = visibleTiles
        let end = min(visible.upperBound + layout.tilesPerPage, gallery.matches.count)
        let near = max(0, visible.lowerBound - layout.tilesPerPage)..<end
        let entries = (Array(visible) + Array(visible.upperBound..<end))
            .map { gallery.entries[gallery.matches[$0]] }
        if gallery.thumbnails.count > 4 * layout.tilesPerPage + 64 {
            let kept = Set(near.map { gallery.entries[gallery.matches[$0]].path })
            gallery.thumbnails = gallery.thumbnails.filter { kept.contains($0.key) }
        }
        let missing = entries.filter { $0.problem == nil && gallery.thumbnails[$0.path] == nil }
        let paths = Set(missing.map(\.path))
        guard !paths.isEmpty, paths != gallery.awaited else { return [] }
        gallery.awaited = paths
        return [.library(.thumbnails(missing, side: thumbnailSide))]
    }

    /// Pixels of the longer side that a tile can show.
    private var thumbnailSide: Int {
        let layout = galleryLayout
        return max(
            32, (layout.tileColumns - GalleryLayout.gap) * screen.cellWidth,
            (layout.tileRows - 1) * screen.cellHeight)
    }

    mutating func pressInGallery(_ key: Key) -> [StudioEffect]? {
        if let field = gallery.field { return pressInSearch(key, field) }
        let layout = galleryLayout
        let step: Int
        switch (key.code, key.modifiers) {
        case (.left, []), (.character("h"), []): step = -1
        case (.right, []), (.character("l"), []): step = 1
        case (.up, []), (.character("k"), []): step = -layout.tilesPerRow
        case (.down, []), (.character("j"), []): step = layout.tilesPerRow
        case (.pageUp, []): step = -layout.tilesPerPage
        case (.pageDown, []): step = layout.tilesPerPage
        case (.home, []): step = -gallery.matches.count
        case (.end, []): step = gallery.matches.count
        case (.escape, []):
            guard gallery.query.isEmpty else {
                // How many matched is no longer true.
                message = nil
                gallery.search(PictureQuery(""))
                return galleryMoved()
            }
            return openPicture()
        default: return nil
        }
        return select(gallery.selected + step)
    }

    /// A step beyond the first or last row stays in it, one beyond the ends stops there.
    private mutating func select(_ place: Int) -> [StudioEffect] {
        message = nil
        let count = gallery.matches.count
        let isSidewards = abs(place - gallery.selected) < galleryLayout.tilesPerRow
        if place < 0, !isSidewards, gallery.selected < galleryLayout.tilesPerRow { return [] }
        gallery.selected = min(max(0, place), max(0, count - 1))
        return galleryMoved()
    }

    mutating func scrollGallery(_ direction: Int) -> [StudioEffect] {
        select(gallery.selected + direction * galleryLayout.tilesPerRow)
    }

    // MARK: Search

    private mutating func pressInSearch(_ key: Key, _ field: TextField) -> [StudioEffect]? {
        var field = field
        switch (key.code, key.modifiers) {
        case (.enter, []):
            gallery.field = nil
            let count = gallery.matches.count
            if count == 0, let field = gallery.query.unknownField {
                message = Message(
                    "0 pictures; there is no field \(field). \(PictureQuery.fieldWords)", .problem)
            } else {
                message = Message(count == 1 ? "1 picture." : "\(count) pictures.")
            }
        case (.escape, []):
            gallery.field = nil
            message = nil
            gallery.search(PictureQuery(""))
        case (.up, []), (.down, []), (.pageUp, []), (.pageDown, []):
            gallery.field = nil
            return pressInGallery(key)
        default:
            guard field.edit(key) else { return nil }
            gallery.field = field
            message = nil
            gallery.search(PictureQuery(field.text))
            gallery.selected = 0
        }
        return galleryMoved()
    }

    /// The next picture that matches the last query, also where all are shown.
    private mutating func nextMatch(_ direction: Int) -> [StudioEffect] {
        guard !gallery.lastQuery.isEmpty else {
            message = Message(
                "Nothing was looked for yet; \(key(.gallerySearch)) searches.", .problem)
            return []
        }
        let count = gallery.matches.count
        for distance in stride(from: 1, through: count, by: 1) {
            let at = ((gallery.selected + direction * distance) % count + count) % count
            if gallery.lastQuery.matches(gallery.entries[gallery.matches[at]]) {
                return select(at)
            }
        }
        message = Message("No picture matches \(gallery.lastQuery.text).")
        return []
    }

    // MARK: Commands

    mutating func performInGallery(_ command: Command) -> [StudioEffect] {
        switch command {
        case .gallerySearch:
            let effects = open(.gallery)
            gallery.field = TextField(gallery.query.text)
            return effects
        case .galleryNext: return nextMatch(1)
        case .galleryPrevious: return nextMatch(-1)
        case .galleryScan:
            message = Self.scanning
            return [.library(.scan)]
        case .galleryTrashed:
            let effects = open(.gallery)
            gallery.search(PictureQuery(gallery.query.seeksTrash ? "" : "is:trashed"))
            message =
                gallery.query.seeksTrash ? trashRemark ?? Message("The trash is empty.") : nil
            return effects + galleryMoved()
        default: break
        }
        if command == .galleryInfo, view != .gallery, let run = shown {
            popup = .text(title: "Picture \(run.id)", lines: description(of: run))
            return []
        }
        guard let entry = gallery.selectedEntry else {
            let way = view == .gallery ? "" : "; \(key(.viewGallery)) opens the gallery"
            message = Message("No picture is selected\(way).", .problem)
            return []
        }
        switch command {
        case .galleryOpen: return open(entry, display: .refined)
        case .galleryPair: return open(entry, display: .split)
        case .galleryStar, .galleryTag, .galleryTrash, .galleryCopy:
            // There one sees which picture is meant, and undo takes back what becomes of it.
            return open(.gallery) + perform(command, on: entry)
        case .galleryInfo:
            popup = .text(title: entry.name, lines: entry.description)
        default: return recall(entry, command)
        }
        return []
    }

    private mutating func perform(_ command: Command, on entry: PictureEntry) -> [StudioEffect] {
        switch command {
        case .galleryStar: return make(.star(entry.path, !entry.isStarred))
        case .galleryTag:
            popup = .tags(TextField(entry.tags.joined(separator: " ")), path: entry.path)
        case .galleryTrash:
            guard entry.trashPath == nil else { return [.library(.untrash(entry))] }
            return make(.trash(entry.path))
        default: askCopy()
        }
        return []
    }

    private func description(of run: RunRecord) -> [String] {
        let (request, size) = (run.request, pictureSize)
        var lines = [request.prompt.isEmpty ? "(no prompt)" : request.prompt]
        if let raw = request.rawPrompt { lines.append("of: \(raw)") }
        if !request.negativePrompt.isEmpty { lines.append("not: \(request.negativePrompt)") }
        let sampling = request.sampling
        let seed = run.knownSeed.map { "\($0)" } ?? "unknown"
        lines += [
            "",
            "\(size.x)×\(size.y)  seed \(seed)  \(sampling.steps) steps  guidance "
                + "\(Parameters.decimal(sampling.guidanceScale)) \(sampling.guidanceDecay.rawValue)  "
                + "temperature \(Parameters.decimal(sampling.temperature))",
            parameters.describedResidual(of: request)
                + (request.residual.seed.map { ", seed \($0)" } ?? "")
        ]
        switch run.origin {
        case .prompt: break
        case .fork(let parent, let step): lines.append("fork of picture \(parent), step \(step)")
        case .edit(let order): lines.append("\(order.operation.rawValue) of picture \(order.base)")
        case .residual(let parent): lines.append("residual of picture \(parent) made anew")
        case .file(let name): lines.append("opened from \(name)")
        }
        if let picture = run.picture {
            lines.append(
                "discrete against refined: \(Parameters.decimal(Float(picture.psnr))) dB"
                    + (picture.seamError.map { ", seam \(Parameters.decimal(Float($0)))" } ?? ""))
        }
        if let path = run.savedPath { lines += ["", path] }
        return lines
    }

    /// Shows a picture in the studio; one of this sitting with its steps.
    private mutating func open(_ entry: PictureEntry, display: CanvasState.Display)
        -> [StudioEffect]
    {
        leaveComparison()
        canvas.display = display
        if let run = order.last(where: { runs[$0]?.savedPath == entry.path }),
            !isShownRunOn || job?.isPaused == true
        {
            visit(run)
            canvas.isPainting = false
            (view, focus) = (.studio, .canvas)
            message = Message("Picture \(run) is open already.")
            return []
        }
        if job != nil { message = Message("Opened when the run that is on is done.") }
        return [opening(entry.place)]
    }

    private mutating func recall(_ entry: PictureEntry, _ command: Command) -> [StudioEffect] {
        guard entry.problem == nil, !entry.prompt.isEmpty || entry.seed != nil else {
            message = Message("This file does not say how it was made.", .problem)
            return []
        }
        var taken: [String] = []
        let before = history.changeCount
        changing(Self.recallLabel) { taken = $0.take(entry, command) }
        if history.changeCount != before {
            gallery.changes.append(.recall(entry.path))
            gallery.undone = []
        }
        message = Message(
            "Recalled: \(taken.joined(separator: ", ")). \(key(.viewStudio)) opens the studio.",
            .success)
        return []
    }

    static let recallLabel = "recall"

    /// - Returns: what it took, in words.
    private mutating func take(_ entry: PictureEntry, _ command: Command) -> [String] {
        var taken: [String] = []
        if command != .galleryRecallSeed, command != .galleryRecallSize {
            prompt.positive = TextField(entry.prompt)
            prompt.negative = TextField(entry.negativePrompt)
            taken.append("prompt")
        }
        if command == .galleryRecallAll || command == .galleryRecallSeed, let seed = entry.seed {
            parameters.keep(seed)
            taken.append("seed \(seed), kept until \(key(.fixSeed)) releases it")
        }
        if command == .galleryRecallAll || command == .galleryRemix {
            parameters.take(entry)
            taken.append("parameters")
        }
        if command != .galleryRecallPrompt, command != .galleryRecallSeed {
            parameters.set(.width, typed: String(entry.width))
            parameters.set(.height, typed: String(entry.height))
            taken.append("size")
        }
        if command == .galleryRemix {
            (parameters.seed, parameters.seedMode) = (randomSeed(), .random)
        }
        return taken
    }

    /// Takes the tags that were typed for a picture.
    mutating func setTags(_ text: String, of path: String) -> [StudioEffect] {
        guard let entry = gallery.entries.first(where: { $0.path == path }) else {
            message = Message("That picture is gone, so it has no tags.", .problem)
            return []
        }
        var tags: [String] = []
        for word in text.split(whereSeparator: { $0.isWhitespace || $0 == "," }) {
            let tag = String(word)
            if !tags.contains(tag) { tags.append(tag) }
        }
        return make(.tags(entry.path, before: entry.tags, after: tags))
    }
}

extension GalleryState {
    /// - Returns: whether a change was being taken back with which this picture went into the trash.
    fileprivate mutating func endReturn(of path: String) -> Bool {
        guard let at = returning.firstIndex(of: .trash(path)) else { return false }
        returning.remove(at: at)
        return true
    }
}

extension RunRecord {
    /// The files that have to do with it.
    fileprivate var files: [String] {
        [savedPath, file?.path, source?.path].compactMap { $0 }
    }
}

extension Parameters {
    /// A number that was read, moved into its range.
    private static func limited(_ number: Double, to range: ClosedRange<Double>) -> Float {
        Float(min(max(number.isNaN ? 0 : number, range.lowerBound), range.upperBound))
    }

    fileprivate mutating func take(_ entry: PictureEntry) {
        if let steps = entry.steps { set(.steps, typed: String(steps)) }
        if let guidance = entry.guidance { set(.guidance, typed: String(guidance)) }
        if let temperature = entry.temperature { set(.temperature, typed: String(temperature)) }
        set(.decay, typed: entry.decay)
        if let steps = entry.residualSteps, steps > 0 {
            set(.residualSteps, typed: String(steps))
        }
        if let temperature = entry.residualTemperature {
            residualTemperature = Self.limited(temperature, to: RequestLimits.residualTemperature)
            // Without a scale of its own the head took that of the tokens.
            residualGuidance =
                entry.residualGuidance.map { Self.limited($0, to: RequestLimits.guidanceScale) }
                ?? modelResidualGuidance.map { _ in sampling.effectiveHeadGuidance }
        }
        if let strength = entry.strength { set(.strength, typed: String(strength)) }
    }
}

extension PictureEntry {
    /// How residual tokens were made; nil where the file does not say.
    private var residual: String? {
        guard let temperature = residualTemperature, let residualSteps else { return nil }
        guard residualSteps > 0 else { return "no residual" }
        let guidance = residualGuidance.map { "guidance \(Parameters.decimal(Float($0)))  " } ?? ""
        let strength = strength.map { "  strength \(Parameters.decimal(Float($0)))" } ?? ""
        return "residual: \(residualSteps) steps  \(guidance)temperature "
            + Parameters.decimal(Float(temperature)) + strength
    }

    /// Everything that is known of the picture, in lines.
    package var description: [String] {
        if let problem { return [problem, "", path] }
        var lines = [prompt.isEmpty ? "(no prompt)" : prompt]
        if !negativePrompt.isEmpty { lines.append("not: \(negativePrompt)") }
        lines.append("")
        var facts = ["\(width)×\(height)"]
        if let seed { facts.append("seed \(seed)") }
        if let steps { facts.append("\(steps) steps") }
        if let guidance { facts.append("guidance \(Parameters.decimal(Float(guidance))) \(decay)") }
        if let temperature { facts.append("temperature \(Parameters.decimal(Float(temperature)))") }
        lines.append(facts.joined(separator: "  "))
        if let residual { lines.append(residual) }
        if !operation.isEmpty { lines.append("edit: \(operation)") }
        if let stoppedAt { lines.append("stopped after step \(stoppedAt)") }
        if !model.isEmpty { lines.append("model \(model)") }
        if isStarred || !tags.isEmpty {
            lines.append((isStarred ? ["★"] + tags : tags).joined(separator: "  "))
        }
        lines += ["", "\(bytes / 1024) KiB  \(place)"]
        return lines
    }
}
