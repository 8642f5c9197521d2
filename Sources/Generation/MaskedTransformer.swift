// Port of DCAR and DCARBlock, dc-ai-projects/DC-AR, modeling/generator/dc_ar.py.

import CKernels
import Checkpoints
import Foundation
import Kernels
import Layers
import Synchronization
import Tensors

/// The masked transformer: token ids and text states to hidden states and logits.
///
/// No timestep or size enters; text enters by cross-attention only, over real tokens only.
public struct MaskedTransformer: Sendable {
    public let configuration: GeneratorConfiguration
    private let tokenEmbedding: Tensor
    /// [tokens, width] for the grid the model was trained for.
    private let positions: Tensor
    /// The text states [textLength, textWidth] of the unconditional row.
    private let unconditionalText: Tensor
    private let textHidden: Linear
    private let textOutput: Linear
    private let blocks: [MaskedTransformerBlock]
    private let logitsLayer: Linear
    private let firstPasses = FirstPasses()
    private let otherPositions = LastPositions()
    private let scope: LayerScope
    private var compute: Compute { scope.compute }

    /// - Parameter scope: the root of a generator checkpoint.
    /// - Throws: `CheckpointError`.
    public init(_ scope: LayerScope, _ configuration: GeneratorConfiguration) throws {
        self.configuration = configuration
        self.scope = scope
        let (width, tokens) = (configuration.width, configuration.tokens)
        positions = try scope.smallWeight("pos_embed", [1, tokens, width]).reshaped([tokens, width])
        tokenEmbedding = try scope["x_embedder"].weight(
            "weight", [configuration.codebookSize + 1, width])
        let text = scope["y_embedder"]
        unconditionalText = try text.smallWeight(
            "y_embedding", [configuration.textLength, configuration.textWidth])
        textHidden = try Linear(text["y_proj"]["fc1"], from: configuration.textWidth, to: width)
        textOutput = try Linear(text["y_proj"]["fc2"], from: width, to: width)
        blocks = try (0..<configuration.layers).map { index in
            try MaskedTransformerBlock(scope["blocks"][index], configuration)
        }
        // Ids hang on small differences of logits, and this layer is a sixtieth of the work.
        logitsLayer = try Linear(
            scope["final_layer"]["linear"], from: width, to: configuration.codebookSize,
            precision: scope.compute.floatPrecision)
    }

    /// Checks and arranges the weights; see `LayerScope.prepare`.
    public func prepare() throws {
        try scope.prepare()
        // Every row was checked; a run reads few of them.
        tokenEmbedding.storage.releasePages()
    }

    /// Lets the system take back the file pages of packed weights, if they are many.
    public func releasePages() {
        scope.releasePages()
    }

    /// The text of one row, projected, and what each block's cross-attention reads of it: all that
    /// does not change from step to step.
    public struct Text: Sendable, Hashable {
        fileprivate let pair: TextPair
        fileprivate let row: Int
        /// Whether it is the beginning of the learned text of the unconditional row, of which there is
        /// one a length.
        fileprivate let isLearned: Bool

        /// What tells a text from others, without holding on to it.
        struct Identity: Hashable {
            /// 0 for learned ones, of which there is one a length.
            fileprivate let pair: Int
            fileprivate let row: Int
            fileprivate let count: Int
        }

        var identity: Identity {
            Identity(pair: isLearned ? 0 : pair.number, row: row, count: count)
        }

        public static func == (one: Text, other: Text) -> Bool { one.identity == other.identity }

        public func hash(into hasher: inout Hasher) { hasher.combine(identity) }

        /// [textTokens, width].
        package var projected: Tensor { pair.projected[row] }
        /// Text tokens.
        public var count: Int { projected.shape[0] }

        /// Lets go of what the blocks read, of both rows of an image; of a large model that is many
        /// times as much as the text. A further step makes it again.
        func release() { pair.blocks.withLock { $0 = nil } }
    }

    /// The texts of an image's two rows.
    fileprivate final class TextPair: Sendable {
        private static let count = Atomic<Int>(0)
        /// No other pair of this process has it.
        let number = count.wrappingAdd(1, ordering: .relaxed).newValue
        /// [textTokens, width] of each row.
        let projected: [Tensor]
        /// What each block reads of each row; nil where it is to be made.
        let blocks = Mutex<[[MaskedTransformerBlock.Text]]?>(nil)

        init(_ projected: [Tensor]) { self.projected = projected }
    }

