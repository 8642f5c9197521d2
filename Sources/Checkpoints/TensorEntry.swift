import Tensors

/// What a checkpoint says about one tensor.
public struct TensorEntry: Hashable, Sendable {
    /// The extent along each axis, outermost first.
    public let shape: Shape
    /// The type of each element.
    public let elementType: ElementType

    /// An entry of this shape and type.
    public init(shape: Shape, elementType: ElementType) {
        self.shape = shape
        self.elementType = elementType
    }

    /// Bytes of the elements in row-major order.
    public var byteCount: Int { shape.count * elementType.byteWidth }
}

/// Where a tensor's elements lie in a file. Whoever makes one has checked that all lie inside.
struct TensorLocation: Sendable {
    let entry: TensorEntry
    let file: MappedFile
    /// The byte of the first element.
    let start: Int
    /// The distance between neighbours along each axis, in elements; nil in row-major order.
    let strides: [Int]?
}
