import Foundation
import Imaging
import TestSupport
import Testing

@Test func aPromptBecomesAPicture() throws {
    let folder = try TemporaryFolder()
    let result = try Program.run(
        ["generate", "a beach at sunset", "--seed", "3", "--steps", "4", "-o", "picture.png"],
        in: folder.path)
    #expect(result.status == 0)
    #expect(result.output == "picture.png\n")
    #expect(result.errors == "")
    let picture = try ImageFile.open(folder.file("picture.png"))
    #expect(picture.image.width == 256 && picture.image.height == 256)
    let metadata = try #require(try GenerationMetadata(picture.contents))
    #expect(metadata.record.prompt == "a beach at sunset" && metadata.record.seed == 3)
}
