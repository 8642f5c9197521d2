import Imaging
import Testing

@Test(arguments: [(1, 1), (3, 2), (64, 48), (257, 1), (1, 257)])
func aRandomPictureSurvivesARoundTrip(width: Int, height: Int) throws {
    var generator = SeededGenerator(seed: UInt64(width * 1000 + height))
    let image = RGBImage.random(width: width, height: height, using: &generator)
    for compression in [0, 1, 6, 9] {
        let file = try PNG.encode(image, compression: compression)
        #expect(try PNG.decode(file).image == image)
        #expect(try PNG.encode(image, compression: compression) == file)
    }
}
