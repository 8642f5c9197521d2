extension Mask {
    /// The mean difference of two pictures on the eight pixels around the mask, in levels of 255;
    /// nil where nothing is around it.
    public func seamError(_ result: RGBImage, against canvas: RGBImage) -> Double? {
        let ring = grown(by: 8)
        var (sum, count) = (0, 0)
        for (index, reach) in ring.coverage.enumerated() where reach > 0 && coverage[index] == 0 {
            for at in 3 * index..<3 * index + 3 {
                sum += abs(Int(result.pixels[at]) - Int(canvas.pixels[at]))
                count += 1
            }
        }
        return count == 0 ? nil : Double(sum) / Double(count)
    }
}
