import TerminalGraphics

/// Lists that typing narrows down: what stands in each, and what choosing a line does.
extension StudioState {
    mutating func press(_ key: Key, in kind: Popup.List, _ before: Popup.ListState)
        -> [StudioEffect]
    {
        var list = before
        let last = max(0, count(of: kind, list) - 1)
        switch (key.code, key.modifiers) {
        case (.escape, []), (.character("c"), .control), (.function(1), []):
            popup = nil
            return []
        case (.enter, []) where list.selected < count(of: kind, list):
            return choose(from: kind, list)
        case (.up, []), (.character("p"), .control): list.selected = max(0, list.selected - 1)
        case (.down, []), (.character("n"), .control):
            list.selected = min(last, list.selected + 1)
        case (.pageUp, []): list.selected = max(0, list.selected - 10)
        case (.pageDown, []): list.selected = min(last, list.selected + 10)
        default: if list.filter.edit(key) { list.selected = 0 }
        }
        popup = .list(kind, list)
        return []
    }

    /// Does what the selected line stands for.
    mutating func choose(from kind: Popup.List, _ list: Popup.ListState) -> [StudioEffect] {
        switch kind {
        case .help, .commands:
            let command = commandList(list, isHelp: kind == .help)[list.selected].command
            popup = nil
            guard list.commandWithText != nil, let actions = try? Replay.command(list.filter.text)
            else { return perform(command) }
            return actions.flatMap { update(&self, $0) }
        case .exports:
            let command = exportList(list)[list.selected].command
            popup = nil
            return perform(command)
        case .history: take(historyList(list)[list.selected], as: "an earlier prompt")
        case .examples: take(exampleList(list)[list.selected], as: "an example")
        case .styles: add(styleList(list)[list.selected])
        }
        return []
    }

    func count(of kind: Popup.List, _ list: Popup.ListState) -> Int {
        switch kind {
        case .help, .commands: commandList(list, isHelp: kind == .help).count
        case .history: historyList(list).count
        case .examples: exampleList(list).count
        case .styles: styleList(list).count
        case .exports: exportList(list).count
        }
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
        return commands.compactMap(\.entry).matching(list.filter.text)
    }

    /// The keys that mean a command here; of one that has its keys elsewhere, those.
    package func shownKeys(of entry: Command.Entry) -> [Key] {
        let keys = keymap.keys(of: entry.command)
        let heard = keysHeard(of: entry)
        return heard.isEmpty && !contexts.contains(entry.context) ? keys : heard
    }

    /// The keys that mean a command here, even if it has its keys elsewhere.
    package func keysHeard(of entry: Command.Entry) -> [Key] {
        keymap.keys(of: entry.command).filter { means($0, entry.command) }
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
        if let place = contextHeard(of: entry).flatMap(contexts.firstIndex(of:)) { return place }
        return contexts.contains(entry.context)
            ? contexts.count : contexts.count + 1 + entry.context.rawValue
    }

    /// The place where a key of the command is heard now; nil where none is.
    private func contextHeard(of entry: Command.Entry) -> KeyContext? {
        let keys = keysHeard(of: entry)
        return contexts.first { context in
            keys.contains { keymap.command(for: $0, in: [context]) == entry.command }
        }
    }

    /// The lines of the help: commands under where their keys count, and the keys of texts, which
    /// come first where one is typed. Those that match stand without headings.
    package func helpLines(_ list: Popup.ListState) -> [HelpLine] {
        let entries = commandList(list, isHelp: true)
        let texts = TextKey.all.filter { $0.matches(list.filter.text) }
        guard list.filter.isEmpty else {
            return entries.indices.map(HelpLine.command) + texts.map(HelpLine.text)
        }
        let heard = entries.map(contextHeard)
        let placeOfTexts = isTextTyped ? 0 : heard.prefix { $0 != nil }.count
        var lines: [HelpLine] = []
        var last = ""
        for (at, entry) in entries.enumerated() {
            if at == placeOfTexts { lines += [.heading("In texts")] + texts.map(HelpLine.text) }
            let isHere = heard[at] == nil && contexts.contains(entry.context)
            let heading = isHere ? "Without a key here" : (heard[at] ?? entry.context).heading
            if heading != last { lines.append(.heading(heading)) }
            lines.append(.command(at))
            last = heading
        }
        return lines
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
        guard !literal.isEmpty else { return filter { words($0).fuzzyScore(pattern) != nil } }
        return literal.filter { $0.command.rawValue == pattern }
            + literal.filter { $0.command.rawValue != pattern }
    }
}

extension String {
    /// How well a pattern in small letters fits, or nil: the pattern as it stands counts most, at
    /// the start of a word more; else the beginnings of words and letters after them, in their order,
    /// the closer together the better.
    func fuzzyScore(_ pattern: String) -> Int? {
        let text = Array(lowercased())
        let letters = Array(pattern)
        guard letters.count <= text.count else { return nil }
        for start in 0...text.count - letters.count
        where text[start..<start + letters.count].elementsEqual(letters) {
            let isWordStart = start == 0 || !text[start - 1].isLetter
            return (isWordStart ? 20_000 : 10_000) - min(start, 1_000)
        }
        return gaps(between: letters.filter { $0 != " " }, in: text).map { 5_000 - min($0, 4_000) }
    }

    /// The fewest letters left out between those of a pattern, each of which begins a word or goes on
    /// in that of the one before it; nil where there is no such way through the text.
    private func gaps(between letters: [Character], in text: [Character]) -> Int? {
        guard let first = letters.first else { return 0 }
        func beginsWord(_ place: Int) -> Bool { place == 0 || !text[place - 1].isLetter }
        // For each place, what was left out on the best way that ends there.
        var ways: [Int?] = text.indices.map { text[$0] == first && beginsWord($0) ? 0 : nil }
        for letter in letters.dropFirst() {
            var next = [Int?](repeating: nil, count: text.count)
            // The best way before a place, less the place where it ends: in its word, and in all.
            var (inWord, anywhere): (Int?, Int?) = (nil, nil)
            for place in text.indices {
                if beginsWord(place) { inWord = nil }
                if text[place] == letter, let before = beginsWord(place) ? anywhere : inWord {
                    next[place] = before + place - 1
                }
                guard let way = ways[place].map({ $0 - place }) else { continue }
                inWord = Swift.min(inWord ?? way, way)
                anywhere = Swift.min(anywhere ?? way, way)
            }
            ways = next
        }
        return ways.compactMap { $0 }.min()
    }
}
