import Tensors

/// Reads the pickle of a PyTorch state dict as data (pickle protocol 2).
///
/// It knows the instructions of `PickleOpcode` and the names of `PickleGlobal` and refuses all
/// others, so nothing in the file is ever run. Stack, memo and the number of values are bounded.
struct PickleMachine {
    /// What a pickle can build here. Tuples, mappings, storages and tensors are numbers into the
    /// machine's lists, so that a pickle which refers to itself makes no cycle of references.
    enum Value {
        case none
        case bool
        case float
        case integer(Int)
        case text(String)
        case tuple(Int)
        /// What is in it is never asked for.
        case list
        case mapping(Int)
        case global(PickleGlobal)
        case storage(Int)
        case tensor(Int)
    }

    /// Numbers of one type in an entry of the zip file.
    struct StoredNumbers {
        let elementType: ElementType
        let key: String
        let count: Int
    }

    /// A view of stored numbers; offset and strides count elements.
    struct View {
        let numbers: StoredNumbers
        let offset: Int
        let extents: [Int]
        let strides: [Int]
    }

    static let byteLimit = 8 << 20
    private static let stackLimit = 1 << 16
    private static let valueLimit = 1 << 18

    private(set) var mappings: [[(key: Value, value: Value)]] = []
    private(set) var views: [View] = []
    /// What the pickle as a whole is.
    private(set) var result = Value.none

    private let bytes: UnsafeRawBufferPointer
    private var position = 0
    private var stack: [Value] = []
    /// The heights of the stack at each open mark.
    private var marks: [Int] = []
    private var memo: [UInt32: Value] = [:]
    private var tuples: [[Value]] = []
    private var storages: [StoredNumbers] = []

    /// Reads a whole pickle.
    init(_ bytes: UnsafeRawBufferPointer) throws(FormatProblem) {
        self.bytes = bytes
        guard bytes.count <= Self.byteLimit else {
            throw FormatProblem(
                "its pickle has \(bytes.count) bytes; at most \(Self.byteLimit) are allowed")
        }
        guard try number(UInt8.self) == PickleOpcode.protocolVersion.rawValue,
            try number(UInt8.self) == 2
        else {
            throw FormatProblem("its pickle is not of protocol 2")
        }
        while true {
            let byte = try number(UInt8.self)
            guard let opcode = PickleOpcode(rawValue: byte) else {
                throw problem(
                    "has the instruction \(PickleOpcode.name(refused: byte)), which no state dict "
                        + "needs")
            }
            if opcode == .stop { break }
            try execute(opcode)
            guard stack.count + marks.count <= Self.stackLimit,
                memo.count + tuples.count + mappings.count + storages.count + views.count
                    <= Self.valueLimit
            else {
                throw problem("builds more values than any state dict has")
            }
        }
        result = try pop()
        guard stack.isEmpty, marks.isEmpty, position == bytes.count else {
            throw problem("does not end with one value")
        }
    }

    private mutating func execute(_ opcode: PickleOpcode) throws(FormatProblem) {
        switch opcode {
        case .none: stack.append(.none)
        case .newTrue, .newFalse: stack.append(.bool)
        case .binInt: stack.append(.integer(Int(try number(Int32.self))))
        case .binInt1: stack.append(.integer(Int(try number(UInt8.self))))
        case .binInt2: stack.append(.integer(Int(try number(UInt16.self))))
        case .long1: stack.append(.integer(try longInteger()))
        case .binFloat:
            _ = try number(UInt64.self)
            stack.append(.float)
        case .binUnicode: stack.append(.text(try text(Int(try number(UInt32.self)))))
        case .shortBinString: stack.append(.text(try text(Int(try number(UInt8.self)))))
        case .global: stack.append(.global(try readGlobal()))

        case .mark: marks.append(stack.count)
        case .emptyTuple: push(tuple: [])
        case .tuple1: push(tuple: try pop(1))
        case .tuple2: push(tuple: try pop(2))
        case .tuple3: push(tuple: try pop(3))
        case .tuple: push(tuple: try popToMark())
        case .emptyList: stack.append(.list)
        case .append: try append([try pop()])
        case .appends: try append(try popToMark())
        case .emptyDict: pushMapping()
        case .setItem: try setItems(try pop(2))
        case .setItems: try setItems(try popToMark())

        case .binPut: try remember(UInt32(try number(UInt8.self)))
        case .longBinPut: try remember(try number(UInt32.self))
        case .binGet: try recall(UInt32(try number(UInt8.self)))
        case .longBinGet: try recall(try number(UInt32.self))

        case .binPersistentID: try pushStorage()
        case .reduce: try call()
        case .build:
            // The attributes of a state dict, such as _metadata, hold no tensors.
            _ = try pop()
            guard case .mapping = stack.last, stack.count > marks.last ?? 0 else {
                throw problem("builds what is no mapping")
            }
        case .protocolVersion, .stop: throw problem("has an instruction out of its place")
        }
    }
}

extension PickleMachine {
    private func problem(_ text: String) -> FormatProblem {
        FormatProblem("its pickle \(text) (byte \(position))")
    }

    private mutating func number<Number: FixedWidthInteger>(
        _ type: Number.Type
    ) throws(FormatProblem) -> Number {
        guard let number = bytes.number(type, at: position) else {
            throw problem("ends too early")
        }
        position += MemoryLayout<Number>.size
        return number
    }

    private mutating func text(_ length: Int) throws(FormatProblem) -> String {
        guard let part = bytes.part(at: position, length: length) else {
            throw problem("ends too early")
        }
        guard let text = String(validating: part, as: UTF8.self) else {
            throw problem("has text that is not UTF-8")
        }
        position += length
        return text
    }

