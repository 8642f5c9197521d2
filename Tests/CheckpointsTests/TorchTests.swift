import Checkpoints
import Tensors
import TestSupport
import Testing

private let six = Pickle.storage(count: 6)
private let good = Pickle.whole(Pickle.mapping([("x", Pickle.tensor(six, [2, 3], [3, 1]))]))

private func opening(_ bytes: [UInt8]) throws -> String {
    let folder = try TemporaryFolder()
    let path = try folder.write(bytes)
    return sentence { _ = try Checkpoint(path: path) }.replacingOccurrences(of: path, with: "FILE")
}

/// The problem in what opening a file with this pickle says.
private func problem(_ pickle: [UInt8]) throws -> String {
    let text = try opening(torchFile(pickle).bytes)
    let prefix = "FILE is no valid PyTorch zip file: "
    return text.hasPrefix(prefix) ? String(text.dropFirst(prefix.count).dropLast()) : text
}

private func problem(value: [UInt8]) throws -> String {
    try problem(Pickle.whole(value))
}

private func read(_ pickle: [UInt8], _ key: String = "x") throws -> Tensor {
    let folder = try TemporaryFolder()
    return try Checkpoint(path: folder.write(torchFile(pickle).bytes)).tensor(key)
}

private let rowMajorViews: [(offset: Int, extents: [Int], strides: [Int], numbers: [Float])] = [
    (0, [2, 3], [3, 1], [0, 1, 2, 3, 4, 5]),
    (0, [3, 2], [1, 3], [0, 3, 1, 4, 2, 5]),
    (1, [2, 2], [3, 1], [1, 2, 4, 5]),
    (0, [3], [2], [0, 2, 4]),
    (5, [], [], [5]),
    (4, [1, 2, 1], [77, 1, 99], [4, 5]),
    (0, [2, 1, 3], [1, 0, 2], [0, 2, 4, 1, 3, 5]),
    (6, [0, 3], [3, 1], []),
    (2, [3], [0], [2, 2, 2]),
    (0, [2, 2], [1, 1], [0, 1, 1, 2])
]

@Test(arguments: rowMajorViews.indices)
func aViewIsReadInRowMajorOrder(_ index: Int) throws {
    let (offset, extents, strides, expected) = rowMajorViews[index]
    let tensor = try read(
        Pickle.whole(Pickle.mapping([("x", Pickle.tensor(six, offset: offset, extents, strides))])))
    #expect(tensor.shape == Shape(extents))
    #expect(tensor.floats() == expected)
}

@Test func aZipFileMayHaveACommentOrZip64Fields() throws {
    let folder = try TemporaryFolder()
    var file = torchFile(good)
    file.comment = Array("a comment with PK\u{5}\u{6} in it".utf8)
    #expect(try Checkpoint(path: folder.write(file.bytes)).keys == ["x"])
    file.isZip64 = true
    let tensor = try Checkpoint(path: folder.write(file.bytes)).tensor("x")
    #expect(tensor.floats() == [0, 1, 2, 3, 4, 5])
}

private let globals: [(module: String, function: String, name: String)] = [
    ("os", "system", "os.system"), ("posix", "system", "posix.system"),
    ("builtins", "eval", "builtins.eval"), ("torch", "load", "torch.load"),
    ("torch", "FloatStorage2", "torch.FloatStorage2"),
    ("torch._utils", "_rebuild_tensor", "torch._utils._rebuild_tensor"),
    ("", "é", ".\\u{E9}")
]

@Test(arguments: globals.indices)
func aGlobalThatNoStateDictNeedsIsRefusedByName(_ index: Int) throws {
    let (module, function, name) = globals[index]
    let call = Pickle.global(module, function) + Pickle.tuple(Pickle.text("true")) + [0x52]
    #expect(
        try problem(value: call).hasPrefix(
            "its pickle refers to '\(name)', which no state dict needs; save the state dict alone, "
                + "with torch.save (byte "))
}

@Test(
    arguments: [
        (0x69, "INST"), (0x6F, "OBJ"), (0x81, "NEWOBJ"), (0x92, "NEWOBJ_EX"),
        (0x93, "STACK_GLOBAL"),
        (0x95, "FRAME"), (0x50, "PERSID"), (0x82, "EXT1"), (0x32, "DUP"), (0x8B, "LONG4"),
        (0xFF, "number 255"), (0x00, "number 0")
    ] as [(UInt8, String)])
func anInstructionThatNoStateDictNeedsIsRefusedByName(opcode: UInt8, name: String) throws {
    #expect(
        try problem(value: [opcode])
            == "its pickle has the instruction \(name), which no state dict needs (byte 3)")
}

