import Kernels
import Requests
import TerminalGraphics

/// Everything that can be configured.
extension Setting {
    package static let modelPath = Setting(
        "model.path", .text, otherwise: "the embedded model", "The folder of the model.",
        variable: "DCAR_MODEL", waitsForStart: true)
    package static let verification = Setting(
        "model.verify", .flag, .flag(false),
        "Whether a model's files must be those that SHA256SUMS in its folder lists before it opens.",
        waitsForStart: true)
    package static let threads = Setting(
        "model.threads", .whole(1...Compute.threadLimit), otherwise: "one a physical core",
        "Threads that compute.", variable: "DCAR_THREADS", waitsForStart: true)
    package static let precision = Setting(
        "model.precision", .choice(["auto"] + Precision.allCases.map(\.rawValue)), .text("auto"),
        "The numbers that matrix products multiply; auto takes bf16 where it can be.",
        waitsForStart: true)
    package static let weightCache = Setting(
        "model.weight_cache", .flag, .flag(true),
        "Whether a large model's weights, arranged for use, are kept in the cache folder.",
        variable: "DCAR_WEIGHT_CACHE", waitsForStart: true)

    package static let steps = Setting(
        "generate.steps", .whole(RequestLimits.steps), otherwise: "the model's own",
        "Steps of unmasking.")
    package static let guidance = Setting(
        "generate.guidance", .number(RequestLimits.guidanceScale),
        otherwise: "the model's own", "How closely pictures follow their prompts.")
    package static let guidanceDecay = Setting(
        "generate.guidance_decay", .choice(GuidanceDecay.allCases.map(\.rawValue)),
        otherwise: "the model's own", "How guidance changes over the steps.")
    package static let temperature = Setting(
        "generate.temperature", .number(RequestLimits.temperature),
        otherwise: "the model's own",
        "How much chance there is in the choice of tokens, at the first step.")
    package static let schedule = Setting(
        "generate.schedule", .choice(MaskSchedule.allCases.map(\.rawValue)),
        otherwise: "the model's own", "How masked tokens thin out over the steps.")
    package static let residualSteps = Setting(
        "generate.residual_steps", .whole(RequestLimits.residualSteps),
        otherwise: "the model's own",
        "Steps of the residual head.")
    package static let residualGuidance = Setting(
        "generate.residual_guidance", .number(RequestLimits.guidanceScale),
        otherwise: "the model's own", "How closely residual tokens follow prompts.")
    package static let residualTemperature = Setting(
        "generate.residual_temperature", .number(RequestLimits.residualTemperature),
        otherwise: "the model's own",
        "How much chance there is in residual tokens; 1 is the official amount.")
    package static let residualStrength = Setting(
        "generate.residual_strength", .number(RequestLimits.residualStrength), .number(1),
        "How much residual tokens count; 1 is the official result.")
    package static let size = Setting(
        "generate.size", .whole(32...RequestLimits.side),
        otherwise: "what the model was trained for",
        "Pixels of each side of a new picture, in whole tokens.")
    package static let count = Setting(
        "generate.count", .whole(RequestLimits.pictures), .whole(1),
        "Pictures of each prompt, with seeds that count up.")
    package static let seedMode = Setting(
        "generate.seed_mode", .choice(["random", "fixed", "increment"]), .text("random"),
        "Where the studio takes the seed of the next picture from.")

    package static let feather = Setting(
        "edit.feather_px", .whole(RequestLimits.feather), .whole(8),
        "Pixels over which an edit fades into the picture.")
    package static let growth = Setting(
        "edit.grow_cells", .whole(0...8), .whole(0),
        "Tokens around those that a mask touches that an edit in the studio makes anew too.")
    package static let content = Setting(
        "edit.content", .choice(MaskedContent.allCases.map(\.rawValue)), .text("all"),
        "Which tokens under a mask are made anew in the studio.")
    package static let variation = Setting(
        "edit.strength", .number(0.01...1), .number(0.5),
        "The share of tokens that a variation makes anew in the studio.")
    package static let reroll = Setting(
        "edit.reroll_percent", .whole(1...100), .whole(10),
        "The share of tokens, the least sure, that a re-roll makes anew in the studio.")
    package static let alternatives = Setting(
        "edit.alternatives", .whole(RequestLimits.pictures), .whole(4),
        "Pictures to choose from in the studio.")

