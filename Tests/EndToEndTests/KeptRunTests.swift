import Foundation
import Imaging
import TestSupport
import Testing

extension TerminalSession {
    fileprivate func write(_ text: String, thenSee expected: String) throws {
        type(text)
        try wait(forText: expected)
    }

    fileprivate func quit() throws {
        type("q")
        try wait(forText: "Quit")
        type("y")
        #expect(try waitForEnd() == 0)
    }
}

@Test func anotherStrengthIsKept() throws {
    let folder = try TemporaryFolder()
    let first = try studio(in: folder)
    try first.wait(forText: "storybook 256px")
    try first.write("a fox" + Keys.enter, thenSee: "Done in")
    try first.write("w", thenSee: "Saved as")
    try first.write("{", thenSee: "Residual strength 0.9")
    first.settle()
    try first.quit()
    let second = try studio(in: folder)
    try second.wait(forText: " dB")
    try second.write("\u{1B}OQimage.info" + Keys.enter, thenSee: "residual strength 0.9,")
    #expect(!second.terminal.text.contains("dcar-0001-a-fox.png"))
}

@Test func aPausedForkAndItsTokensAreKept() throws {
    let folder = try TemporaryFolder()
    let first = try studio(in: folder)
    try first.wait(forText: "storybook 256px")
    try first.write("a fox" + Keys.enter, thenSee: "Done in")
    try first.write(",,", thenSee: "step ")
    first.settle()
    try first.write("t", thenSee: "with this change")
    first.settle()
    try first.quit()
    let second = try studio(in: folder)
    try second.wait(forText: "2 pictures")
    try second.wait(forText: "Picture 2")
    second.settle()
    try second.write(" ", thenSee: "Done in")
    try second.write("w", thenSee: "Saved as")
    try second.quit()
    let file = try ImageFile.open(folder.file("pictures/dcar-0001-a-fox.png"))
    let record = try GenerationMetadata(file.contents)?.record
    #expect(record?.chosenTokens.isEmpty == false)
}

/// Cropped, it would have as many tokens.
@Test func anOpenedPictureIsFittedAsItWas() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(Fixtures.gradient(width: 300, height: 300), as: "gradient.png")
    let first = try studio(in: folder)
    try first.wait(forText: "storybook 256px")
    first.type(Keys.escape)
    first.run(seconds: 0.2)
    try first.write("I" + Keys.tab, thenSee: "pad (Tab changes)")
    try first.write(Keys.tab, thenSee: "fit (Tab changes)")
    try first.write(path + Keys.enter, thenSee: "fitted to")
    try first.quit()
    func save(_ name: String) throws -> RGBImage {
        let session = try studio(in: folder)
        try session.wait(forText: " dB")
        try session.write("W", thenSee: "Save")
        session.type(Keys.control("u") + folder.file(name) + Keys.enter)
        try session.wait(forText: "Saved as")
        try session.quit()
        return try ImageFile.open(folder.file(name)).image
    }
    let saved = try save("fitted.png")
    let picture = try ImageFile.open(path).image
    #expect(saved.width == 288)
    #expect(saved.psnr(against: picture.resized(width: 288, height: 288)) > 35)
    // A file that has become another one is not taken for it.
    try ImageFile.save(
        Fixtures.gradient(width: 290, height: 290), to: folder.file("fitted.png"), overwrite: true)
    let last = try studio(in: folder)
    try last.wait(forText: "fitted.png is not the file")
}

/// A picture of the last sitting is there in the end, though a run is stopped while it is loaded.
@Test func whatIsLoadedIsNotCancelledWithARun() throws {
    let folder = try TemporaryFolder()
    let first = try studio(in: folder)
    try first.wait(forText: "storybook 256px")
    try first.write("a fox" + Keys.enter, thenSee: "Done in")
    try first.quit()
    let second = try studio(in: folder)
    try second.wait(for: "the model") { $0.text.contains("storybook 256px") }
    second.type(Keys.control("g") + Keys.control("c"))
    try second.wait(forText: "Cancelled")
    second.type("\u{1B}[5~")
    try second.wait(forText: " dB")
}
