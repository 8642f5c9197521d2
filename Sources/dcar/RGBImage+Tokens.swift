import Imaging
import Pipeline

extension RGBImage {
    /// The picture at `path`, of whole tokens.
    ///
    /// - Parameter fit: scales and crops one that is not, or is too large.
    /// - Throws: `CommandError.inputImage` for one that is not, without `fit`.
    func ofWholeTokens(of model: Model, fit: Bool, path: String) throws -> RGBImage {
        let unit = model.pixelsPerToken
        let limit = model.tokensPerSide * unit
        guard width % unit != 0 || height % unit != 0 || max(width, height) > limit else {
            return self
        }
        guard fit else {
            throw CommandError.inputImage(
                "\(SanitizedText(path)) is \(width)x\(height); both sides must be multiples of "
                    + "\(unit) up to \(limit), so crop it or add --fit.")
        }
        let scale = min(1, Double(limit) / Double(max(width, height)))
        func nearest(_ side: Int) -> Int {
            let tokens = (Double(side) * scale / Double(unit)).rounded()
            return min(max(1, Int(tokens)), model.tokensPerSide) * unit
        }
        return filling(width: nearest(width), height: nearest(height))
    }
}
