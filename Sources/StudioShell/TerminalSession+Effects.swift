import CNcurses
import Foundation
import Imaging
import Pipeline
import Settings
import StudioCore
import TerminalGraphics

extension TerminalSession {
    func perform(_ effect: StudioEffect) {
        switch effect {
        case .reopen(let folder): reopen(folder)
        case .redraw: screen.clear()
        case .probe: probeAgain()
        case .setGraphics(let choice):
            graphicsChoice = choice
            decideAgain()
        case .quit: ending = .quit(0)
        case .suspend: suspend()
        case .readLog: log.read { [inbox] in inbox.post(.log($0)) }
        case .copy(let text): copy(text)
        case .present(let text): present(text)
        case .editPrompt(let text): editPrompt(text)
        case .writeSetting(let path, let toml): writeSetting(path, toml)
        case .editSettings: editSettings()
        case .reloadSettings: reloadSettings()
        case .use(let settings):
            screen.output.send(terminal.setMouse(settings.isOn(.mouse)))
            renderWorker.setBudget(settings.previewBudget)
            modelWorker.perform(effect)
            libraryWorker.use(settings)
        case .library(let order): libraryWorker.perform(order)
        case .generate, .prepare, .skip, .preview, .advance, .pause, .cancel, .decode,
            .changeStrength, .pin, .putBack, .candidates, .inspect, .save, .suggestName, .saveSheet,
            .loadMask, .saveMask, .open, .verifyModel, .load, .fileMoved:
            modelWorker.perform(effect)
        }
    }

    /// Leaves for a studio with another model, if the folder holds one.
    private func reopen(_ folder: String) {
        let path = URL(fileURLWithPath: folder.withHome).path
        do {
            _ = try ModelParts(in: path).ofModel()
            ending = .reopen(model: path)
        } catch {
            apply(.news(.problem("\(error)")))
        }
    }

    /// The answers come in among the keys, as late ones do.
    func probeAgain() {
        let batch = ProbeBatch(terminal.environment)
        for _ in 0..<batch.fenceCount {
            parser.expectFence(until: Terminal.now + batch.timeout + .seconds(5))
        }
        screen.output.send(batch.bytes)
        // Some terminals print what they do not know.
        screen.clear()
        isDirty = true
    }

    private func copy(_ text: String) {
        let coded = Data(text.utf8).base64EncodedString()
        screen.output.send("\u{1B}]52;c;\(coded)\u{07}".utf8)
    }

    private func editPrompt(_ text: String) {
        let path = NSTemporaryDirectory() + "dcar-prompt-\(UUID().uuidString).txt"
        guard
            FileManager.default.createFile(
                atPath: path, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600])
        else {
            apply(.news(.problem("The prompt cannot be written to \(path) for the editor.")))
            return
        }
        defer { try? FileManager.default.removeItem(atPath: path) }
        guard openEditor(path), let edited = try? String(contentsOfFile: path, encoding: .utf8)
        else { return }
        apply(.promptEdited(edited.trimmingCharacters(in: .whitespacesAndNewlines)))
    }

    /// Where lines of the terminal break it a mouse still takes it whole.
    private func present(_ text: String) {
        let lines = [
            "", SanitizedText(text, limit: .max).text, "",
            "# Not copied, as clipboard.osc52 in the settings is off. Enter goes back to the studio.",
            ""
        ]
        giveBack()
        Terminal.write(Array(lines.joined(separator: "\n").utf8))
        _ = dcar_run_in_terminal("read -r line < /dev/tty", "")
        takeBack()
    }

    private func editSettings() {
        guard let path = options.sources.userFile else {
            apply(.news(.problem("\(SettingsError.noPlace)")))
            return
        }
        do {
            if !FileManager.default.fileExists(atPath: path) {
                try SettingsFile.write(
                    "# Settings of dcar; `dcar help config` explains them.\n", to: path)
            }
        } catch {
            apply(.news(.problem("\(error)")))
            return
        }
        if openEditor(path) { reloadSettings() }
    }

    private func reloadSettings() {
        apply(.news(.settings(options.sources.load())))
    }

    private func writeSetting(_ path: [String], _ toml: String?) {
        do {
            try options.sources.write(path, toml)
            reloadSettings()
        } catch {
            apply(.news(.problem("\(error)")))
        }
    }

    /// Gives the terminal to the person's editor until it ends; false, with a message, where it
    /// cannot be started or ends with a failure.
    private func openEditor(_ path: String) -> Bool {
        let environment = ProcessInfo.processInfo.environment
        let editor =
            [environment["VISUAL"], environment["EDITOR"]].compactMap { $0 }
            .first { !$0.isEmpty } ?? "vi"
        giveBack()
        let status = dcar_run_in_terminal(editor + " \"$1\"", path)
        takeBack()
        guard status == 0 else {
            apply(
                .news(
                    .problem(
                        "The editor \(editor) ended with status \(status); set VISUAL or EDITOR to "
                            + "one that works.")))
            return false
        }
        return true
    }
}