    /// A little-endian two's complement number of up to eight bytes.
    private mutating func longInteger() throws(FormatProblem) -> Int {
        let length = Int(try number(UInt8.self))
        guard length <= 8, let part = bytes.part(at: position, length: length) else {
            throw problem("has a number of more than 64 bits")
        }
        position += length
        guard let last = part.last else { return 0 }
        let sign: Int = last & 0x80 == 0 ? 0 : -1
        return part.reversed().reduce(sign) { $0 << 8 | Int($1) }
    }

    private mutating func readGlobal() throws(FormatProblem) -> PickleGlobal {
        let module = try line()
        let name = try line()
        guard let global = PickleGlobal(module: module, name: name) else {
            throw problem(
                "refers to \(quoted("\(module).\(name)")), which no state dict needs; "
                    + "save the state dict alone, with torch.save")
        }
        return global
    }

    private mutating func line() throws(FormatProblem) -> String {
        let length = bytes[position...].prefix(256).firstIndex(of: 0x0A).map { $0 - position }
        guard let length else { throw problem("has a name without an end") }
        let line = try text(length)
        position += 1
        return line
    }

    /// The newest value, of those since the newest mark.
    private mutating func pop() throws(FormatProblem) -> Value {
        guard stack.count > marks.last ?? 0, let value = stack.popLast() else {
            throw problem("takes a value where there is none")
        }
        return value
    }

    private mutating func pop(_ count: Int) throws(FormatProblem) -> [Value] {
        guard stack.count - (marks.last ?? 0) >= count else {
            throw problem("takes a value where there is none")
        }
        defer { stack.removeLast(count) }
        return Array(stack.suffix(count))
    }

    private mutating func popToMark() throws(FormatProblem) -> [Value] {
        guard let height = marks.popLast() else { throw problem("has no mark where it needs one") }
        defer { stack.removeSubrange(height...) }
        return Array(stack[height...])
    }

    private mutating func push(tuple: [Value]) {
        stack.append(.tuple(tuples.count))
        tuples.append(tuple)
    }

    private mutating func pushMapping() {
        stack.append(.mapping(mappings.count))
        mappings.append([])
    }

    private mutating func append(_ values: [Value]) throws(FormatProblem) {
        guard case .list = stack.last, stack.count > marks.last ?? 0 else {
            throw problem("appends to what is no list")
        }
    }

    private mutating func setItems(_ values: [Value]) throws(FormatProblem) {
        guard case .mapping(let index) = stack.last, stack.count > marks.last ?? 0,
            values.count.isMultiple(of: 2)
        else {
            throw problem("sets items of what is no mapping")
        }
        for pair in stride(from: 0, to: values.count, by: 2) {
            mappings[index].append((values[pair], values[pair + 1]))
        }
    }

    private mutating func remember(_ number: UInt32) throws(FormatProblem) {
        guard let value = stack.last, stack.count > marks.last ?? 0 else {
            throw problem("takes a value where there is none")
        }
        memo[number] = value
    }

    private mutating func recall(_ number: UInt32) throws(FormatProblem) {
        guard let value = memo[number] else { throw problem("recalls what it never stored") }
        stack.append(value)
    }

    /// ("storage", class, key, device, count): the numbers of one zip entry.
    private mutating func pushStorage() throws(FormatProblem) {
        guard case .tuple(let index) = try pop(), tuples[index].count == 5,
            case .text("storage") = tuples[index][0],
            case .global(.storage(let elementType)) = tuples[index][1],
            case .text(let key) = tuples[index][2],
            case .text = tuples[index][3],
            case .integer(let count) = tuples[index][4], count >= 0
        else {
            throw problem("refers to something outside that is no storage")
        }
        stack.append(.storage(storages.count))
        storages.append(StoredNumbers(elementType: elementType, key: key, count: count))
    }

    private mutating func call() throws(FormatProblem) {
        let called = try pop(2)
        guard case .global(let global) = called[0], case .tuple(let index) = called[1] else {
            throw problem("calls what is no function")
        }
        let arguments = tuples[index]
        switch global {
        case .orderedDict where arguments.isEmpty: pushMapping()
        case .rebuildTensor: try pushTensor(arguments)
        case .rebuildParameter:
            guard arguments.count == 3, case .tensor = arguments[0], case .bool = arguments[1]
            else {
                throw problem("has a parameter without a tensor")
            }
            stack.append(arguments[0])
        case .orderedDict, .storage: throw problem("calls a class with arguments")
        }
    }

    /// (storage, offset, extents, strides, requires_grad, backward_hooks).
    private mutating func pushTensor(_ arguments: [Value]) throws(FormatProblem) {
        guard arguments.count == 6,
            case .storage(let storage) = arguments[0],
            case .integer(let offset) = arguments[1],
            let extents = integers(arguments[2]),
            let strides = integers(arguments[3]),
            case .bool = arguments[4],
            case .mapping = arguments[5]
        else {
            throw problem("has a tensor without its six parts")
        }
        stack.append(.tensor(views.count))
        views.append(
            View(numbers: storages[storage], offset: offset, extents: extents, strides: strides))
    }

    private func integers(_ value: Value) -> [Int]? {
        guard case .tuple(let index) = value, tuples[index].count <= 64 else { return nil }
        let integers = tuples[index].compactMap { value in
            if case .integer(let integer) = value { integer } else { nil }
        }
        return integers.count == tuples[index].count ? integers : nil
    }
}
