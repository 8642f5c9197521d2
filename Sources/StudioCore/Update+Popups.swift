import TerminalGraphics

extension StudioState {
    mutating func pressInPopup(_ key: Key) -> [StudioEffect] {
        switch popup {
        case .commands(let list, true) where key == Key(.tab):
            let entries = commandList(list, isHelp: true)
            guard entries.indices.contains(list.selected) else { return [] }
            popup = .rebind(entries[list.selected].command, asked: nil, list)
        case .rebind(let command, let asked, let list):
            return pressInRebind(key, command, asked, list)
        case .commands(var list, let isHelp):
            switch pressInList(key, &list, count: commandList(list, isHelp: isHelp).count) {
            case .closed: popup = nil
            case .changed: popup = .commands(list, isHelp: isHelp)
            case .chosen(let index):
                let command = commandList(list, isHelp: isHelp)[index].command
                popup = nil
                guard list.commandWithText != nil,
                    let actions = try? Replay.command(list.filter.text)
                else { return perform(command) }
                return actions.flatMap { update(&self, $0) }
            }
        case .history(var list):
            switch pressInList(key, &list, count: historyList(list).count) {
            case .closed: popup = nil
            case .changed: popup = .history(list)
            case .chosen(let index): take(historyList(list)[index])
            }
        case .form(let form): return press(key, in: form)
        case .comparison(let selected): pressInComparison(key, selected)
        case .themes(let selected): pressInThemes(key, selected)
        case .candidates(let selected): return pressInCandidates(key, selected)
        case .examples(var list):
            switch pressInList(key, &list, count: exampleList(list).count) {
            case .closed: popup = nil
            case .changed: popup = .examples(list)
            case .chosen(let index): take(exampleList(list)[index])
            }
        case .styles(var list):
            switch pressInList(key, &list, count: styleList(list).count) {
            case .closed: popup = nil
            case .changed: popup = .styles(list)
            case .chosen(let index): add(styleList(list)[index])
            }
        case .exports(var list):
            switch pressInList(key, &list, count: exportList(list).count) {
            case .closed: popup = nil
            case .changed: popup = .exports(list)
            case .chosen(let index):
                let command = exportList(list)[index].command
                popup = nil
                return perform(command)
            }
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

    mutating func take(_ text: String) {
        popup = nil
        prompt.positive = TextField(text)
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

    private enum ListOutcome {
        case closed
        case changed
        case chosen(Int)
    }

    private func pressInList(_ key: Key, _ list: inout Popup.ListState, count: Int)
        -> ListOutcome
    {
        switch (key.code, key.modifiers) {
        case (.escape, []), (.character("c"), .control), (.function(1), []): return .closed
        case (.enter, []) where list.selected < count: return .chosen(list.selected)
        case (.up, []), (.character("p"), .control):
            list.selected = max(0, list.selected - 1)
        case (.down, []), (.character("n"), .control):
            list.selected = max(0, min(count - 1, list.selected + 1))
        case (.pageUp, []): list.selected = max(0, list.selected - 10)
        case (.pageDown, []): list.selected = max(0, min(count - 1, list.selected + 10))
        default:
            if list.filter.edit(key) { list.selected = 0 }
        }
        return .changed
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
            switch popup {
            case .commands(var list, let isHelp):
                list.selected = index
                popup = .commands(list, isHelp: isHelp)
                return pressInPopup(Key(.enter))
            case .history(var list):
                list.selected = index
                popup = .history(list)
                return pressInPopup(Key(.enter))
            case .candidates: return choose(index)
            case .comparison: compareWith(index)
            case .themes: setTheme(index)
            case .form(var form):
                form.selected = min(max(index, 0), form.fields.count - 1)
                popup = .form(form)
            case .examples(var list):
                list.selected = index
                popup = .examples(list)
                return pressInPopup(Key(.enter))
            case .styles(var list):
                list.selected = index
                popup = .styles(list)
                return pressInPopup(Key(.enter))
            case .exports(var list):
                list.selected = index
                popup = .exports(list)
                return pressInPopup(Key(.enter))
            case .copy:
                let choices = copyChoices
                return choices.indices.contains(index) ? choose(choices[index]) : []
            case .versions(let selected):
                let lines = versions(with: selected)
                if lines.indices.contains(index) {
                    pressInVersions(Key(.enter), lines[index].run)
                }
            case .quit: return index == 0 ? [.quit] : pressInPopup(Key(.escape))
            default: return []
            }
            return []
        default: return []
        }
    }

    private mutating func pressInCandidates(_ key: Key, _ selected: Int) -> [StudioEffect] {
        let count = readout?.count ?? 0
        switch (key.code, key.modifiers) {
        case (.escape, _), (.character("c"), .control): popup = nil
        case (.enter, []): return choose(selected)
        case (.up, []): popup = .candidates(max(0, selected - 1))
        case (.down, []): popup = .candidates(max(0, min(count - 1, selected + 1)))
        case (.character(let digit), []) where ("1"..."9").contains(digit):
            return choose(Int(digit.value) - 0x31)
        default: break
        }
        return []
    }

    /// The commands that match what was typed; in the help, those that have a key here come first,
    /// the narrowest place before the others.
    package func commandList(_ list: Popup.ListState, isHelp: Bool) -> [Command.Entry] {
        let filter = list.commandWithText?.rawValue ?? list.filter.text
        let matching = Command.entries.matching(filter)
        guard isHelp else { return matching }
        let ranks = matching.map { $0.command.rawValue == filter ? -1 : rank($0) }
        return matching.indices.sorted { (ranks[$0], $0) < (ranks[$1], $1) }.map { matching[$0] }
    }

    /// The ways to save that there are now and that match; the plain one comes first.
    package func exportList(_ list: Popup.ListState) -> [Command.Entry] {
        var commands: [Command] = [
            .save, .saveAs, .saveBoth, .saveStripped, .saveSteps, .saveEachStep, .saveAnimation
        ]
        if proposal?.sheet != nil || lastSheet != nil { commands.append(.saveSheet) }
        if mask != nil { commands.append(.saveMask) }
        let entries = commands.compactMap { command in
            Command.entries.first { $0.command == command }
        }
        return entries.matching(list.filter.text)
    }

    /// The keys that mean a command here; of one that has its keys elsewhere, those.
    package func shownKeys(of entry: Command.Entry) -> [Key] {
        let keys = keymap.keys(of: entry.command)
        let heard = keys.filter { means($0, entry.command) }
        return heard.isEmpty && !contexts.contains(entry.context) ? keys : heard
    }

    /// Where the keys of a command count, when that is neither everywhere nor the place one is at.
    package func place(of entry: Command.Entry) -> String? {
        let keys = keymap.keys(of: entry.command)
        let isHeard = keys.isEmpty || keys.contains { means($0, entry.command) }
        guard entry.context != contexts.first || entry.context == .navigation else { return nil }
        return switch entry.context {
        case .proposal: "result"
        case .mask: "mask"
        case .canvas: "picture"
        case .settings: "settings"
        case .gallery: "gallery"
        case .queue: "queue"
        case .navigation: isHeard ? nil : "outside texts"
        case .anywhere: nil
        }
    }

    /// The place in the help: narrow places first, then what has no key here, then what belongs
    /// elsewhere.
    private func rank(_ entry: Command.Entry) -> Int {
        let keys = keymap.keys(of: entry.command).filter { means($0, entry.command) }
        let place = contexts.firstIndex { context in
            keys.contains { keymap.command(for: $0, in: [context]) == entry.command }
        }
        return place ?? contexts.count + (contexts.contains(entry.context) ? 0 : 1)
    }

    /// Whether a key is a command's where keys are looked up now. The parameters take digits and
    /// Enter before that.
    private func means(_ key: Key, _ command: Command) -> Bool {
        if view == .studio, focus == .parameters, key.modifiers.isEmpty {
            switch key.code {
            case .enter: return false
            case .character(let scalar) where ("0"..."9").contains(scalar): return false
            default: break
            }
        }
        return keymap.command(for: key, in: contexts) == command
    }

    /// Earlier prompts that match, the newest first.
    package func historyList(_ list: Popup.ListState) -> [String] {
        let filter = list.filter.text.lowercased()
        let newest = Array(prompt.history.reversed())
        guard !filter.isEmpty else { return newest }
        let scored = newest.enumerated().compactMap { age, text in
            text.fuzzyScore(filter).map { (text: text, score: $0, age: age) }
        }
        return scored.sorted { ($1.score, $0.age) < ($0.score, $1.age) }.map(\.text)
    }
}

extension Popup.ListState {
    /// A command that is named with what it asks for, as in `step.goto 3`.
    fileprivate var commandWithText: Command? {
        let words = filter.text.split(separator: " ", maxSplits: 1)
        guard words.count == 2, let command = Command(rawValue: String(words[0])),
            command.asksForText
        else { return nil }
        return command
    }
}

extension [Command.Entry] {
    /// Those with the text in their title or name, a command of just that name first; where there
    /// are none, those with its letters in their order.
    fileprivate func matching(_ text: String) -> [Command.Entry] {
        let pattern = text.lowercased()
        guard !pattern.isEmpty else { return self }
        func words(_ entry: Command.Entry) -> String {
            "\(entry.title) \(entry.command.rawValue)".lowercased()
        }
        let literal = filter { words($0).contains(pattern) }
        guard !literal.isEmpty else { return filter { words($0).matchesFuzzily(pattern) } }
        return literal.filter { $0.command.rawValue == pattern }
            + literal.filter { $0.command.rawValue != pattern }
    }
}

extension String {
    /// How well a pattern in small letters fits, or nil: the pattern as it stands counts most, at
    /// the start of a word more; else letters in their order, the closer together the better.
    func fuzzyScore(_ pattern: String) -> Int? {
        let text = Array(lowercased())
        let letters = Array(pattern)
        guard letters.count <= text.count else { return nil }
        for start in 0...text.count - letters.count
        where text[start..<start + letters.count].elementsEqual(letters) {
            let isWordStart = start == 0 || !text[start - 1].isLetter
            return (isWordStart ? 20_000 : 10_000) - min(start, 1_000)
        }
        var at = 0
        var gaps = 0
        var last: Int?
        for letter in letters where letter != " " {
            guard let next = text[at...].firstIndex(of: letter) else { return nil }
            if let last { gaps += next - last - 1 }
            (last, at) = (next, next + 1)
        }
        return 5_000 - min(gaps, 4_000)
    }

    /// Whether the letters of `pattern` occur here in their order, spaces aside.
    func matchesFuzzily(_ pattern: String) -> Bool {
        var rest = self[...]
        for letter in pattern where letter != " " {
            guard let at = rest.firstIndex(of: letter) else { return false }
            rest = rest[rest.index(after: at)...]
        }
        return true
    }
}
