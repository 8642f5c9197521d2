extension Tensor {
    /// A float32 tensor's numbers; valid only inside `body`.
    public func withFloats<Result, Failure: Error>(
        _ body: (UnsafeBufferPointer<Float>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        precondition(elementType == .float32)
        return try withElements(as: Float.self, body)
    }
    /// A copy of one item of [items, ...].
    public func item(_ index: Int) -> Tensor {
        precondition(index >= 0 && index < shape[0])
        let bytes = byteCount / shape[0]
        return Tensor(Shape(Array(shape.dimensions.dropFirst())), elementType) { base in
            base.copyMemory(from: storage.base + index * bytes, byteCount: bytes)
            withExtendedLifetime(storage) {}
        }
    }

    /// [items.count, ...] from items of one shape and type.
    public init(stacking items: [Tensor]) {
        let first = items[0]
        precondition(
            items.allSatisfy { $0.shape == first.shape && $0.elementType == first.elementType })
        self.init(Shape([items.count] + first.shape.dimensions), first.elementType) { base in
            for (index, item) in items.enumerated() {
                (base + index * first.byteCount).copyMemory(
                    from: item.storage.base, byteCount: first.byteCount)
            }
        }
    }
}
