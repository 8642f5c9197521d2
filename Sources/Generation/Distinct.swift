import Tensors

/// What is the same in several rows of a batch, once.
struct Distinct<Value: Hashable> {
    /// In the order in which they first come.
    let values: [Value]
    /// For each row which of the values it has.
    private let places: [Int]

    init(_ rows: [Value]) {
        var known: [Value: Int] = [:]
        var values: [Value] = []
        places = rows.map { row in
            if let place = known[row] { return place }
            known[row] = values.count
            values.append(row)
            return values.count - 1
        }
        self.values = values
    }

    /// [values, ...] to [rows, ...].
    func spread(_ tensor: Tensor) -> Tensor {
        values.count == places.count ? tensor : Tensor(stacking: places.map(tensor.item))
    }
}
