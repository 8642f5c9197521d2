extension StudioState {
    /// Masks a rectangle of the picture, as far as it lies inside.
    mutating func mask(x: Int, y: Int, width: Int, height: Int) {
        message = nil
        guard let picture = shown?.picture?.refined, canvas.step == nil else {
            message =
                isLoading
                ? loading : Message("A mask needs a finished picture.", .problem)
            return
        }
        guard canPaint() else { return }
        guard x < picture.width, y < picture.height else {
            message = Message(
                "That part lies outside the picture, which is \(picture.width) by "
                    + "\(picture.height) pixels.", .problem)
            return
        }
        var mask = PaintedMask(width: picture.width, height: picture.height)
        mask.fill(
            from: PixelPoint(x: x, y: y),
            to: PixelPoint(
                x: min(x + min(width, picture.width), picture.width) - 1,
                y: min(y + min(height, picture.height), picture.height) - 1),
            isEllipse: false, true)
        record(mask, "region")
    }
}