    /// The texts of an image's two rows.
    ///
    /// - Parameters:
    ///   - states: of the prompt's real tokens, [textTokens, textWidth].
    ///   - positions: where those are among all tokens; nil for the first ones.
    ///   - negative: of a negative prompt's; nil for the learned unconditional text, of which those
    ///     positions are read that the prompt has: the official mask of the prompt is used for both
    ///     rows.
    /// - Throws: `Stopped`.
    public func guidedText(
        _ states: Tensor, at positions: [Int]? = nil, negative: Tensor? = nil
    ) throws -> GuidedText {
        let compute = scope.compute
        let first = Array(0..<states.shape[0])
        let positions = positions ?? first
        let unconditional = negative ?? unconditionalText.rows(positions)
        let projected = [states, unconditional].map { states in
            textOutput(textHidden(states, activation: .gelu, output: compute.operand))
        }
        let pair = TextPair(projected)
        _ = try blocks(of: pair)
        return GuidedText(
            conditional: Text(pair: pair, row: 0, isLearned: false),
            unconditional: Text(
                pair: pair, row: 1, isLearned: negative == nil && positions == first))
    }

    /// What each block reads of each row of a text.
    private func blocks(of pair: TextPair) throws -> [[MaskedTransformerBlock.Text]] {
        if let known = pair.blocks.withLock({ $0 }) { return known }
        let compute = scope.compute
        let inputs = pair.projected.map { $0.converted(to: compute.operand) }
        let made = try blocks.map { block in
            try compute.checkStop()
            return block.texts(inputs)
        }
        // A text outlives the run that was stopped; one with a part missing must not be kept.
        try compute.checkStop()
        pair.blocks.withLock { $0 = made }
        return made
    }

    /// One row of a forward pass: the ids of an image, read with a text.
    public struct Row: Sendable, Hashable {
        public let ids: [Int]
        public let text: Text

        public init(ids: [Int], text: Text) {
            self.ids = ids
            self.text = text
        }
    }

    /// Hidden states [rows, tokens, width] before the final norm: what the residual head reads.
    ///
    /// - Parameters:
    ///   - gridWidth: tokens in a row of the grid, which all rows share.
    ///   - observe: sees the embedding (number 0) and the output of each block (from 1).
    /// - Throws: `Stopped`.
    public func hiddenStates(
        _ rows: [Row], gridWidth: Int, observe: (Int, Tensor) -> Void = { _, _ in }
    ) throws -> Tensor {
        let compute = scope.compute
        let tokens = rows[0].ids.count
        precondition(rows.allSatisfy { $0.ids.count == tokens })
        let texts = try rows.map { row in
            try blocks(of: row.text.pair).map { $0[row.text.row] }
        }
        // Until the first block reads its text, rows of the same ids are the same.
        let images = Distinct(rows.map(\.ids))
        let embedded = embedded(images.values, gridWidth: gridWidth)
        observe(0, images.spread(embedded))
        var x = embedded
        for (index, block) in blocks.enumerated() {
            try compute.checkStop()
            var attended = block.attendingToItself(x)
            if index == 0 { attended = images.spread(attended) }
            x = block.readingText(attended, texts.map { $0[index] })
            observe(index + 1, x)
        }
        try compute.checkStop()
        return x
    }

    /// The same of the first pass of runs. What an earlier one computed is not computed again.
    /// - Throws: `Stopped`; what arranging weights throws.
    func firstHiddenStates(_ rows: [Row], gridWidth: Int) throws -> Tensor {
        var states = rows.map { firstPasses.states(of: $0, gridWidth: gridWidth) }
        let missing = rows.indices.filter { states[$0] == nil }
        if !missing.isEmpty {
            let made = try hiddenStates(missing.map { rows[$0] }, gridWidth: gridWidth)
            for (item, index) in missing.enumerated() {
                let own = made.item(item)
                states[index] = own
                firstPasses.keep(own, of: rows[index], gridWidth: gridWidth)
            }
        }
        return Tensor(stacking: states.compactMap { $0 })
    }

    /// Lets go of the first passes that are kept, for measuring a run from nothing.
    package func forgetFirstPasses() { firstPasses.forget() }

    /// Logits [positions.count, codebookSize] of some of the rows of hidden states.
    ///
    /// - Parameters:
    ///   - states: [tokens, width].
    ///   - positions: only these tokens are computed.
    public func logits(_ states: Tensor, at positions: [Int]) -> Tensor {
        logitsLayer(normed(states, at: positions).converted(to: scope.compute.operand))
    }

    /// How the rows of an image become one: c + g (c - u), or u + g (c - u).
    struct Guidance {
        let scale: Float
        let startsFromUnconditional: Bool
    }