    package static let preview = Setting(
        "preview.mode", .choice(["off", "colors", "decoded", "full"]), .text("colors"),
        "How the steps of a run are shown: masks alone, token colours, decoded, or decoded with the "
            + "residual so far.")
    package static let previewInterval = Setting(
        "preview.every", .whole(1...64), .whole(1),
        "Steps from one picture of a run to the next; masks and tokens are drawn at every step.")
    package static let previewSide = Setting(
        "preview.max_px", .whole(64...2_048),
        otherwise: "as much as the terminal takes in time",
        "Pixels of the longest side that a step's picture is sent to the terminal with.",
        waitsForStart: true)
    package static let previewColors = Setting(
        "preview.colors", .whole(16...256), .whole(64),
        "The most colours of a step's sixel picture while the run goes on.",
        waitsForStart: true)
    package static let previewBudget = Setting(
        "preview.budget_percent", .whole(1...100), .whole(3),
        "The share of all cores that drawing a run's steps may take; the model's own work for "
            + "decoded ones comes on top.")

    package static let graphics = Setting(
        "graphics.protocol", .choice(GraphicsChoice.names), .text("auto"),
        "How pictures are drawn in the terminal.", variable: "DCAR_GRAPHICS", waitsForStart: true)
    package static let colors = Setting(
        // Twice as many look no better to the eye and take half as long again.
        "graphics.colors", .whole(16...1024), .whole(512), "The most colours of a sixel picture.",
        waitsForStart: true)
    package static let cellSize = Setting(
        "graphics.cell_size", .cellSize, otherwise: "what the terminal says",
        "Pixels of a cell, where the terminal says something wrong.", waitsForStart: true)
    package static let dither = Setting(
        "graphics.dither", .choice(["auto", "on", "off"]), .text("auto"),
        "Whether sixel pictures are dithered; auto does so with 32 colours or fewer.",
        waitsForStart: true)
    package static let synchronized = Setting(
        "graphics.sync", .choice(["auto", "on", "off"]), .text("auto"),
        "Whether the terminal is told to show each update at once; auto asks it first.",
        waitsForStart: true)
    package static let maximumBytes = Setting(
        "graphics.max_bytes", .whole(10_000...10_000_000),
        otherwise: "900000 through tmux or over ssh, else 10000000",
        "The most bytes of one picture; fewer colours, then a smaller picture keep to it.",
        waitsForStart: true)
    package static let probeTimeout = Setting(
        "graphics.probe_timeout_ms", .whole(0...10_000),
        otherwise: "200, or 1000 over ssh",
        "How long the studio waits at its start for the terminal to say what it can do.",
        waitsForStart: true)

    package static let theme = Setting(
        "ui.theme", .choice(["auto", "dark", "light", "contrast", "mono"]), .text("auto"),
        "The studio's colours; auto follows the terminal's background.")
    package static let mouse = Setting(
        "ui.mouse", .flag, .flag(true),
        "Whether the studio uses the mouse; without it the terminal does.")
    package static let unicode = Setting(
        "ui.unicode", .choice(["auto", "on", "off"]), .text("auto"),
        "Whether more than ASCII is drawn; auto goes by the locale.", waitsForStart: true)
    package static let animations = Setting(
        "ui.animations", .flag, .flag(true),
        "Whether a mark moves while the model computes.")
    package static let footer = Setting(
        "ui.footer", .flag, .flag(true), "Whether the last line names the keys that matter now.")
    package static let confirmQuit = Setting(
        "ui.confirm_quit", .flag, .flag(true), "Whether the studio asks before it quits.")