@Test func everyInstructionButThoseOfAStateDictIsRefused() throws {
    let known: Set<UInt8> = [
        0x28, 0x29, 0x2E, 0x47, 0x4A, 0x4B, 0x4D, 0x4E, 0x51, 0x52, 0x55, 0x58, 0x5D, 0x61, 0x62,
        0x63, 0x65, 0x68, 0x6A, 0x71, 0x72, 0x73, 0x74, 0x75, 0x7D, 0x80, 0x85, 0x86, 0x87, 0x88,
        0x89, 0x8A
    ]
    for opcode in UInt8.min ... .max {
        let isRefused = try problem(value: [opcode]).contains("has the instruction")
        #expect(isRefused != known.contains(opcode), "\(opcode)")
    }
}

private let oddities: [(value: [UInt8], problem: String)] = [
    ([], "its pickle takes a value where there is none (byte 3)"),
    ([0x4E], "its pickle is no mapping"),
    ([0x7D], "it holds no tensors"),
    ([0x4E, 0x4E], "its pickle does not end with one value (byte 5)"),
    ([0x28, 0x4E], "its pickle does not end with one value (byte 5)"),
    ([0x80, 0x02], "its pickle has an instruction out of its place (byte 3)"),
    ([0x74], "its pickle has no mark where it needs one (byte 3)"),
    ([0x4E, 0x28, 0x85], "its pickle takes a value where there is none (byte 5)"),
    ([0x4E, 0x28, 0x71, 0x00], "its pickle takes a value where there is none (byte 6)"),
    ([0x68, 0x07], "its pickle recalls what it never stored (byte 4)"),
    ([0x6A, 0xFF, 0xFF, 0xFF, 0xFF], "its pickle recalls what it never stored (byte 7)"),
    ([0x4E, 0x4E, 0x61], "its pickle appends to what is no list (byte 5)"),
    ([0x4E, 0x4E, 0x4E, 0x73], "its pickle sets items of what is no mapping (byte 6)"),
    ([0x7D, 0x28, 0x4E, 0x75], "its pickle sets items of what is no mapping (byte 6)"),
    ([0x4E, 0x4E, 0x62], "its pickle builds what is no mapping (byte 5)"),
    ([0x7D, 0x28, 0x4E, 0x62], "its pickle builds what is no mapping (byte 6)"),
    ([0x4E, 0x29, 0x52], "its pickle calls what is no function (byte 5)"),
    (
        Pickle.global("torch", "IntStorage") + [0x29, 0x52],
        "its pickle calls a class with arguments (byte 22)"
    ),
    (
        Pickle.global("collections", "OrderedDict") + [0x4E, 0x85, 0x52],
        "its pickle calls a class with arguments (byte 30)"
    ),
    (
        Pickle.global("torch._utils", "_rebuild_parameter") + [0x29, 0x52],
        "its pickle has a parameter without a tensor (byte 37)"
    ),
    (
        Pickle.global("torch._utils", "_rebuild_tensor_v2") + [0x29, 0x52],
        "its pickle has a tensor without its six parts (byte 37)"
    ),
    ([0x29, 0x51], "its pickle refers to something outside that is no storage (byte 4)"),
    (
        Pickle.storage(count: -1),
        "its pickle refers to something outside that is no storage (byte 64)"
    ),
    ([0x58, 0xFF, 0xFF, 0xFF, 0xFF], "its pickle ends too early (byte 7)"),
    ([0x58, 1, 0, 0, 0, 0xFF], "its pickle has text that is not UTF-8 (byte 7)"),
    ([0x8A, 9], "its pickle has a number of more than 64 bits (byte 4)"),
    (Array("ccollections".utf8), "its pickle has a name without an end (byte 3)"),
    (
        [UInt8](repeating: 0x4E, count: 70_000),
        "its pickle builds more values than any state dict has (byte 65539)"
    ),
    (
        [UInt8](repeating: 0x28, count: 70_000),
        "its pickle builds more values than any state dict has (byte 65539)"
    ),
    (
        [0x5D] + [UInt8](repeating: 0, count: 300_000).enumerated().flatMap { _ in [0x29, 0x61] },
        "its pickle builds more values than any state dict has (byte 524292)"
    ),
    (
        [UInt8](repeating: 0, count: 8 << 20),
        "its pickle has 8388611 bytes; at most 8388608 are allowed"
    ),
    // A mapping that holds itself.
    ([0x7D, 0x71, 0] + Pickle.text("x") + [0x68, 0, 0x73], "it holds no tensors"),
    (
        Pickle.mapping([
            ("model", Pickle.mapping([("x", Pickle.tensor(six, [6], [1]))])),
            ("ema", Pickle.mapping([("x", Pickle.tensor(six, [6], [1]))]))
        ]),
        "it has tensors in 2 mappings ('model', 'ema') where one is needed; save the right one alone, "
            + "with torch.save"
    ),
    (
        Pickle.mapping([
            ("x", Pickle.tensor(six, [6], [1])), ("x", Pickle.tensor(six, [6], [1]))
        ]),
        "the tensor x occurs twice"
    ),
    (
        [0x7D, 0x4E] + Pickle.tensor(six, [6], [1]) + [0x73], "a tensor's name is no text"
    ),
    (
        Pickle.mapping([("\u{1B}[2J", Pickle.tensor(six, [6], [1]))]),
        "the tensor name '\\u{1B}[2J' has characters other than printable ASCII"
    )
]

