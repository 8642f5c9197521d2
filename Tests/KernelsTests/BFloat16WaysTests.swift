import CKernels
import Kernels
import Tensors
import TestSupport
import Testing

#if arch(x86_64)
    /// Ways that any processor with bfloat16 has; which one is fastest depends on who made it.
    private let ways = [DCAR_DOT_PRODUCTS, DCAR_WIDENED]

    /// Numbers that bfloat16 can hold.
    private func numbers(_ shape: Shape, seed: UInt64) -> Tensor {
        Tensor.random(shape, seed: seed).converted(to: .bfloat16)
    }

    private func product(
        _ way: dcar_way, _ a: Tensor, _ b: Tensor, rows: Range<Int>, epilogue: dcar_epilogue
    ) -> [Float] {
        let (columns, inner) = (b.shape[0], b.shape[1])
        var packed = [UInt8](repeating: 0, count: dcar_packed_bytes(columns, 2 * inner))
        b.withBytes { dcar_pack($0.baseAddress, columns, 2 * inner, &packed) }
        var out = [Float](repeating: .nan, count: rows.count * columns)
        out.withUnsafeMutableBytes { out in
            a.withBytes {
                dcar_product_bfloat16(
                    way, $0.baseAddress.map { $0 + rows.lowerBound * 2 * inner }, rows.count,
                    2 * inner, packed, columns, epilogue,
                    dcar_out(start: out.baseAddress, is_bfloat16: 0), columns)
            }
        }
        return out
    }

    @Test(
        .enabled(if: Processor.has(.bfloat16)), arguments: ways,
        [(1, 1, 1), (6, 64, 128), (7, 129, 257), (128, 192, 1), (128, 200, 300), (13, 17, 1025)])
    func everyWayGivesTheSumsOfProducts(way: dcar_way, shape: (Int, Int, Int)) {
        let (rows, columns, inner) = shape
        let (a, b) = (numbers([rows, inner], seed: 1), numbers([columns, inner], seed: 2))
        let bias = Tensor.random([columns], seed: 3).floats()
        let addend = Tensor.random([rows, columns], seed: 4).floats()
        let found = bias.withUnsafeBufferPointer { bias in
            addend.withUnsafeBufferPointer { addend in
                var epilogue = dcar_epilogue()
                epilogue.bias = bias.baseAddress
                epilogue.activation = DCAR_RELU
                (epilogue.addend, epilogue.addend_stride) = (addend.baseAddress, columns)
                return product(way, a, b, rows: 0..<rows, epilogue: epilogue)
            }
        }
        let (x, y) = (a.floats(), b.floats())
        for row in 0..<rows {
            for column in 0..<columns {
                var (sum, size) = (Double(bias[column]), abs(Double(bias[column])))
                for k in 0..<inner {
                    let term = Double(x[row * inner + k]) * Double(y[column * inner + k])
                    (sum, size) = (sum + term, size + abs(term))
                }
                let at = row * columns + column
                let expected = max(0, sum) + Double(addend[at])
                #expect(abs(Double(found[at]) - expected) <= 1e-6 * (size + abs(expected) + 1))
            }
        }
    }

    @Test(.enabled(if: Processor.has(.bfloat16)), arguments: ways)
    func aRowIsTheSameWhateverIsComputedWithIt(way: dcar_way) {
        let (a, b) = (numbers([128, 301], seed: 5), numbers([200, 301], seed: 6))
        let all = product(way, a, b, rows: 0..<128, epilogue: dcar_epilogue())
        for rows in [0..<1, 5..<12, 100..<128] {
            let some = product(way, a, b, rows: rows, epilogue: dcar_epilogue())
            #expect(some == Array(all[rows.lowerBound * 200..<rows.upperBound * 200]))
        }
    }

    @Test(
        .enabled(if: Processor.has(.bfloat16)),
        arguments: [(1, 1, 8), (65, 300, 24), (7, 31, 72), (300, 16, 64), (6, 5, 5)])
    func attentionIsAlikeInEveryWay(shape: (Int, Int, Int)) {
        let (queries, keys, width) = shape
        let query = Tensor.random([queries, width], seed: 7).floats()
        let both = Tensor.random([2 * keys, width], seed: 8).floats()
        let results = ways.map { way in
            var out = [Float](repeating: .nan, count: queries * width)
            var scratch = [UInt8](
                repeating: 0, count: dcar_attention_scratch(way, queries, keys, width))
            query.withUnsafeBufferPointer { query in
                both.withUnsafeBufferPointer { both in
                    out.withUnsafeMutableBytes { out in
                        dcar_attention(
                            way,
                            dcar_rows(start: query.baseAddress, stride: width, count: queries),
                            dcar_rows(start: both.baseAddress, stride: width, count: keys),
                            dcar_rows(
                                start: both.baseAddress.map { $0 + keys * width }, stride: width,
                                count: keys), width, 0.3, nil,
                            dcar_out(start: out.baseAddress, is_bfloat16: 0), width, &scratch)
                    }
                }
            }
            return out
        }
        // The weights are rounded to bfloat16, and seldom to another neighbour.
        for (dot, widened) in zip(results[0], results[1]) {
            #expect(abs(dot - widened) <= 0.01)
        }
    }
#endif
