extension Tensor {
    /// A float32 tensor's numbers; valid only inside `body`.
    public func withFloats<Result, Failure: Error>(
        _ body: (UnsafeBufferPointer<Float>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        precondition(elementType == .float32)
        return try withElements(as: Float.self, body)
    }
}
