import Imaging

/// Lays the result of an edit over the picture that it changes.
public struct EditCompositor: Sendable {
    /// The picture whose pixels are kept outside the mask.
    public let canvas: RGBImage
    /// Pixel coverage before feathering, 255 where the picture is made anew.
    public let mask: Mask
    private let feathered: Mask

    /// - Parameters:
    ///   - mask: of the canvas's size.
    ///   - feather: pixels around the mask over which the result fades into the canvas.
    public init(canvas: RGBImage, mask: Mask, feather: Int) {
        self.canvas = canvas
        self.mask = mask
        feathered = mask.feathered(by: feather)
    }

    /// The result in the canvas: its own pixels where the mask covers, a blend within the feather,
    /// and the canvas's own bytes elsewhere.
    ///
    /// - Parameter canvas: nil for the compositor's own.
    public func composited(_ result: RGBImage, over canvas: RGBImage? = nil) -> RGBImage {
        result.composited(over: canvas ?? self.canvas, mask: feathered)
    }

    /// A picture to save while the edit is unfinished: the result where the mask covers fully, the
    /// canvas's own bytes elsewhere, so that the edit can be finished from the file. Where the mask
    /// is grey a blend would be blended again.
    public func unfinished(_ result: RGBImage) -> RGBImage {
        let full = Mask(
            width: mask.width, height: mask.height,
            coverage: mask.coverage.map { $0 == 255 ? 255 : 0 })
        return result.composited(over: canvas, mask: full)
    }

    /// How visible the seam is: see `Mask.seamError`.
    public func seamError(_ result: RGBImage) -> Double? {
        mask.seamError(result, against: canvas)
    }
}
