import Imaging
import Requests
import Settings
import TerminalGraphics

/// The Settings view.
package struct SettingsView: Hashable, Sendable {
    /// The setting that keys change, by its place in `Setting.all`.
    package var selected = 0
    /// A value being typed.
    package var field: TextField?
    /// What was just written, until the file is read back.
    var written: Written?
    /// What was written in this sitting, for undo, and what was undone.
    var changes: [SettingsChange] = []
    var undone: [SettingsChange] = []

    enum Written: Hashable, Sendable {
        case setting(Setting)
        /// The key that a command was given; nil for those it came with.
        case key(Command, Key?)
        /// The keys of a command, as they were before or after a change.
        case keysAgain(Command)
    }

    package var setting: Setting { Setting.all[min(max(selected, 0), Setting.all.count - 1)] }
}

extension StudioState {
    /// Goes by new settings. What a person changed for this session stays, unless the setting for
    /// it changed too.
    package mutating func adopt(_ new: ResolvedSettings) {
        let old = settings
        settings = new
        let keys = Keymap.configured(by: new)
        keymap = keys.keymap
        settingWarnings = new.warnings + keys.warnings
        if old.text(.theme) != new.text(.theme) {
            theme = new.text(.theme).flatMap(Theme.init) ?? terminalTheme
        }
        parameters.adopt(new, since: old, facts)
    }

    /// Settings read at the start or after a change.
    mutating func learn(_ new: ResolvedSettings) -> [StudioEffect] {
        let oldPreview = settings.text(.preview).flatMap(PreviewKind.init)
        adopt(new)
        switch settingsView.written {
        case .setting(let setting)?: message = outcome(setting)
        case .key(let command, let key)?: message = outcome(command, key)
        case .keysAgain(let command)?:
            let keys = keymap.keys(of: command).map(\.description).joined(separator: " ")
            message = Message("\(command.rawValue) has \(keys.isEmpty ? "no key" : keys).")
        case nil:
            guard let warning = settingWarnings.first else { break }
            let more = settingWarnings.count - 1
            message = Message(
                "\(warning.shown())" + (more > 0 ? " (\(more) more in the settings view)" : ""),
                .problem)
        }
        guard let kind = new.text(.preview).flatMap(PreviewKind.init), kind != oldPreview else {
            return [.use(new)]
        }
        preview = kind
        return [.use(new), .preview(kind)]
    }

    /// What became of a setting that was written into the user's file.
    private func outcome(_ setting: Setting) -> Message {
        let origin = settings.origin(setting)
        guard origin.counts(in: settings.userFile) else {
            return Message(
                "Written, but \(origin) counts more: \(setting.name) stays "
                    + "\(settings.shown(setting)).", .problem)
        }
        return Message(
            "\(setting.name) is \(settings.shown(setting))"
                + (setting.waitsForStart ? ", from the next start on." : "."), .success)
    }

    /// What became of a command's keys.
    private func outcome(_ command: Command, _ wanted: Key?) -> Message {
        let (name, keys) = (command.rawValue, keymap.keys(of: command))
        let binding = settings.keys.first { $0.command == name }
        if let wanted, keys == [wanted] { return Message("\(wanted) is \(name).", .success) }
        if wanted == nil, binding == nil, keys == Keymap().keys(of: command) {
            return Message("\(name) has the keys it came with.", .success)
        }
        let place = binding.map { binding in
            "\(binding.file)" + (binding.line.map { ", line \($0)" } ?? "")
        }
        let names = keys.isEmpty ? "no key" : keys.map(\.description).joined(separator: " ")
        return Message(
            (place.map { "Written, but \($0) counts more: " } ?? "") + "\(name) has \(names).",
            .problem)
    }

    // MARK: Keys

    mutating func pressInSettings(_ key: Key) -> [StudioEffect]? {
        if settingsView.field != nil { return pressInField(key) }
        let count = Setting.all.count
        func move(_ distance: Int) {
            settingsView.selected = min(max(settingsView.selected + distance, 0), count - 1)
        }
        switch (key.code, key.modifiers) {
        case (.up, []), (.character("k"), []): move(-1)
        case (.down, []), (.character("j"), []): move(1)
        case (.pageUp, []): move(-10)
        case (.pageDown, []): move(10)
        case (.home, []): move(-count)
        case (.end, []): move(count)
        case (.left, []): return turn(-1)
        case (.right, []): return turn(1)
        case (.enter, []): return beginField()
        default: return nil
        }
        return []
    }

