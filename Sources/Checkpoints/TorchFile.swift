import Tensors

/// The state dict of a PyTorch zip file (torch 1.6 or later): `data.pkl` says which tensors there
/// are, and `data/0`, `data/1`, ... beside it hold their numbers.
struct TorchFile {
    private(set) var locations: [String: TensorLocation] = [:]

    private let file: MappedFile
    private let entries: [String: Range<Int>]
    private let folder: String

    init(_ file: MappedFile) throws(FormatProblem) {
        self.file = file
        entries = try ZipDirectory(file.bytes).entries
        let pickles = entries.keys.filter { name in
            name.hasSuffix("/data.pkl") && name.utf8.count { $0 == UInt8(ascii: "/") } == 1
        }
        guard pickles.count == 1, let name = pickles.first, let pickleBytes = entries[name] else {
            throw FormatProblem("it has \(pickles.count) data.pkl where one is needed")
        }
        folder = String(name.dropLast("data.pkl".count))
        if let order = entries["\(folder)byteorder"],
            !file.bytes[order].elementsEqual("little".utf8)
        {
            throw FormatProblem("its byte order is not little-endian")
        }
        let pickle = try PickleMachine(UnsafeRawBufferPointer(rebasing: file.bytes[pickleBytes]))
        for (key, value) in try Self.findStateDict(pickle) {
            guard case .tensor(let index) = value else { continue }
            guard case .text(let name) = key else {
                throw FormatProblem("a tensor's name is no text")
            }
            try CheckpointLimits.check(name: name)
            guard locations.count < CheckpointLimits.tensors else {
                throw FormatProblem("it has more than \(CheckpointLimits.tensors) tensors")
            }
            let location = try locate(pickle.views[index], name)
            guard locations.updateValue(location, forKey: name) == nil else {
                throw FormatProblem("the tensor \(name) occurs twice")
            }
        }
    }

    /// The mapping that holds tensors: the whole pickle, or the only such one up to two levels
    /// inside, as in `{"state_dict": {...}, "epoch": 3}`.
    private static func findStateDict(
        _ pickle: PickleMachine
    ) throws(FormatProblem) -> [(key: PickleMachine.Value, value: PickleMachine.Value)] {
        guard case .mapping(let root) = pickle.result else {
            throw FormatProblem("its pickle is no mapping")
        }
        var seen: Set<Int> = [root]
        var level = [(name: "the top level", index: root)]
        var found: [(name: String, index: Int)] = []
        for _ in 0...2 {
            var next: [(name: String, index: Int)] = []
            for (name, index) in level {
                let members = pickle.mappings[index]
                let hasTensor = members.contains {
                    if case .tensor = $0.value { true } else { false }
                }
                if hasTensor { found.append((name, index)) }
                for case (.text(let key), .mapping(let inner)) in members
                where seen.insert(inner).inserted {
                    next.append((quoted(key), inner))
                }
            }
            level = next
        }
        if found.count > 1 {
            // A single number beside the weights, such as a step, is none of them.
            found.removeAll { mapping in
                pickle.mappings[mapping.index].allSatisfy {
                    if case .tensor(let view) = $0.value {
                        pickle.views[view].extents.isEmpty
                    } else {
                        true
                    }
                }
            }
        }
        guard found.count <= 1 else {
            let names = found.prefix(4).map(\.name).joined(separator: ", ")
            throw FormatProblem(
                "it has tensors in \(found.count) mappings (\(names)) where one is needed; save the right "
                    + "one alone, with torch.save")
        }
        guard let only = found.first else { throw FormatProblem("it holds no tensors") }
        return pickle.mappings[only.index]
    }

    /// Where a tensor lies, after checking that all its elements are in its storage.
    private func locate(
        _ view: PickleMachine.View, _ name: String
    ) throws(FormatProblem) -> TensorLocation {
        let numbers = view.numbers
        let width = numbers.elementType.byteWidth
        guard let data = entries["\(folder)data/\(numbers.key)"] else {
            throw FormatProblem("the storage \(quoted(numbers.key)) of \(name) is missing")
        }
        let (byteCount, overflow) = numbers.count.multipliedReportingOverflow(by: width)
        guard !overflow, byteCount == data.count else {
            throw FormatProblem(
                "the storage of \(name) has \(data.count) bytes; "
                    + "\(numbers.count) numbers of type \(numbers.elementType.rawValue) were expected"
            )
        }
        let shape = Shape(view.extents)
        let entry = TensorEntry(shape: shape, elementType: numbers.elementType)
        let isEmpty =
            try CheckpointLimits.byteCount(of: name, shape, numbers.elementType) == 0
        guard view.strides.count == shape.rank, view.strides.allSatisfy({ $0 >= 0 }),
            let last = Self.lastElement(view), isEmpty || last < numbers.count,
            (0...numbers.count).contains(view.offset)
        else {
            throw FormatProblem("\(name) reaches past the end of its storage")
        }
        guard isEmpty || shape.count <= numbers.count else {
            throw FormatProblem("\(name) has more elements than its storage")
        }
        return TensorLocation(
            entry: entry, file: file, start: data.lowerBound + view.offset * width,
            strides: isEmpty || Self.isRowMajor(view) ? nil : view.strides)
    }

    /// The offset of the last element of a view that is not empty; nil when it overflows.
    private static func lastElement(_ view: PickleMachine.View) -> Int? {
        var last = view.offset
        for (extent, stride) in zip(view.extents, view.strides) {
            let (reach, overflow) = (max(extent, 1) - 1).multipliedReportingOverflow(by: stride)
            let (sum, overflowOfSum) = last.addingReportingOverflow(reach)
            guard !overflow, !overflowOfSum else { return nil }
            last = sum
        }
        return last
    }

    private static func isRowMajor(_ view: PickleMachine.View) -> Bool {
        var expected = 1
        for (extent, stride) in zip(view.extents, view.strides).reversed() where extent != 1 {
            guard stride == expected else { return false }
            expected *= extent
        }
        return true
    }
}
