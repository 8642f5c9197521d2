import Imaging

extension RGBImage {
    /// The picture at `path`, of whole tokens of `unit` pixels a side.
    ///
    /// - Parameter fit: scales and crops one that is not.
    /// - Throws: `CommandError.inputImage` for one that is not, without `fit`.
    func ofWholeTokens(_ unit: Int, fit: Bool, path: String) throws -> RGBImage {
        guard width % unit != 0 || height % unit != 0 else { return self }
        guard fit else {
            throw CommandError.inputImage(
                "\(SanitizedText(path)) is \(width)x\(height); both sides must be multiples of "
                    + "\(unit), so crop it or add --fit.")
        }
        return filling(toMultipleOf: unit)
    }
}
