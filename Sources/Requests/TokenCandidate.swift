/// A codebook entry that could stand at a place.
public struct TokenCandidate: Hashable, Sendable {
    public let id: Int
    public let probability: Float

    public init(id: Int, probability: Float) {
        self.id = id
        self.probability = probability
    }
}
