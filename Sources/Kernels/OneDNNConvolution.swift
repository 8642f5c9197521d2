import CKernels
import COneDNN
import Synchronization
import Tensors

/// A 3x3 convolution by oneDNN in float32, over stripes of image rows: Winograd's F(4x4, 3x3) where
/// there are enough channels to pay for its transforms, else direct.
///
/// A stripe is copied with its neighbouring rows into oneDNN's channel-blocked order, so that one
/// compiled primitive serves all stripes and borders.
final class OneDNNConvolution: ArrangedConvolution {
    private let inputs: Int
    private let outputs: Int
    private let weights: Tensor
    private let scale: [Float]?
    private let isWinograd: Bool
    /// The newest last; those of other sizes go, since each has all weights once more.
    private let plans = Mutex<[(key: StripeKey, plan: Plan)]>([])
    private static let plansKept = 2

    private struct StripeKey: Hashable {
        let width: Int
        let rows: Int
        /// Outputs of a run; how many there are depends on the image's height.
        let outputs: Int
    }

    /// One shape of stripes and length of runs: its primitive, and the weights in the order that the
    /// primitive reads.
    private struct Plan {
        let primitive: OneDNNPrimitive
        /// One storage for each run of outputs.
        let weights: [Storage]
        /// Output channels that the primitive computes, a multiple of 16.
        let channels: Int
    }

    /// Transformed weights are four times as large as the plain ones; above this, direct.
    private static let winogradWeightLimit = 80 << 20
    private static let pixelsPerStripe = 1024
    private static let outputsPerTask = 512

    init(_ weights: Tensor, scale: [Float]?) {
        outputs = weights.shape[0]
        inputs = weights.shape[1]
        self.weights = weights
        self.scale = scale
        isWinograd =
            min(inputs, outputs) >= 32 && inputs * outputs * 36 * 4 <= Self.winogradWeightLimit
    }

    /// The order of the weights depends on the size of the image.
    func prepare() {}

    var packable: PackableWeights? { nil }

    private func stripeRows(width: Int, height: Int) -> Int {
        let rows = (Self.pixelsPerStripe + width - 1) / width
        return min((height + 3) / 4 * 4, (rows + 3) / 4 * 4)
    }

    /// Runs of outputs, multiples of 16: small images have few stripes, so they share out channels.
    private func outputRuns(stripes: Int) -> [Range<Int>] {
        let wanted = max((outputs + Self.outputsPerTask - 1) / Self.outputsPerTask, 4 / stripes)
        let length = max(64, ((outputs + wanted - 1) / wanted + 15) / 16 * 16)
        return stride(from: 0, to: outputs, by: length).map { $0..<min(outputs, $0 + length) }
    }

    private func stripes(width: Int, height: Int) -> Int {
        let rows = stripeRows(width: width, height: height)
        return (height + rows - 1) / rows
    }

    func tasks(width: Int, height: Int) -> Int {
        let stripes = stripes(width: width, height: height)
        return stripes * outputRuns(stripes: stripes).count
    }

    func run(
        _ task: Int, input: UnsafePointer<Float>, width: Int, height: Int, epilogue: Epilogue,
        output: UnsafeMutablePointer<Float>
    ) throws(KernelError) {
        let rows = stripeRows(width: width, height: height)
        let runs = outputRuns(stripes: stripes(width: width, height: height))
        let plan = try plan(width: width, rows: rows, runs: runs)
        let top = task / runs.count * rows
        let run = runs[task % runs.count]
        let blocked = gather(input, width: width, height: height, top: top, rows: rows)
        // The primitive writes as many channels for a shorter last run as for the others.
        let product = Storage(byteCount: plan.channels * rows * width * 4)
        try plan.primitive.run([
            (DNNL_ARG_SRC, UnsafeRawPointer(blocked.base)),
            (DNNL_ARG_WEIGHTS, UnsafeRawPointer(plan.weights[task % runs.count].base)),
            (DNNL_ARG_DST, UnsafeRawPointer(product.base))
        ])
        let from = product.base.assumingMemoryBound(to: Float.self)
        for row in 0..<min(rows, height - top) {
            let pixel = (top + row) * width
            dcar_unblock_row(
                from + row * width * 16, rows * width * 16, width, run.count,
                epilogue.at(row: pixel, output: run.lowerBound),
                dcar_out(start: output + pixel * outputs + run.lowerBound, is_bfloat16: 0), outputs)
        }
    }