    /// Guided logits, from both rows' hidden states.
    ///
    /// Logits are linear in the normed states and the factors of the rows add up to one, so that
    /// states are guided in place of logits: one product instead of two, and its rounding is not
    /// multiplied by the guidance scale.
    func logits(
        conditional: Tensor, unconditional: Tensor, at positions: [Int], _ guidance: Guidance
    ) -> Tensor {
        let (c, u) = (normed(conditional, at: positions), normed(unconditional, at: positions))
        let guided = Tensor(c.shape) { base in
            let to = base.assumingMemoryBound(to: Float.self)
            c.withFloats { c in
                u.withFloats { u in
                    guard let c = c.baseAddress, let u = u.baseAddress else { return }
                    dcar_guide(
                        guidance.startsFromUnconditional ? u : c, c, u,
                        positions.count * configuration.width, guidance.scale, to)
                }
            }
        }
        return logitsLayer(guided.converted(to: scope.compute.operand))
    }

    /// Hidden states after the last norm, [positions.count, width].
    private func normed(_ states: Tensor, at positions: [Int]) -> Tensor {
        scope.compute.layerNorm(states.rows(positions), epsilon: 1e-6)
    }

    private func embedded(_ rows: [[Int]], gridWidth: Int) -> Tensor {
        let (width, tokens) = (configuration.width, rows[0].count)
        let positions = positions(tokens: tokens, gridWidth: gridWidth)
        let embeddings = tokenEmbedding.rows(rows.flatMap { $0 })
        return Tensor([rows.count, tokens, width]) { base in
            let to = base.assumingMemoryBound(to: Float.self)
            embeddings.withFloats { e in
                positions.withFloats { p in
                    for row in rows.indices {
                        let start = row * tokens * width
                        for i in 0..<tokens * width { to[start + i] = e[start + i] + p[i] }
                    }
                }
            }
        }
    }

    /// The stored positions for the grid of the training, sine features for any other. As in the
    /// official formula, another grid spans what the trained one does, so that its steps are narrower
    /// the more tokens it has.
    private func positions(tokens: Int, gridWidth: Int) -> Tensor {
        if tokens == configuration.tokens, gridWidth == configuration.gridSide { return positions }
        let gridHeight = tokens / gridWidth
        return otherPositions.features(gridWidth, gridHeight) {
            Self.sinePositions(
                gridWidth: gridWidth, gridHeight: gridHeight, width: configuration.width,
                step: trainedStep * Double(configuration.gridSide) / Double(tokens).squareRoot())
        }
    }

    /// The position features of the last grid that was not the trained one.
    private final class LastPositions: Sendable {
        private struct Kept {
            let gridWidth: Int
            let gridHeight: Int
            let features: Tensor
        }

        private let kept = Mutex<Kept?>(nil)

        func features(_ gridWidth: Int, _ gridHeight: Int, _ make: () -> Tensor) -> Tensor {
            kept.withLock { kept in
                if let kept, kept.gridWidth == gridWidth, kept.gridHeight == gridHeight {
                    return kept.features
                }
                let features = make()
                kept = Kept(gridWidth: gridWidth, gridHeight: gridHeight, features: features)
                return features
            }
        }
    }

    /// The coordinate of the second token of a row in the stored table: what base size and
    /// interpolation were in the training, files do not say reliably.
    package var trainedStep: Double {
        guard configuration.gridSide > 1 else { return 1 }
        return Self.step(of: positions.rows([1]).floats(), width: configuration.width)
    }

    /// The coordinate whose features are these; from the lowest frequency, which no coordinate takes
    /// once around, to the highest, which tells it best.
    package static func step(of features: [Float], width: Int) -> Double {
        let frequencies = frequencies(width: width)
        var step = 0.0
        for (index, frequency) in frequencies.enumerated().reversed() {
            let angle = atan2(
                Double(features[index]), Double(features[frequencies.count + index]))
            let turns = ((step * frequency - angle) / (2 * .pi)).rounded()
            step = (angle + 2 * .pi * turns) / frequency
        }
        return step
    }

    private static func frequencies(width: Int) -> [Double] {
        (0..<width / 4).map { pow(10_000, -Double($0) / (Double(width) / 4)) }
    }

    /// The position features of PixArt: [sin, cos] of the column, then of the row, each of a
    /// quarter of the width; `step` is the coordinate of one token.
    package static func sinePositions(gridWidth: Int, gridHeight: Int, width: Int, step: Double)
        -> Tensor
    {
        let frequencies = frequencies(width: width)
        var numbers: [Float] = []
        numbers.reserveCapacity(gridWidth * gridHeight * width)
        for row in 0..<gridHeight {
            for column in 0..<gridWidth {
                let start = numbers.count
                for coordinate in [column, row] {
                    let angles = frequencies.map { Double(coordinate) * step * $0 }
                    numbers += angles.map { Float(sin($0)) } + angles.map { Float(cos($0)) }
                }
                numbers += Array(repeating: 0, count: width - (numbers.count - start))
            }
        }
        return Tensor([gridWidth * gridHeight, width], numbers)
    }
}
