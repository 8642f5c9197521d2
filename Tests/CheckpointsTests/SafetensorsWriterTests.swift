import Checkpoints
import Foundation
import Tensors
import TestSupport
import Testing

@Test func aWrittenFileHoldsTheSameTensorsMetadataAndAlignment() throws {
    let folder = try TemporaryFolder()
    let source = try Checkpoint(path: golden("formats/types.safetensors"))
    let path = folder.file("copy.safetensors")
    let metadata = ["quote \" \\ \n": "Zoë 🦊 \u{1}", "format": "pt"]
    let tensors = try source.keys.reversed().map { (name: $0, tensor: try source.tensor($0)) }
    try SafetensorsWriter.write(tensors, metadata: metadata, to: path)
    let copy = try Checkpoint(path: path)
    #expect(copy.metadata == metadata)
    #expect(copy.keys == source.keys)
    for key in copy.keys {
        #expect(copy.entry(key) == source.entry(key))
        let tensor = try copy.tensor(key)
        #expect(try bytes(tensor) == bytes(source.tensor(key)))
        #expect(tensor.storage.isMapped, "\(key)")
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).count == 1)
}

@Test func aWriterTakesTensorsInAnyOrder() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("any.safetensors")
    let entry = TensorEntry(shape: [2], elementType: .float32)
    let writer = try SafetensorsWriter(path: path, entries: [("a", entry), ("b", entry)])
    try writer.write("b", Tensor([2], [3, 4]))
    #expect(!FileManager.default.fileExists(atPath: path))
    try writer.write("a", Tensor([2], [1, 2]))
    try writer.finish()
    let checkpoint = try Checkpoint(path: path)
    #expect(try checkpoint.tensor("a").floats() == [1, 2])
    #expect(try checkpoint.tensor("b").floats() == [3, 4])
}

@Test func anUnfinishedFileLeavesNothingBehind() throws {
    let folder = try TemporaryFolder()
    let entry = TensorEntry(shape: [2], elementType: .float32)
    do {
        let writer = try SafetensorsWriter(path: folder.file("x"), entries: [("a", entry)])
        #expect(
            sentence { try writer.finish() }
                == "\(folder.file("x")) cannot be written: 'a' was announced, but not written.")
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
}

@Test func whatCannotBeWrittenIsAnError() throws {
    let folder = try TemporaryFolder()
    let tensor = Tensor([1], [1])
    func writing(_ names: [String], to name: String = "x") -> String {
        sentence {
            try SafetensorsWriter.write(
                names.map { ($0, tensor) }, to: folder.file(name))
        }
        .replacingOccurrences(of: folder.path + "/", with: "")
    }
    #expect(writing(["a", "a"]) == "x cannot be written: it would have two entries named 'a'.")
    #expect(
        writing(["__metadata__"])
            == "x cannot be written: it would have two entries named '__metadata__'.")
    #expect(
        writing(["é"])
            == "x cannot be written: the tensor name '\\u{E9}' has characters other than printable ASCII."
    )
    #expect(
        writing(["a"], to: "none/x") == "none/x cannot be written: No such file or directory.")
    let writer = try SafetensorsWriter(
        path: folder.file("x"), entries: [("a", TensorEntry(shape: [2], elementType: .float32))])
    #expect(
        sentence { try writer.write("a", tensor) }.hasSuffix(
            "x cannot be written: 'a' was not announced with this shape and type."))
}
