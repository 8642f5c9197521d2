import Checkpoints
import Foundation
import Kernels
import Layers
import Tensors
import TextEncoding

extension Verifier {
    /// Token ids, buckets and text states of the recorded prompts.
    func text(_ recording: Recording) throws {
        guard let part = parts.textEncoders.first else {
            throw VerificationError.noModel(file: recording.file, needed: "a T5 text encoder")
        }
        let reader = CheckpointReader(try Checkpoint(path: part.checkpoint))
        let scope = LayerScope(reader, compute: compute)
        let configuration = try T5Configuration(ConfigurationNode(path: part.configuration))
        let encoder = try T5Encoder(scope, configuration)
        try encoder.prepare()
        let tokenizer = try T5Tokenizer(folder: part.folder)
        let recordedIDs = try recording.tensor("ids", axes: 2)
        let (rows, length) = (recordedIDs.shape[0], recordedIDs.shape[1])

        if let prompts = try prompts(), prompts.count == rows {
            let ids = prompts.flatMap {
                tokenizer.encode($0, limit: length).padded(to: length)
            }
            try compare(recording, "ids", integers: ids)
            try compare(
                recording, "mask", integers: ids.map { $0 == tokenizer.padID ? 0 : 1 })
        }
        let numbers = try recording.integers(
            "ids", shape: [rows, length], in: 0...configuration.vocabularySize - 1)
        try compare(
            recording, "hidden",
            (0..<rows).flatMap { row in
                try encoder(Array(numbers[row * length..<(row + 1) * length])).floats()
            })
        if let distances = try recording.optional("relative_positions") {
            try compare(
                recording, "relative_buckets",
                integers: distances.integers().map(encoder.bucket(of:)))
        }
    }

    private func prompts() throws -> [String]? {
        guard let data = FileManager.default.contents(atPath: "\(folder)/text_prompts.json") else {
            return nil
        }
        return try JSONSerialization.jsonObject(with: data) as? [String]
    }

    /// Recorded token ids of awkward strings: one line for all of them, the difference being the
    /// number of strings that differ.
    func tokenizerCases(_ path: String) throws {
        guard let part = parts.textEncoders.first else {
            throw VerificationError.noModel(
                file: "tokenizer_cases.json", needed: "a T5 text encoder")
        }
        struct Cases: Decodable {
            struct Case: Decodable {
                let text: String
                let ids: [Int]
            }
            let max_length: Int
            let cases: [Case]
        }
        let cases = try JSONDecoder().decode(
            Cases.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
        let tokenizer = try T5Tokenizer(folder: part.folder)
        let wrong = cases.cases.map { entry in
            Float(tokenizer.encode(entry.text, limit: cases.max_length).ids == entry.ids ? 0 : 1)
        }
        report(
            VerificationLine(
                file: "tokenizer_cases.json", name: "ids",
                recorded: Tensor([wrong.count], repeating: 0), computed: wrong, .absolute(0)))
    }
}
