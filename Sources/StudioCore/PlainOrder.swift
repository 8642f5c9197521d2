/// What a line means to the studio without a screen.
package enum PlainOrder: Hashable, Sendable {
    case nothing
    case quit
    case help
    case commands
    case status
    case set(Parameter, String)
    case save(path: String?)
    case open(path: String)
    case actions([StudioAction])
    case problem(String)

    package static let explanation = [
        "A line without a colon is a prompt, and makes a picture.",
        ":save, or :save NAME.png, saves the picture.",
        ":edit X,Y,WIDTH,HEIGHT PROMPT paints a part anew, in pixels from the top left.",
        ":fork STEP PROMPT goes on from a step of the picture with another seed.",
        ":step.back goes a step back; :token PLACE ENTRY, or :token PLACE mask, changes a token there,",
        "counted from 0 in reading order, and :pause goes on.",
        ":accept keeps an edit, :discard drops it, :undo and :redo go back and forth.",
        ":steps 8 sets a parameter; so do guidance, temperature, seed, width, height and others.",
        ":negative TEXT is what pictures should not be.",
        ":open FILE.png opens a picture, :status says where things stand, :examples lists prompts.",
        ":cancel, or Ctrl-C, stops a run. :copy prints seed, prompt and command line.",
        ":commands lists all commands; a colon and a command's name runs it. :quit ends."
    ]

    package init(_ line: String) {
        let line = line.trimmed
        guard line.hasPrefix(":") else {
            self = Self.word(line) ?? Self.prompt(line)
            return
        }
        let words = line.dropFirst().split(separator: " ", maxSplits: 1)
        let name = words.first.map(String.init) ?? ""
        let rest = words.count > 1 ? String(words[1]).trimmed : ""
        self = Self.word(name) ?? Self.order(name, rest)
    }

    /// Words that need no colon, as nobody draws them.
    private static func word(_ name: String) -> PlainOrder? {
        switch name {
        case "": .nothing
        case "help", "?": .help
        case "quit", "exit", "q": .quit
        default: nil
        }
    }

    private static func prompt(_ text: String) -> PlainOrder {
        .actions([.promptEdited(text), .command(.generate)])
    }

    private static func order(_ name: String, _ rest: String) -> PlainOrder {
        switch name {
        case "prompt": return rest.isEmpty ? .problem(":prompt needs a text.") : prompt(rest)
        case "negative": return .actions([.negativeEdited(rest)])
        case "save": return .save(path: rest.isEmpty ? nil : rest)
        case "open": return rest.isEmpty ? .problem(":open needs a file.") : .open(path: rest)
        case "status": return .status
        case "commands": return .commands
        case "edit": return edit(rest)
        case "fork": return fork(rest)
        case "token": return token(rest)
        case "set":
            let words = rest.split(separator: " ", maxSplits: 1).map(String.init)
            return words.count == 2
                ? order(words[0], words[1]) : .problem("Write it as :set steps 8.")
        default: break
        }
        let parameter = Parameter.allCases.first { "\($0)" == name }
        if let parameter, !rest.isEmpty { return .set(parameter, rest) }
        guard let command = Command(rawValue: shortNames[name] ?? name) else {
            if parameter != nil { return .problem("Write it as :\(name) VALUE.") }
            return .problem("There is no command \(name); :help explains the usual ones.")
        }
        return .actions([.command(command)])
    }

    private static let shortNames = [
        "accept": "edit.accept", "discard": "edit.discard", "cancel": "job.cancel",
        "again": "edit.inpaint", "variation": "edit.variation", "reroll": "edit.reroll",
        "examples": "prompt.example", "styles": "prompt.style", "pause": "step.pause",
        "next": "picture.next", "previous": "picture.previous"
    ]

    private static func fork(_ text: String) -> PlainOrder {
        let words = text.split(separator: " ", maxSplits: 1).map(String.init)
        guard let step = words.first.flatMap({ Int($0) }) else {
            return .problem("Write it as :fork STEP, or :fork STEP PROMPT.")
        }
        return .actions([.fork(step: step, prompt: words.count > 1 ? words[1] : "")])
    }

    private static func token(_ text: String) -> PlainOrder {
        let words = text.split(separator: " ")
        guard words.count == 2, let place = Int(words[0]),
            words[1] == "mask" || Int(words[1]) != nil
        else { return .problem("Write it as :token PLACE ENTRY, or :token PLACE mask.") }
        return .actions([.token(place: place, id: Int(words[1]))])
    }

    private static func edit(_ text: String) -> PlainOrder {
        let words = text.split(separator: " ", maxSplits: 1).map(String.init)
        let numbers = (words.first ?? "").split(
            separator: ",", omittingEmptySubsequences: false
        ).map { Int($0) }
        guard numbers.count == 4, let x = numbers[0], let y = numbers[1], let width = numbers[2],
            let height = numbers[3], x >= 0, y >= 0, width > 0, height > 0
        else {
            return .problem("Write it as :edit X,Y,WIDTH,HEIGHT PROMPT, in pixels.")
        }
        let region = StudioAction.region(x: x, y: y, width: width, height: height)
        let prompt = words.count > 1 ? [StudioAction.promptEdited(words[1])] : []
        return .actions([region] + prompt + [.command(.inpaint)])
    }
}

extension String {
    fileprivate var trimmed: String {
        String(drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }
}
