import Imaging
import Pipeline

extension RGBImage {
    /// The picture at `path`, of whole tokens.
    ///
    /// - Parameter fit: scales and crops one that is not, or is too large.
    /// - Throws: `CommandError.inputImage` for one that is not, without `fit`.
    func ofWholeTokens(of model: Model, fit: Bool, path: String) throws -> RGBImage {
        let tokenSide = model.tokenSide
        let limit = model.gridSideLimit * tokenSide
        guard width % tokenSide != 0 || height % tokenSide != 0 || max(width, height) > limit else {
            return self
        }
        guard fit else {
            throw CommandError.inputImage(
                "\(SanitizedText(path)) is \(width)x\(height); both sides must be multiples of "
                    + "\(tokenSide) up to \(limit), so crop it or add --fit.")
        }
        let scale = min(1, Double(limit) / Double(max(width, height)))
        func nearest(_ side: Int) -> Int {
            let tokens = (Double(side) * scale / Double(tokenSide)).rounded()
            return min(max(1, Int(tokens)), model.gridSideLimit) * tokenSide
        }
        return filling(width: nearest(width), height: nearest(height))
    }
}
