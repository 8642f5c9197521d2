import TerminalGraphics

extension StudioState {
    mutating func pressInPopup(_ key: Key) -> [StudioEffect] {
        switch popup {
        case .list(.help, let list) where key == Key(.tab):
            let entries = commandList(list, isHelp: true)
            guard entries.indices.contains(list.selected) else { return [] }
            popup = .rebind(entries[list.selected].command, asked: nil, list)
        case .list(let kind, let list): return press(key, in: kind, list)
        case .choice(let kind, let selected): return press(key, in: kind, selected)
        case .rebind(let command, let asked, let list):
            return pressInRebind(key, command, asked, list)
        case .form(let form): return press(key, in: form)
        case .copy: return pressInCopy(key)
        case .saveAs(var field, let order):
            switch (key.code, key.modifiers) {
            case (.escape, _), (.character("c"), .control): popup = nil
            case (.enter, _): return save(order, as: field)
            default: if field.edit(key) { popup = .saveAs(field, order) }
            }
        case .open(var field):
            switch (key.code, key.modifiers) {
            case (.escape, _), (.character("c"), .control): popup = nil
            case (.tab, _): importFit = importFit.neighbour(1)
            case (.enter, _):
                guard hasLibrary() else { return [] }
                popup = nil
                return field.isEmpty ? [] : [opening(field.text)]
            default: if field.edit(key) { popup = .open(field) }
            }
        case .tags(var field, let path):
            switch (key.code, key.modifiers) {
            case (.escape, _), (.character("c"), .control): popup = nil
            case (.enter, _):
                popup = nil
                return setTags(field.text, of: path)
            default: if field.edit(key) { popup = .tags(field, path: path) }
            }
        case .versions(let selected): pressInVersions(key, selected)
        case .quit:
            switch key.code {
            case .character("y"), .character("q"), .enter: return [.quit]
            case .character("c") where key.modifiers == .control: return [.quit]
            case .escape, .character("n"): popup = nil
            default: break
            }
        case .text(let title, let lines, let first):
            popup = textBox(lines).first(after: key, from: first)
                .map { .text(title: title, lines: lines, first: $0) }
        case nil: break
        }
        return []
    }

    mutating func take(_ text: String, as label: String) {
        popup = nil
        changing(label) { $0.prompt.positive = TextField(text) }
        (view, focus) = (.studio, .prompt)
    }

    private mutating func save(_ order: SaveOrder, as field: TextField) -> [StudioEffect] {
        guard !field.isEmpty else {
            popup = nil
            return []
        }
        // A hidden file is nobody's wish who left the suggested ending.
        if field.text == ".png" || field.text.hasSuffix("/.png") {
            message = Message("The file has no name; write one before .png.", .problem)
            return []
        }
        guard let order = canBeSaved(order) else { return [] }
        popup = nil
        return [.save(SaveOrder(run: order.run, content: order.content, path: field.text))]
    }

    mutating func pointInPopup(_ target: MouseTarget?, _ action: MouseEvent.Action)
        -> [StudioEffect]
    {
        switch action {
        case .scroll(let direction):
            return pressInPopup(Key(direction == .up ? .up : .down))
        case .press:
            guard case .listItem(let index) = target else {
                if target == nil { popup = nil }
                return []
            }
            return point(at: index)
        default: return []
        }
    }

    /// A line of the popup was clicked.
    private mutating func point(at index: Int) -> [StudioEffect] {
        switch popup {
        case .list(let kind, var list):
            guard 0..<count(of: kind, list) ~= index else { return [] }
            list.selected = index
            return choose(from: kind, list)
        case .choice(let kind, _): return choose(index, from: kind)
        case .form(var form):
            form.selected = min(max(index, 0), form.fields.count - 1)
            popup = .form(form)
            return []
        case .copy:
            let choices = copyChoices
            return choices.indices.contains(index) ? choose(choices[index]) : []
        case .versions(let selected):
            let lines = versions(with: selected)
            if lines.indices.contains(index) { pressInVersions(Key(.enter), lines[index].run) }
            return []
        case .quit: return index == 0 ? [.quit] : pressInPopup(Key(.escape))
        case .saveAs, .open, .tags, .rebind, .text, nil: return []
        }
    }

    // MARK: Choices

    private mutating func press(_ key: Key, in kind: Popup.Choice, _ selected: Int)
        -> [StudioEffect]
    {
        let last = max(0, count(of: kind) - 1)
        switch (key.code, key.modifiers) {
        case (.escape, _), (.character("c"), .control): popup = nil
        case (.enter, []): return choose(selected, from: kind)
        case (.up, []): popup = .choice(kind, max(0, selected - 1))
        case (.down, []): popup = .choice(kind, min(last, selected + 1))
        case (.character(let digit), []) where kind == .candidates && "1"..."9" ~= digit:
            return choose(Int(digit.value) - 0x31, from: kind)
        default: break
        }
        return []
    }

    private func count(of kind: Popup.Choice) -> Int {
        switch kind {
        case .candidates: readout?.count ?? 0
        case .comparison: comparisonChoices.count
        case .themes: themeChoices.count
        }
    }

    private mutating func choose(_ index: Int, from kind: Popup.Choice) -> [StudioEffect] {
        switch kind {
        case .candidates: return choose(index)
        case .comparison: compareWith(index)
        case .themes: setTheme(index)
        }
        return []
    }
}
