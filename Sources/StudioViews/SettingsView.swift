import Settings
import StudioCore

/// Every setting with its value and where that comes from; what the chosen one means is below.
extension FrameBuilder {
    mutating func settings(_ state: StudioState, in area: CellArea) {
        heading(
            "Settings", in: area, isFocused: true,
            remark: state.settings.userFile?.tail(area.columns / 2) ?? "")
        let warnings = state.warningLines(atMost: max(1, area.rows - 14))
        for (offset, warning) in warnings.enumerated() {
            put(
                " ! \(warning)", column: area.column, row: area.row + 1 + offset, palette.problem,
                width: area.columns)
        }
        let explained = area.rows >= 14 ? 4 : 2
        let list = CellArea(
            column: area.column, row: area.row + 1 + warnings.count, columns: area.columns,
            rows: max(0, area.rows - 1 - warnings.count - explained))
        rows(state, in: list)
        explanation(
            state,
            in: CellArea(
                column: area.column, row: list.endRow, columns: area.columns, rows: explained))
    }

    private enum Line {
        case section(String)
        case setting(Int)
    }

    private mutating func rows(_ state: StudioState, in area: CellArea) {
        var lines: [Line] = []
        for (index, setting) in Setting.all.enumerated() {
            if index == 0 || Setting.all[index - 1].section != setting.section {
                lines.append(.section(setting.section))
            }
            lines.append(.setting(index))
        }
        let selected =
            lines.firstIndex {
                if case .setting(state.settingsView.selected) = $0 { true } else { false }
            } ?? 0
        let first = max(0, min(selected - area.rows / 2, lines.count - area.rows))
        for (offset, line) in lines.dropFirst(first).prefix(area.rows).enumerated() {
            let row = area.row + offset
            switch line {
            case .section(let name):
                put(name, column: area.column + 1, row: row, palette.title)
            case .setting(let index):
                setting(
                    index, state,
                    in: CellArea(column: area.column, row: row, columns: area.columns, rows: 1))
            }
        }
        if lines.count > area.rows, area.rows > 0 {
            scrollMark(first, of: lines.count, in: area)
        }
    }

    /// How far a list is scrolled.
    private mutating func scrollMark(_ first: Int, of count: Int, in area: CellArea) {
        let size = max(1, area.rows * area.rows / count)
        let from = (area.rows - size) * first / max(1, count - area.rows)
        for row in from..<from + size {
            put(
                "█", column: area.column + area.columns - 1, row: area.row + row, palette.rule,
                width: 1)
        }
    }

    private mutating func setting(_ index: Int, _ state: StudioState, in area: CellArea) {
        let setting = Setting.all[index]
        let isSelected = index == state.settingsView.selected
        let field = isSelected ? state.settingsView.field : nil
        let isOwn = state.settings.origin(setting) != .standard
        let width = area.columns - 2
        let names = min(width >= 76 ? 28 : 22, width / 2)
        let origins = width >= 66 ? 24 : 0
        // Where a value comes from is said of those that are not as they came.
        let values = max(1, width - names - (isOwn ? origins : 0) - 4)
        if isSelected {
            fill(
                CellArea(column: area.column, row: area.row, columns: width, rows: 1),
                palette.selection)
        }
        func style(_ plain: TextStyle) -> TextStyle { isSelected ? palette.selection : plain }
        let key = setting.name.dropFirst(setting.section.count + 1)
        put(
            "\(isSelected ? "▸" : " ") \(key)", column: area.column + 1, row: area.row,
            style(palette.text), width: names)
        let at = area.column + names + 2
        if let field {
            line(field, column: at, row: area.row, style(palette.title), width: values + 1)
        } else {
            put(
                state.settings.shown(setting), column: at, row: area.row,
                style(isOwn ? palette.title : palette.faint), width: values)
        }
        if origins > 0, isOwn {
            put(
                "\(state.settings.origin(setting))".tail(origins), column: at + values + 1,
                row: area.row, style(palette.faint), width: origins)
        }
        hit(area, .fixed(.setting(index)))
    }

    private mutating func explanation(_ state: StudioState, in area: CellArea) {
        let setting = state.settingsView.setting
        let rule = area.rows >= 4 ? 1 : 0
        if rule == 1 { heading(setting.name, in: area, isFocused: false) }
        let allowed = "It is \(setting.allowed); default: \(setting.standardWords)."
        let later = setting.waitsForStart ? " Counts from the next start on." : ""
        let variable = setting.variable.map { " \($0) sets it too." } ?? ""
        let text = [setting.meaning + later, allowed + variable]
        let lines = text.flatMap {
            WrappedText(Array($0), columns: max(1, area.columns - 2)).lines
        }
        for (offset, line) in lines.prefix(area.rows - rule).enumerated() {
            put(
                line, column: area.column + 1, row: area.row + rule + offset,
                offset == 0 ? palette.text : palette.faint, width: area.columns - 2)
        }
    }
}

extension StudioState {
    /// What is wrong in the settings files, a line each; what there is no room for is counted.
    fileprivate func warningLines(atMost limit: Int) -> [String] {
        let lines = settingWarnings.map { $0.shown(where: settings.userFile) }
        guard lines.count > limit else { return lines }
        let shown = Array(lines.prefix(limit - 1))
        let rest = shown.isEmpty ? "\(lines.count) problems" : "\(lines.count - shown.count) more"
        return shown + ["\(rest) in the settings files; `dcar config list` names them all"]
    }
}

extension String {
    /// The end of a long text, which says most of a path.
    fileprivate func tail(_ columns: Int) -> String {
        count <= columns ? self : "…" + suffix(max(0, columns - 1))
    }
}
