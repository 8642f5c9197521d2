import StudioCore

extension FrameBuilder {
    /// Thumbnails in rows, the selected one in a frame, and what is known of it below.
    mutating func gallery(_ state: StudioState, in area: CellArea) {
        galleryHeading(state, in: area)
        hit(area, .fixed(.list))
        let gallery = state.gallery
        guard !gallery.matches.isEmpty else {
            galleryIsEmpty(state, in: area)
            return
        }
        let layout = state.galleryLayout
        for place in state.visibleTiles {
            let at = place - state.visibleTiles.lowerBound
            let tile = CellArea(
                column: area.column + at % layout.tilesPerRow * layout.tileColumns,
                row: area.row + GalleryLayout.headingRows
                    + at / layout.tilesPerRow * layout.tileRows,
                columns: layout.tileColumns, rows: layout.tileRows)
            self.tile(
                gallery.entries[gallery.matches[place]], in: tile,
                isSelected: place == gallery.selected, gallery)
            hit(tile, .fixed(.tile(place)))
        }
        details(state, in: area)
    }

    private mutating func galleryHeading(_ state: StudioState, in area: CellArea) {
        let gallery = state.gallery
        let count = gallery.matches.count
        let place = count > 0 ? "\(gallery.selected + 1) of \(count)" : "none"
        var remark = count == 1 ? "1 picture" : count == 0 ? "" : "\(place) pictures"
        if !gallery.query.isEmpty, !gallery.query.seeksTrash {
            remark = area.columns < 60 ? place : "\(place) found, \(gallery.listedCount) in all"
        }
        if gallery.unread > 0 {
            remark += (remark.isEmpty ? "" : ", ") + "reading \(gallery.unread)"
        }
        guard let field = gallery.field else {
            let title =
                gallery.query.isEmpty
                ? "Gallery"
                : gallery.query.text == "is:trashed" ? "Trash" : "Gallery: \(gallery.query.text)"
            heading(title, in: area, isFocused: true, remark: remark)
            return
        }
        heading("Search", in: area, isFocused: true, remark: remark)
        let start = area.column + 10
        let room = max(1, area.columns - 14 - remark.cellWidth)
        fill(CellArea(column: start - 1, row: area.row, columns: room + 3, rows: 1), palette.text)
        line(field, column: start, row: area.row, palette.text, width: room + 1)
    }

    private mutating func galleryIsEmpty(_ state: StudioState, in area: CellArea) {
        let gallery = state.gallery
        let lines: [String]
        if !gallery.query.isEmpty {
            lines = [
                "No picture matches.", "", "Words are looked for in prompts, names and tags.",
                "seed:42  steps>8  size:512  is:starred  tag:x  -word"
            ]
        } else if !gallery.isLoaded || gallery.unread > 0 {
            lines = ["Reading the pictures…"]
        } else {
            let save = state.key(.save)
            lines = ["No pictures yet.", "", "\(save) in the studio saves one; it appears here."]
        }
        centred(lines, in: area)
    }

    /// A title and what there is to say instead of a list.
    mutating func centred(_ paragraphs: [String], in area: CellArea) {
        let lines = paragraphs.flatMap {
            WrappedText(Array($0), columns: max(1, area.columns - 2)).lines
        }
        let top = area.row + max(1, (area.rows - lines.count) / 2)
        for (offset, line) in lines.enumerated() where top + offset < area.endRow {
            put(
                line, column: area.column + max(0, (area.columns - line.cellWidth) / 2),
                row: top + offset, offset == 0 ? palette.title : palette.faint)
        }
    }

    private mutating func tile(
        _ entry: PictureEntry, in area: CellArea, isSelected: Bool, _ gallery: GalleryState
    ) {
        let inner = CellArea(
            column: area.column + 1, row: area.row, columns: area.columns - GalleryLayout.gap,
            rows: area.rows - 1)
        if let image = gallery.thumbnails[entry.path], abilities.hasPictures {
            _ = picture(image, in: inner, isPreview: false)
        } else {
            let text =
                entry.problem != nil ? "unreadable" : abilities.hasPictures ? "…" : entry.prompt
            let lines = WrappedText(Array(text), columns: inner.columns).lines.prefix(inner.rows)
            let style = entry.problem == nil ? palette.faint : palette.problem
            for (offset, line) in lines.enumerated() {
                put(
                    line, column: inner.column + max(0, (inner.columns - line.cellWidth) / 2),
                    row: inner.row + (inner.rows - lines.count) / 2 + offset, style,
                    width: inner.columns)
            }
        }
        caption(entry, in: area, isSelected: isSelected)
        guard isSelected else { return }
        for row in area.row..<area.endRow - 1 {
            put("▌", column: area.column, row: row, palette.focus)
            put("▐", column: area.column + area.columns - 1, row: row, palette.focus)
        }
    }

    private mutating func caption(_ entry: PictureEntry, in area: CellArea, isSelected: Bool) {
        let row = area.endRow - 1
        let style = isSelected ? palette.selection : palette.faint
        if isSelected {
            fill(CellArea(column: area.column, row: row, columns: area.columns, rows: 1), style)
        }
        var marks = entry.isStarred ? "★ " : ""
        if entry.trashPath != nil { marks += "✗ " }
        let name = entry.prompt.isEmpty ? entry.name : entry.prompt
        put(
            (isSelected ? "▸" : " ") + marks + name, column: area.column, row: row, style,
            width: area.columns - 1)
    }

    /// The selected picture in words.
    private mutating func details(_ state: StudioState, in area: CellArea) {
        guard let entry = state.gallery.selectedEntry else { return }
        let row = area.endRow - GalleryLayout.detailRows
        let first = entry.problem ?? (entry.prompt.isEmpty ? entry.name : entry.prompt)
        put(
            first.onOneLine, column: area.column + 1, row: row,
            entry.problem == nil ? palette.text : palette.problem,
            width: area.columns - 2)
        put(
            entry.shortFacts, column: area.column + 1, row: row + 1, palette.faint,
            width: area.columns - 2)
    }
}

extension PictureEntry {
    /// One line: what a person tells pictures apart by.
    fileprivate var shortFacts: String {
        var parts: [String] = []
        if width > 0 { parts.append("\(width)×\(height)") }
        if let seed { parts.append("seed \(seed)") }
        if let steps { parts.append("\(steps) steps") }
        if let guidance { parts.append("guidance \(Parameters.decimal(Float(guidance)))") }
        if !operation.isEmpty { parts.append(operation) }
        if let stoppedAt { parts.append("stopped at \(stoppedAt)") }
        if isStarred { parts.append("★ starred") }
        if !tags.isEmpty { parts.append("tags \(tags.joined(separator: " "))") }
        if trashPath != nil { parts.append("in the trash") }
        parts.append(name)
        return parts.joined(separator: "  ")
    }
}
