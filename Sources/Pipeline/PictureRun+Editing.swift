import Generation
import Imaging
import Requests
import TextEncoding

extension PictureRun {
    /// The run as it was after `step`.
    public func woundBack(to step: Int) -> PictureRun {
        var picture = self
        picture.run = run.woundBack(to: step)
        return picture
    }

    /// The run from here on under another request.
    ///
    /// - Parameter text: the new prompt as it was read; nil where the prompt is the same.
    fileprivate func forked(
        _ request: GenerationRequest, text: Pipeline.ReadText?
    ) -> PictureRun {
        var picture = self
        if let text { picture.isPromptTruncated = text.isTruncated }
        picture.request = request
        picture.run = run.forked(
            text: text?.text,
            noise: KeyedNoise(seed: request.seed, residualSeed: request.residual.seed),
            settings: request.sampling)
        return picture
    }

    /// The same tokens with other residual settings.
    public func with(_ residual: ResidualSettings) -> PictureRun {
        var picture = self
        picture.request.residual = residual
        return picture
    }

    /// Changes tokens at the present step.
    /// - Throws: `RequestError` for a token that there is not, for one that an edit keeps, and for one
    ///   that no step is left to fix again.
    public mutating func choose(_ tokens: ChosenTokens) throws(RequestError) {
        for (place, id) in tokens.ids.sorted(by: { $0.key < $1.key }) {
            guard run.state.ids.indices.contains(place) else {
                throw .tokenPlace(place, count: run.state.ids.count)
            }
            guard !isKept[place] else { throw .tokenKept(place) }
            if let id {
                guard id < run.maskID else { throw .tokenID(id, codebookSize: run.maskID) }
                run.pin(place, to: id)
            } else {
                guard run.state.step < run.settings.steps else { throw .noStepLeft(place) }
                run.unpin([place])
            }
        }
    }

    /// Undoes a change of a token at the present step: it is as it was before.
    public mutating func putBack(_ place: Int, id: Int?, fixedAt: Int?, confidence: Float) {
        run.putBack(place, id: id, fixedAt: fixedAt, confidence: confidence)
    }
}

extension Pipeline {
    /// A run gone on with under another request; size, number of steps and kept tokens stay.
    ///
    /// - Parameter text: of the request's prompts, where it is known.
    /// - Throws: `RequestError`; what `text` throws.
    public func fork(
        _ picture: PictureRun, _ request: GenerationRequest, text: ReadText? = nil
    ) throws -> PictureRun {
        var request = request
        (request.width, request.height) = (picture.width, picture.height)
        request.sampling.steps = picture.request.sampling.steps
        _ = try checked(request)
        guard !picture.request.hasTexts(of: request) else {
            return picture.forked(request, text: nil)
        }
        return picture.forked(request, text: try text ?? self.text(for: request))
    }
}
