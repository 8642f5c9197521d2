import Tensors

extension TensorLocation {
    /// The tensor: a view of the file where possible, else a copy in row-major order.
    func read() -> Tensor {
        let width = entry.elementType.byteWidth
        guard let strides else {
            let range = start..<start + entry.byteCount
            guard start % width != 0 else {
                let storage = Storage(file, range: range)
                return Tensor(entry.shape, entry.elementType, storage: storage)
            }
            return Tensor(entry.shape, entry.elementType) { target in
                UnsafeMutableRawBufferPointer(start: target, count: range.count)
                    .copyMemory(from: UnsafeRawBufferPointer(rebasing: file.bytes[range]))
            }
        }
        return Tensor(entry.shape, entry.elementType) { target in
            switch width {
            case 1: gather(UInt8.self, strides, into: target)
            case 2: gather(UInt16.self, strides, into: target)
            case 4: gather(UInt32.self, strides, into: target)
            default: gather(UInt64.self, strides, into: target)
            }
        }
    }

    /// Copies the elements one row of the last axis after another.
    private func gather<Element: FixedWidthInteger>(
        _ type: Element.Type, _ strides: [Int], into target: UnsafeMutableRawPointer
    ) {
        let extents = entry.shape.dimensions
        guard let rowLength = extents.last, let rowStride = strides.last, entry.shape.count > 0,
            let first = file.bytes.baseAddress.map({ $0 + start })
        else { return }
        let width = MemoryLayout<Element>.size
        var index = [Int](repeating: 0, count: extents.count - 1)
        var offset = 0
        for row in 0..<entry.shape.count / rowLength {
            let source = first + offset * width
            let output = target + row * rowLength * width
            for column in 0..<rowLength {
                output.storeBytes(
                    of: source.loadUnaligned(
                        fromByteOffset: column * rowStride * width, as: Element.self),
                    toByteOffset: column * width, as: Element.self)
            }
            // To the next row: the last axis but one counts up, and carries into those before it.
            var axis = index.count - 1
            while axis >= 0 {
                index[axis] += 1
                offset += strides[axis]
                if index[axis] < extents[axis] { break }
                offset -= index[axis] * strides[axis]
                index[axis] = 0
                axis -= 1
            }
        }
    }
}