    package static let outputFolder = Setting(
        "output.dir", .text,
        otherwise: "dcar in the pictures folder; where commands run for their own pictures",
        "Where pictures are saved.", variable: "DCAR_OUTPUT_DIR")
    package static let outputPattern = Setting(
        "output.pattern", .fileName, otherwise: "as each command names them",
        "The names of saved pictures; {n}, {n:4}, {seed}, {prompt}, {model}, {width}, {height}.")
    package static let metadata = Setting(
        "output.metadata", .flag, .flag(true),
        "Whether pictures carry how they were made, which resuming and editing read.")

    package static let embedsTokens = Setting(
        "output.embed_tokens", .flag, .flag(true),
        "Whether pictures carry their tokens; a run that was stopped does in any case.")
    package static let stealth = Setting(
        "output.stealth", .flag, .flag(false),
        "Whether the parameters are hidden in the lowest bits of the pixels' opacity too, where some "
            + "web programs look for them.")
    package static let compression = Setting(
        "output.compression", .whole(0...9), .whole(6),
        "How hard PNG files are compressed: 0 not at all, 9 the most.")

    package static let queuePausesAfterCrash = Setting(
        "queue.start_paused_after_crash", .flag, .flag(true),
        "Whether the queue waits for a word after the program was ended by force.")
    package static let keepsFinished = Setting(
        "queue.keep_finished", .flag, .flag(true),
        "Whether jobs stay in the queue's list after their pictures were saved.")

    package static let history = Setting(
        "history.enabled", .flag, .flag(true),
        "Whether prompts are kept for later sittings to search.")
    package static let historyLimit = Setting(
        "history.max", .whole(1...1_000_000), otherwise: "all of them",
        "The most prompts that are kept; the oldest go first.")

    package static let logLevel = Setting(
        "log.level", .choice(["off", "problems", "all"]), .text("problems"),
        "What of the studio's messages is written to its log; problems are joined by what was saved."
    )
    package static let logDays = Setting(
        "log.days", .whole(1...3_650), .whole(30), "How many days the log goes back.")

    package static let clipboard = Setting(
        "clipboard.osc52", .flag, .flag(false),
        "Whether copies go to the terminal's clipboard (OSC 52); otherwise they are only shown.")

    package static let all: [Setting] = [
        modelPath, verification, threads, precision, weightCache, steps, guidance, guidanceDecay,
        temperature, schedule, residualSteps, residualGuidance, residualTemperature,
        residualStrength, size, count, seedMode, feather, growth, content, variation, reroll,
        alternatives, preview, previewInterval,
        previewSide, previewColors, previewBudget, graphics, cellSize, colors, dither, synchronized,
        maximumBytes, probeTimeout, theme, mouse, unicode, animations, footer, confirmQuit,
        outputFolder, outputPattern, metadata, embedsTokens, compression, stealth,
        queuePausesAfterCrash, keepsFinished, history, historyLimit, logLevel, logDays, clipboard
    ]

    private static let named = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })

    package static func named(_ name: String) -> Setting? { named[name] }

    /// The setting whose name is most like a mistyped one.
    package static func nearest(to name: String) -> Setting? {
        let ranked = all.map { ($0, $0.name.editDistance(to: name)) }.min { $0.1 < $1.1 }
        return ranked.flatMap { $0.1 <= 3 ? $0.0 : nil }
    }
}

extension String {
    /// How many characters must be put in, taken out or replaced to get `other` (Levenshtein).
    fileprivate func editDistance(to other: String) -> Int {
        let other = Array(other.prefix(80))
        var row = Array(0...other.count)
        for (index, character) in prefix(80).enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for column in other.indices {
                let cost = diagonal + (character == other[column] ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = Swift.min(cost, row[column] + 1, row[column + 1] + 1)
            }
        }
        return row[other.count]
    }
}