    private mutating func pressInField(_ key: Key) -> [StudioEffect]? {
        guard var field = settingsView.field else { return nil }
        switch key.code {
        case .escape:
            settingsView.field = nil
            message = nil
        case .enter:
            let setting = settingsView.setting
            guard !field.isEmpty else {
                settingsView.field = nil
                return resetSetting()
            }
            guard let value = setting.value(typed: field.text) else {
                message = Message("\(setting.name) must be \(setting.allowed).", .problem)
                return []
            }
            settingsView.field = nil
            return write(value)
        default:
            guard field.edit(key) else { return nil }
            settingsView.field = field
        }
        return []
    }

    /// Opens a field for what is typed, and turns what has few values.
    mutating func beginField() -> [StudioEffect] {
        switch settingsView.setting.kind {
        case .flag, .choice: return turn(1)
        default:
            settingsView.field = TextField(settings.value(settingsView.setting)?.description ?? "")
            return []
        }
    }

    private mutating func turn(_ direction: Int) -> [StudioEffect] {
        let setting = settingsView.setting
        let value = settings.value(setting)
        switch (setting.kind, value) {
        case (.flag, .flag(let isOn)?): return write(.flag(!isOn))
        case (.choice(let names), _):
            let at = names.firstIndex { value == .text($0) } ?? (direction > 0 ? -1 : names.count)
            let next = (at + direction + names.count) % names.count
            return write(.text(names[next]))
        case (.whole(let range), .whole(let number)?):
            return write(.whole(min(max(number + direction, range.lowerBound), range.upperBound)))
        default:
            message = Message("Press Enter and type a value; it must be \(setting.allowed).")
            return []
        }
    }

    private mutating func write(_ value: SettingValue) -> [StudioEffect] {
        write(settingsView.setting, value.toml)
    }

    mutating func resetSetting() -> [StudioEffect] {
        guard view == .settings else { return [] }
        return write(settingsView.setting, nil)
    }
}

extension ResolvedSettings.Origin {
    /// Whether the user's file is what decides.
    fileprivate func counts(in userFile: String?) -> Bool {
        switch self {
        case .standard: true
        case .file(let path, _): path == userFile
        case .variable, .flag: false
        }
    }
}

extension Setting {
    package var path: [String] { name.split(separator: ".").map(String.init) }
}

extension StudioState {
    /// A click on a setting selects it; another one changes it.
    mutating func point(atSetting index: Int) -> [StudioEffect] {
        guard view == .settings, settingsView.field == nil else { return [] }
        if settingsView.selected == index { return beginField() }
        settingsView.selected = index
        return []
    }
}

extension Parameters {
    /// Takes over those settings that differ from the old ones; all, without old ones.
    mutating func adopt(_ new: ResolvedSettings, since old: ResolvedSettings?, _ model: ModelFacts?)
    {
        func isNew(_ settings: Setting...) -> Bool {
            settings.contains { old == nil || old?.value($0) != new.value($0) }
        }
        if let model, isNew(.steps) {
            sampling.steps = new.whole(.steps) ?? model.sampling.steps
        }
        if let model, isNew(.guidance, .guidanceDecay, .temperature, .schedule) {
            let steps = sampling.steps
            sampling = model.sampling.adopting(new)
            sampling.steps = steps
        }
        if let model, isNew(.size) {
            let unit = max(1, tokenSide)
            let side = new.whole(.size).map { max(unit, $0 / unit * unit) } ?? model.trainedSide
            (width, height) = (side, side)
        }
        if isNew(.residualSteps) { residualSteps = new.whole(.residualSteps) }
        if isNew(.residualGuidance) {
            residualGuidance = new.number(.residualGuidance).map { Float($0) }
        }
        if isNew(.residualTemperature) {
            residualTemperature = new.number(.residualTemperature).map { Float($0) }
        }
        if isNew(.residualStrength), let strength = new.number(.residualStrength) {
            residualStrength = Float(strength)
        }
        if isNew(.seedMode), let mode = new.text(.seedMode).flatMap(SeedMode.init) {
            seedMode = mode
        }
        if isNew(.feather), let pixels = new.whole(.feather) { feather = pixels }
        if isNew(.variation), let share = new.number(.variation) {
            variationPercent = Int((share * 100).rounded())
        }
        if isNew(.reroll), let percent = new.whole(.reroll) { rerollPercent = percent }
        if isNew(.alternatives), let count = new.whole(.alternatives) { alternatives = count }
        if isNew(.count), let count = new.whole(.count) {
            _ = set(.count, typed: String(count))
        }
        if isNew(.content), let content = new.text(.content).flatMap(MaskedContent.init) {
            self.content = content
        }
    }
}
