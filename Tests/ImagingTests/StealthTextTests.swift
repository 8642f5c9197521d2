import CPNG
import Imaging
import Testing

private func picture(_ width: Int, _ height: Int) -> RGBImage {
    var generator = SeededGenerator(seed: 5)
    return RGBImage(width: width, height: height, pixels: generator.bytes(3 * width * height))
}

/// The lowest bits of a file's opacity, down the columns, as bytes; read by libpng alone.
private func hiddenBytes(_ file: [UInt8], _ width: Int, _ height: Int) -> [UInt8] {
    var pixels = [UInt8](repeating: 0, count: 3 * width * height)
    var alpha = [UInt8](repeating: 0, count: width * height)
    var message = [CChar](repeating: 0, count: Int(CPNG_MESSAGE_SIZE))
    let status = cpng_decode(
        file, file.count, UInt32(width), UInt32(height), &pixels, &alpha, 1 << 24, &message)
    #expect(status == CPNG_OK)
    let bits = (0..<width).flatMap { x in (0..<height).map { y in alpha[y * width + x] & 1 } }
    return (0..<bits.count / 8).map { byte in
        bits[8 * byte..<8 * byte + 8].reduce(0) { $0 << 1 | $1 }
    }
}

@Test func aHiddenTextLiesWhereWebProgramsLook() throws {
    let (width, height) = (37, 29)
    let image = picture(width, height)
    let text = "é fox\nSteps: 12"
    let file = try PNG.encode(image, hidden: text)
    let found = hiddenBytes(file, width, height)
    let length = UInt8(8 * text.utf8.count)
    let wanted = Array("stealth_pnginfo".utf8) + [0, 0, 0, length] + Array(text.utf8)
    #expect(Array(found.prefix(wanted.count)) == wanted)
    #expect(found.dropFirst(wanted.count).allSatisfy { $0 == 255 })
}

@Test func aPictureThatHidesATextIsOpaque() throws {
    let image = picture(40, 40)
    let hidden = try PNG.decode(try PNG.encode(image, hidden: "text"))
    #expect(hidden.image == image && hidden.alpha == nil && hidden.hidesText)
    let plain = try PNG.decode(try PNG.encode(image))
    #expect(plain.image == image && !plain.hidesText)
}

@Test func aPictureTooSmallForATextIsWithoutIt() throws {
    let image = picture(13, 12)
    #expect(try PNG.encode(image, hidden: "t") == PNG.encode(image))
    #expect(try PNG.decode(try PNG.encode(picture(16, 10), hidden: "t")).hidesText)
}