@Test func aNumberBesideTheWeightsIsNoneOfThem() throws {
    let value = Pickle.mapping([
        ("step", Pickle.tensor(six, [], [])),
        ("state_dict", Pickle.mapping([("x", Pickle.tensor(six, [6], [1]))]))
    ])
    #expect(try problem(value: value) == "no error")
}

@Test(arguments: oddities.indices)
func aPickleThatIsNoStateDictIsRefusedWithItsSentence(_ index: Int) throws {
    let found = try problem(value: oddities[index].value)
    #expect(found == oddities[index].problem)
}

private let views: [(tensor: [UInt8], problem: String)] = [
    (Pickle.tensor(six, [7], [1]), "x reaches past the end of its storage"),
    (Pickle.tensor(six, offset: 1, [6], [1]), "x reaches past the end of its storage"),
    (Pickle.tensor(six, offset: -1, [6], [1]), "x reaches past the end of its storage"),
    (Pickle.tensor(six, offset: 7, [0], [1]), "x reaches past the end of its storage"),
    (Pickle.tensor(six, [2], [-1]), "x reaches past the end of its storage"),
    (Pickle.tensor(six, [2, 3], [3]), "x reaches past the end of its storage"),
    (Pickle.tensor(six, [3], [.max]), "x reaches past the end of its storage"),
    (Pickle.tensor(six, offset: .max, [3], [1]), "x reaches past the end of its storage"),
    (Pickle.tensor(six, [1 << 40], [0]), "x has more elements than its storage"),
    (Pickle.tensor(six, [-2], [1]), "x has the impossible shape [-2]"),
    (
        Pickle.tensor(six, [1 << 32, 1 << 32], [0, 0]),
        "x has the impossible shape [4294967296, 4294967296]"
    ),
    (
        Pickle.tensor(six, [1, 1, 1, 1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 1, 1, 1, 1, 1]),
        "x has 9 dimensions; at most 8 are allowed"
    ),
    (
        Pickle.tensor(Pickle.storage(key: "1", count: 6), [6], [1]),
        "the storage '1' of x is missing"
    ),
    (
        Pickle.tensor(Pickle.storage(key: "../0", count: 6), [6], [1]),
        "the storage '../0' of x is missing"
    ),
    (
        Pickle.tensor(Pickle.storage(count: 7), [7], [1]),
        "the storage of x has 24 bytes; 7 numbers of type F32 were expected"
    ),
    (
        Pickle.tensor(Pickle.storage("DoubleStorage", count: .max), [1], [1]),
        "the storage of x has 24 bytes; 9223372036854775807 numbers of type F64 were expected"
    )
]

@Test(arguments: views.indices)
func aTensorOutsideItsStorageIsRefusedWithItsSentence(_ index: Int) throws {
    let value = Pickle.mapping([("x", views[index].tensor)])
    let found = try problem(value: value)
    #expect(found == views[index].problem)
}

@Test func onlyProtocolTwoIsRead() throws {
    #expect(try problem([0x80, 4, 0x7D, 0x2E]) == "its pickle is not of protocol 2")
    #expect(try problem([0x7D, 0x2E]) == "its pickle is not of protocol 2")
    #expect(try problem([]) == "its pickle ends too early (byte 0)")
    #expect(
        try problem(Pickle.whole([0x7D]) + [0]) == "its pickle does not end with one value (byte 4)"
    )
}

