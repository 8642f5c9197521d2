/// Numbers in row-major order with a shape and an element type.
///
/// A tensor is a value: its numbers never change once other code can see them. Kernels make a new
/// one with `init(_:_:filling:)` and write it there.
public struct Tensor: Sendable {
    public let shape: Shape
    public let elementType: ElementType
    public let storage: Storage

    /// A view of `storage`, which must hold exactly the tensor's bytes and be aligned for its type.
    public init(_ shape: Shape, _ elementType: ElementType, storage: Storage) {
        precondition(storage.byteCount == shape.count * elementType.byteWidth)
        precondition(Int(bitPattern: storage.base) % elementType.byteWidth == 0)
        self.shape = shape
        self.elementType = elementType
        self.storage = storage
    }

    /// A new tensor whose bytes `fill` writes, all of them.
    public init(
        _ shape: Shape, _ elementType: ElementType = .float32,
        filling fill: (UnsafeMutableRawPointer) throws -> Void
    ) rethrows {
        let storage = Storage(byteCount: shape.count * elementType.byteWidth)
        try fill(storage.base)
        self.init(shape, elementType, storage: storage)
    }

    /// A float32 tensor with the given numbers.
    public init(_ shape: Shape, _ values: [Float]) {
        precondition(values.count == shape.count)
        self.init(shape) { base in
            base.assumingMemoryBound(to: Float.self).update(from: values, count: values.count)
        }
    }

    /// A float32 tensor of equal numbers.
    public init(_ shape: Shape, repeating value: Float) {
        let count = shape.count
        self.init(shape) { base in
            base.initializeMemory(as: Float.self, repeating: value, count: count)
        }
    }

    public var count: Int { shape.count }
    public var byteCount: Int { storage.byteCount }

    /// The same numbers under another shape of equal count.
    public func reshaped(_ shape: Shape) -> Tensor {
        Tensor(shape, elementType, storage: storage)
    }

    /// The bytes; valid only inside `body`.
    public func withBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        defer { withExtendedLifetime(storage) {} }
        return try body(UnsafeRawBufferPointer(start: storage.base, count: storage.byteCount))
    }

    /// The elements as `type`, whose size must be the element type's; valid only inside `body`.
    public func withElements<Element, Result, Failure: Error>(
        as type: Element.Type,
        _ body: (UnsafeBufferPointer<Element>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        precondition(MemoryLayout<Element>.size == elementType.byteWidth)
        defer { withExtendedLifetime(storage) {} }
        let start = UnsafePointer(storage.base.assumingMemoryBound(to: type))
        return try body(UnsafeBufferPointer(start: start, count: count))
    }

    /// Every element as a float32, converted where the type is another; integers up to 2^24 exactly.
    public func floats() -> [Float] {
        switch elementType {
        case .float32: withElements(as: Float.self) { Array($0) }
        case .float64: withElements(as: Double.self) { $0.map(Float.init) }
        case .float16: withElements(as: UInt16.self) { $0.map(Float.init(float16Bits:)) }
        case .bfloat16: withElements(as: UInt16.self) { $0.map(Float.init(bfloat16Bits:)) }
        default: integers().map(Float.init)
        }
    }

    /// Every element of an integer or boolean tensor; floats are truncated towards zero.
    public func integers() -> [Int] {
        switch elementType {
        case .int64: withElements(as: Int64.self) { $0.map(Int.init) }
        case .int32: withElements(as: Int32.self) { $0.map(Int.init) }
        case .int16: withElements(as: Int16.self) { $0.map(Int.init) }
        case .int8: withElements(as: Int8.self) { $0.map(Int.init) }
        case .uint8, .bool: withElements(as: UInt8.self) { $0.map(Int.init) }
        default: floats().map { Int(exactly: $0.rounded(.towardZero)) ?? 0 }
        }
    }
}
