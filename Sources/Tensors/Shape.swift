/// The extent of a tensor along each axis, outermost first; an empty shape is a single number.
public struct Shape: Hashable, Sendable {
    public let dimensions: [Int]

    public init(_ dimensions: [Int]) {
        self.dimensions = dimensions
    }

    /// The number of elements; 1 for a scalar. Only for shapes whose product is known to fit.
    public var count: Int { dimensions.reduce(1, *) }

    public var rank: Int { dimensions.count }

    public subscript(axis: Int) -> Int { dimensions[axis] }

    /// The number of elements, or nil when a dimension is negative or the product overflows.
    public var checkedCount: Int? {
        var product = 1
        for dimension in dimensions {
            let (next, overflow) = product.multipliedReportingOverflow(by: dimension)
            guard dimension >= 0, !overflow else { return nil }
            product = next
        }
        return product
    }
}

extension Shape: ExpressibleByArrayLiteral {
    public init(arrayLiteral elements: Int...) {
        self.init(elements)
    }
}

extension Shape: CustomStringConvertible {
    public var description: String {
        "[" + dimensions.map(String.init).joined(separator: ", ") + "]"
    }
}