/// Optimizer state under numbered keys is no state dict of a model.
@Test func theOneMappingWithTensorsIsFound() throws {
    let tensor = Pickle.tensor(six, [6], [1])
    let numbered: [UInt8] = [0x7D, 0x4B, 0] + Pickle.mapping([("momentum", tensor)]) + [0x73]
    let nested = Pickle.mapping([
        ("epoch", [0x4B, 3]),
        ("model", Pickle.mapping([("module", Pickle.mapping([("x", tensor)]))])),
        ("optimizer", Pickle.mapping([("state", numbered)]))
    ])
    #expect(try read(Pickle.whole(nested)).floats() == [0, 1, 2, 3, 4, 5])
    // The same mapping under two names is one.
    let twice =
        [0x7D] + Pickle.text("a") + Pickle.mapping([("x", tensor)]) + [0x71, 0, 0x73]
        + Pickle.text("b") + [0x68, 0, 0x73]
    #expect(try read(Pickle.whole(twice)).floats() == [0, 1, 2, 3, 4, 5])
}

private let zips: [(change: @Sendable (inout ZipFile) -> Void, problem: String)] = [
    ({ $0.method = 8 }, "the entry 'a/data.pkl' is compressed"),
    ({ $0.method = 99 }, "the entry 'a/data.pkl' is compressed"),
    ({ $0.flags = 1 }, "the entry 'a/data.pkl' is encrypted or patched"),
    ({ $0.entries[1].bytes = Array("big".utf8) }, "its byte order is not little-endian"),
    ({ $0.entries[0].name = "a/b/data.pkl" }, "it has 0 data.pkl where one is needed"),
    ({ $0.entries[3].name = "b/data.pkl" }, "it has 2 data.pkl where one is needed"),
    ({ $0.entries[3].name = "a/data/0" }, "the entry 'a/data/0' occurs twice"),
    (
        { $0.entries[3].name = String(repeating: "n", count: 1_025) },
        "an entry's name is too long or not UTF-8"
    ),
    (
        { $0.entries += (0...20_000).map { ("b/\($0)", []) } },
        "it has 20005 entries; at most 20000 are allowed"
    )
]

@Test(arguments: zips.indices)
func aZipFileThatBreaksARuleIsRefusedWithItsSentence(_ index: Int) throws {
    var file = torchFile(good)
    zips[index].change(&file)
    #expect(
        try opening(file.bytes) == "FILE is no valid PyTorch zip file: \(zips[index].problem).")
}

/// Sizes and offsets that lie, made by overwriting fields of the directory's first entry, of the
/// end record, or of a local header.
@Test func aZipFileThatLiesAboutItsPlacesIsRefused() throws {
    let bytes = torchFile(good).bytes
    let end = bytes.count - 22
    let directory = Int(bytes[end + 16]) | Int(bytes[end + 17]) << 8 | Int(bytes[end + 18]) << 16
    let second = directory + 46 + "a/data.pkl".utf8.count
    let table: [(at: Int, value: [UInt8], problem: String)] = [
        (directory + 20, little(UInt32(1)), "the entry 'a/data.pkl' has two sizes"),
        (
            directory + 20, little(UInt32.max - 1) + little(UInt32.max - 1),
            "the entry 'a/data.pkl' reaches past the end"
        ),
        (
            directory + 20, little(UInt32.max) + little(UInt32.max),
            "the entry 'a/data.pkl' lacks its zip64 size"
        ),
        (
            directory + 20, little(UInt32(directory)) + little(UInt32(directory)),
            "the entry 'a/data.pkl' reaches past the data"
        ),
        (
            directory + 20, little(UInt32(directory - 100)) + little(UInt32(directory - 100)),
            "two of its entries share bytes"
        ),
        (directory + 42, little(UInt32(1)), "the entry 'a/data.pkl' has no header of its own"),
        (directory + 42, little(UInt32.max), "the entry 'a/data.pkl' lacks its zip64 size"),
        (second + 42, little(UInt32(0)), "the entry 'a/byteorder' has no header of its own"),
        (directory + 46, [0xFF], "an entry's name is too long or not UTF-8"),
        (30, [0x62], "the entry 'a/data.pkl' has no header of its own"),
        (28, little(UInt16.max), "the entry 'a/data.pkl' reaches past the end"),
        (directory, [0], "its directory is damaged"),
        (directory + 28, little(UInt16.max), "its directory is damaged"),
        (end, [0], "its end, where its directory is, is missing; get it anew"),
        (end + 10, little(UInt16(3)), "its directory has a wrong size"),
        (end + 10, little(UInt16(5)), "its directory is damaged"),
        (end + 10, little(UInt16.max), "its zip64 directory is missing"),
        (end + 12, little(UInt32.max - 1), "its directory reaches past the end"),
        (end + 16, little(UInt32(end + 1)), "its directory reaches past the end")
    ]
    for (at, value, problem) in table {
        var broken = bytes
        broken.replaceSubrange(at..<at + value.count, with: value)
        let found = try opening(broken)
        #expect(found == "FILE is no valid PyTorch zip file: \(problem).", "\(at)")
    }
}
