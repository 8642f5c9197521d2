import CKernels
import Kernels
import Tensors
import TestSupport
import Testing

#if arch(x86_64)
    /// Whether the processor's own words hold this name.
    private func hasFlag(_ name: String) -> Bool {
        let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
        return text.split(whereSeparator: \.isWhitespace).contains(Substring(name))
    }

    private let integerWays =
        (hasFlag("avx_vnni") ? [DCAR_NARROW] : [])
        + (hasFlag("avx512_vnni") ? [DCAR_DOT_PRODUCTS] : [])

    /// Sums of integers are exact, and the epilogue's numbers here are whole.
    @Test(
        .enabled(if: !integerWays.isEmpty), arguments: integerWays,
        [(1, 1, 1), (6, 64, 128), (7, 129, 257), (128, 192, 4), (31, 200, 300), (13, 17, 4_099)])
    func everyWayGivesTheExactSumsOfIntegers(way: dcar_way, shape: (Int, Int, Int)) {
        let (rows, columns, inner) = shape
        var state: UInt64 = 5
        func next() -> UInt8 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(state >> 56)
        }
        let a = (0..<rows * inner).map { _ in next() }
        let b = (0..<columns * inner).map { _ in Int8(bitPattern: next()) }
        let zero = (0..<rows).map { _ in Int32(next()) }
        let sums = (0..<columns).map { column in
            b[column * inner..<(column + 1) * inner].reduce(0) { $0 + Int32($1) }
        }
        var packed = [UInt8](repeating: 0, count: dcar_packed_bytes(columns, inner))
        dcar_pack(b, columns, inner, &packed)
        var out = [Float](repeating: .nan, count: rows * columns)
        let (rowScale, columnScale) = (
            [Float](repeating: 1, count: rows), [Float](repeating: 0.5, count: columns)
        )
        rowScale.withUnsafeBufferPointer { rowScale in
            columnScale.withUnsafeBufferPointer { columnScale in
                zero.withUnsafeBufferPointer { zero in
                    sums.withUnsafeBufferPointer { sums in
                        var epilogue = dcar_epilogue()
                        (epilogue.row_scale, epilogue.column_scale) = (
                            rowScale.baseAddress, columnScale.baseAddress
                        )
                        (epilogue.row_zero, epilogue.column_sum) = (
                            zero.baseAddress, sums.baseAddress
                        )
                        out.withUnsafeMutableBytes { out in
                            dcar_product_int8(
                                way, a, rows, inner, packed, columns, epilogue,
                                dcar_out(start: out.baseAddress, is_bfloat16: 0), columns)
                        }
                    }
                }
            }
        }
        for row in 0..<rows {
            for column in 0..<columns {
                var sum: Int32 = 0
                for k in 0..<inner {
                    sum += (Int32(a[row * inner + k]) - zero[row]) * Int32(b[column * inner + k])
                }
                #expect(out[row * columns + column] == Float(sum) / 2)
            }
        }
    }

    /// Ways that this processor has; which one is fastest depends on who made it.
    private let ways =
        [DCAR_NARROW] + (Processor.hasWideVectors ? [DCAR_WIDENED] : [])
        + (Processor.hasBFloat16 ? [DCAR_DOT_PRODUCTS] : [])

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
        arguments: ways,
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

    @Test(arguments: ways) func aRowIsTheSameWhateverIsComputedWithIt(way: dcar_way) {
        let (a, b) = (numbers([128, 301], seed: 5), numbers([200, 301], seed: 6))
        let all = product(way, a, b, rows: 0..<128, epilogue: dcar_epilogue())
        for rows in [0..<1, 5..<12, 100..<128] {
            let some = product(way, a, b, rows: rows, epilogue: dcar_epilogue())
            #expect(some == Array(all[rows.lowerBound * 200..<rows.upperBound * 200]))
        }
    }

    @Test(
        .enabled(if: Processor.hasBFloat16),
        arguments: [(1, 1, 8), (65, 300, 24), (7, 31, 72), (300, 16, 64), (6, 5, 5)])
    func attentionIsAlikeInEveryWay(shape: (Int, Int, Int)) {
        let (queries, keys, width) = shape
        let query = Tensor.random([queries, width], seed: 7).floats()
        let both = Tensor.random([2 * keys, width], seed: 8).floats()
        let results = [DCAR_DOT_PRODUCTS, DCAR_WIDENED].map { way in
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
