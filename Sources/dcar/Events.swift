import Foundation
import Imaging
import Requests

/// The events of `--json`: one object a line on standard output.
enum Events {
    static func send(_ event: RunEvent) throws(OutputError) {
        switch event {
        case .phase(let phase, let count):
            try send(["event": "phase", "phase": phase.rawValue, "units": count])
        case .progress(.steps, _, _): return
        case .progress(let phase, let done, let count):
            try send(["event": "progress", "phase": phase.rawValue, "n": done, "of": count])
        case .stepped(let image, let news):
            try send([
                "event": "step", "image": image, "n": news.step, "of": news.steps,
                "new": news.newlyFixed, "masked": news.masked,
                "conf": (Double(news.confidence) * 1e4).rounded() / 1e4
            ])
        }
    }

    static func saved(_ path: String, seed: UInt64) throws(OutputError) {
        try send(["event": "saved", "path": path, "seed": seed])
    }

    static func send(_ object: [String: Any]) throws(OutputError) {
        let options: JSONSerialization.WritingOptions = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? JSONSerialization.data(withJSONObject: object, options: options)
        else { return }
        try Output.line(SanitizedText.json(String(decoding: data, as: UTF8.self)))
    }
}
