import Foundation
import Tensors

/// One recorded tensor against what was computed.
public struct VerificationLine: Sendable {
    /// The recording's file name.
    public let file: String
    public let name: String
    public let shape: Shape
    /// The largest |computed - recorded|; infinite when shapes differ or one is not a number.
    public let difference: Double
    /// The largest |recorded|.
    public let scale: Double
    public let tolerance: Double
    /// What `difference` measures, when it is not the largest absolute difference.
    public let measure: String?

    public var isPassed: Bool { difference <= tolerance }

    /// The line that `dcar verify` prints.
    public var text: String {
        func number(_ value: Double) -> String { String(format: "%.3g", value) }
        return
            "\(file)  \(name)  \(shape)  \(measure ?? "difference") \(number(difference))  scale "
            + "\(number(scale))  tolerance \(number(tolerance))  \(isPassed ? "ok" : "FAILED")"
    }
}

/// How a kind of tensor is compared.
enum Comparison {
    /// Largest difference, as a share of the largest recorded number.
    case relative(Double)
    /// Largest difference as it is: integers, bytes.
    case absolute(Double)
    /// Length of the difference as a share of the recorded length.
    case relativeLength(Double)
    /// Share of elements that differ.
    case share(Double)
}

extension VerificationLine {
    init(
        file: String, name: String, recorded: Tensor, computed: [Float], shape: Shape? = nil,
        _ comparison: Comparison
    ) {
        let expected = recorded.floats()
        let finite = expected.filter(\.isFinite)
        self.file = file
        self.name = name
        self.shape = shape ?? recorded.shape
        scale = Double(finite.map(abs).max() ?? 0)
        guard expected.count == computed.count else {
            (difference, tolerance, measure) = (.infinity, 0, nil)
            return
        }
        var (largest, square, length, differing) = (0.0, 0.0, 0.0, 0)
        for (a, b) in zip(computed, expected) where a != b {
            // Equal infinities were skipped; any other infinity or NaN fails.
            let delta = a.isFinite && b.isFinite ? abs(Double(a) - Double(b)) : .infinity
            largest = max(largest, delta)
            square += delta * delta
            differing += 1
        }
        for b in finite { length += Double(b) * Double(b) }
        switch comparison {
        case .relative(let limit): (difference, tolerance, measure) = (largest, limit * scale, nil)
        case .absolute(let limit): (difference, tolerance, measure) = (largest, limit, nil)
        case .relativeLength(let limit):
            let share = length > 0 ? (square / length).squareRoot() : square
            (difference, tolerance, measure) = (share, limit, "relative L2")
        case .share(let limit):
            let share = Double(differing) / Double(max(1, expected.count))
            (difference, tolerance, measure) = (share, limit, "share that differs")
        }
    }
}