    /// The stripe's input rows and one more on each side, [channels / 16, rows + 2, width, 16],
    /// zero outside the image.
    private func gather(
        _ input: UnsafePointer<Float>, width: Int, height: Int, top: Int, rows: Int
    ) -> Storage {
        let blocks = (inputs + 15) / 16
        let rowFloats = width * 16
        let blocked = Storage(byteCount: blocks * (rows + 2) * rowFloats * 4)
        let to = blocked.base.assumingMemoryBound(to: Float.self)
        let present = max(0, top - 1)..<min(height, top + rows + 1)
        let offset = present.lowerBound - (top - 1)
        dcar_block_rows(
            input + present.lowerBound * width * inputs, present.count, width, inputs, rows + 2,
            to + offset * rowFloats)
        for block in 0..<blocks {
            let plane = to + block * (rows + 2) * rowFloats
            plane.update(repeating: 0, count: offset * rowFloats)
            let end = offset + present.count
            (plane + end * rowFloats)
                .update(repeating: 0, count: (rows + 2 - end) * rowFloats)
        }
        return blocked
    }

    private func plan(width: Int, rows: Int, runs: [Range<Int>]) throws(KernelError) -> Plan {
        let key = StripeKey(width: width, rows: rows, outputs: runs.first?.count ?? 0)
        let result: Result<Plan, KernelError> = plans.withLock { plans in
            if let at = plans.lastIndex(where: { $0.key == key }) {
                return .success(plans[at].plan)
            }
            do throws(KernelError) {
                let made = try makePlan(width: width, rows: rows, runs: runs)
                plans = plans.suffix(Self.plansKept - 1) + [(key, made)]
                return .success(made)
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    private func makePlan(width: Int, rows: Int, runs: [Range<Int>]) throws(KernelError) -> Plan {
        let channels = (inputs + 15) / 16 * 16
        let length = runs.map { ($0.count + 15) / 16 * 16 }.max() ?? 16
        let primitive = try convolution(
            inputs: channels, outputs: length, width: width, rows: rows)
        guard let to = primitive.layout(DNNL_ARG_WEIGHTS) else {
            throw .oneDNN(
                call: "dnnl_primitive_desc_query_md", status: dnnl_invalid_arguments.rawValue)
        }
        let from = try layout([length, channels, 3, 3], dnnl_f32, dnnl_oihw)
        var arranged: [Storage] = []
        for run in runs {
            let padded = padded(run, outputs: length, inputs: channels)
            arranged.append(
                try OneDNNPrimitive.reordered(UnsafeRawPointer(padded.base), from: from, to: to))
        }
        weights.storage.releasePages()
        return Plan(primitive: primitive, weights: arranged, channels: length)
    }

    /// The weights of a run of outputs as float32 [outputs, inputs, 3, 3], zero where there are
    /// none.
    private func padded(_ run: Range<Int>, outputs: Int, inputs channels: Int) -> Storage {
        let result = Storage(byteCount: outputs * channels * 36)
        let to = result.base.initializeMemory(
            as: Float.self, repeating: 0, count: outputs * channels * 9)
        weights.converted(to: .float32).withFloats { from in
            guard let from = from.baseAddress else { return }
            for (row, output) in run.enumerated() {
                let place = to + row * channels * 9
                place.update(from: from + output * inputs * 9, count: inputs * 9)
                if let scale { for i in 0..<inputs * 9 { place[i] *= scale[output] } }
            }
        }
        return result
    }

    private func convolution(inputs: Int, outputs: Int, width: Int, rows: Int)
        throws(KernelError) -> OneDNNPrimitive
    {
        if isWinograd,
            let primitive = try? convolution(
                inputs: inputs, outputs: outputs, width: width, rows: rows,
                algorithm: dnnl_convolution_winograd)
        {
            return primitive
        }
        return try convolution(
            inputs: inputs, outputs: outputs, width: width, rows: rows,
            algorithm: dnnl_convolution_direct)
    }

    private func convolution(
        inputs: Int, outputs: Int, width: Int, rows: Int, algorithm: dnnl_alg_kind_t
    ) throws(KernelError) -> OneDNNPrimitive {
        var source = try layout([1, inputs, rows + 2, width], dnnl_f32, dnnl_nChw16c)
        var weights = try layout([outputs, inputs, 3, 3], dnnl_f32, dnnl_format_tag_any)
        var result = try layout([1, outputs, rows, width], dnnl_f32, dnnl_nChw16c)
        var description = dnnl_convolution_desc_t()
        // No padding above and below: the stripe brings those rows.
        let (strides, padding): ([dnnl_dim_t], [dnnl_dim_t]) = ([1, 1], [0, 1])
        try check(
            dnnl_convolution_forward_desc_init(
                &description, dnnl_forward_inference, algorithm, &source, &weights, nil, &result,
                strides, padding, padding), "dnnl_convolution_forward_desc_init")
        return try OneDNNPrimitive(arguments: [
            (DNNL_ARG_SRC, dnnl_query_src_md), (DNNL_ARG_WEIGHTS, dnnl_query_weights_md),
            (DNNL_ARG_DST, dnnl_query_dst_md)
        ]) { engine, attributes in
            var primitive: dnnl_primitive_desc_t?
            let status = dnnl_primitive_desc_create(
                &primitive, &description, attributes, engine, nil)
            return (status, primitive)
        }
    }
}
