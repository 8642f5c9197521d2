import Checkpoints
import Tensors
import TestSupport
import Testing

private func reader(_ folder: TemporaryFolder) throws -> CheckpointReader {
    let path = folder.file("w")
    let count = Tensor([1], .int64) { $0.storeBytes(of: 7, as: Int64.self) }
    try SafetensorsWriter.write(
        [
            ("mlp.0.weight", Tensor([2, 3], repeating: 1)),
            ("mlp.0.bias", Tensor([2], repeating: 0)),
            ("norm.num_batches_tracked", count),
            ("decoder.x", Tensor([1], [1])), ("decoder.y", Tensor([1], [1])),
            ("head.bad", Tensor([4], [0, 1, .nan, .infinity]))
        ], to: path)
    return CheckpointReader(try Checkpoint(path: path))
}

@Test func aScopeReadsKeysBelowItsPrefix() throws {
    let folder = try TemporaryFolder()
    let root = try reader(folder).root
    let layer = root["mlp"][0]
    #expect(layer.prefix == "mlp.0" && root["mlp"]["0"].prefix == "mlp.0")
    #expect(layer.has("weight") && !layer.has("weights") && !root.has("mlp"))
    #expect(layer.entry("bias") == TensorEntry(shape: [2], elementType: .float32))
    #expect(try layer.tensor("weight", [2, 3]).floats() == [1, 1, 1, 1, 1, 1])
    #expect(try root.tensor("mlp.0.bias", [2]).floats() == [0, 0])
}

@Test func everyMisfitHasItsSentence() throws {
    let folder = try TemporaryFolder()
    let root = try reader(folder).root
    let path = folder.file("w")
    let table: [(String, () throws -> Void)] = [
        (
            "\(path) has no tensor mlp.0.weights; the nearest is mlp.0.weight.",
            { _ = try root["mlp"][0].tensor("weights", [2, 3]) }
        ),
        (
            "\(path) has no tensor model.mlp.0.bias; the nearest is mlp.0.bias.",
            { _ = try root["model.mlp"][0].tensor("bias", [2]) }
        ),
        ("\(path) has no tensor q.", { _ = try root.tensor("q", [2]) }),
        (
            "mlp.0.weight in \(path) has shape [2, 3]; this model needs [3, 2].",
            { _ = try root["mlp"][0].tensor("weight", [3, 2]) }
        ),
        (
            "norm.num_batches_tracked in \(path) has element type I64; this model needs a "
                + "floating-point type.",
            { _ = try root["norm"].tensor("num_batches_tracked", [1]) }
        ),
        (
            "head.bad in \(path) is NaN or infinite at element 2; weights must be finite.",
            {
                let head = root["head"]
                try head.checkFinite("bad", try head.tensor("bad", [4]))
            }
        )
    ]
    for (expected, read) in table { #expect(sentence(read) == expected) }
}

@Test func whatNobodyReadIsRefused() throws {
    let folder = try TemporaryFolder()
    let reader = try reader(folder)
    let path = folder.file("w")
    #expect(
        sentence { try reader.checkAllRead() }
            == "\(path) has 6 tensors that this model does not use: decoder.x, decoder.y, "
            + "head.bad, ....")
    _ = try reader.root["mlp"][0].tensor("weight", [2, 3])
    _ = try reader.root["head"].tensor("bad", [4])
    #expect(
        sentence {
            try reader.checkAllRead(
                ignoring: ["decoder."], ignoringSuffixes: [".num_batches_tracked"])
        } == "\(path) has 1 tensor that this model does not use: mlp.0.bias.")
    // A failed read is no read.
    _ = try? reader.root["mlp"][0].tensor("bias", [3])
    #expect(throws: CheckpointError.self) {
        try reader.checkAllRead(ignoring: ["decoder.", "norm."])
    }
    _ = try reader.root["mlp"][0].tensor("bias", [2])
    try reader.checkAllRead(ignoring: ["decoder.", "norm."])
}

@Test func readsFromManyThreadsAreAllRemembered() async throws {
    let folder = try TemporaryFolder()
    let names = (0..<200).map { "layer.\($0)" }
    try SafetensorsWriter.write(
        names.map { ($0, Tensor([1], [1])) }, to: folder.file("w"))
    let reader = CheckpointReader(try Checkpoint(path: folder.file("w")))
    try await withThrowingTaskGroup(of: Void.self) { group in
        for index in names.indices {
            group.addTask { _ = try reader.root["layer"].tensor("\(index)", [1]) }
        }
        try await group.waitForAll()
    }
    try reader.checkAllRead()
}
