import Foundation
import Imaging
import Requests
import StudioCore
import TerminalGraphics
import Testing

// A mask that stays when its painting is over: it is said to be there, and dropped by a key.

@Test func aMaskThatIsLeftIsSaidToBeThere() {
    var story = Story()
    story.draw("a fox")
    story.press("m", " ")
    story.press(Key(.escape))
    #expect(story.state.isMaskLeft && !story.state.canvas.isPainting)
    #expect(story.state.message?.text == "The mask stays: Enter paints it anew, Esc drops it.")
    story.press("m", "m")
    #expect(story.state.message?.text.hasPrefix("The mask stays") == true)
    // One that was not painted does not.
    story = Story()
    story.draw("a fox")
    story.press("m")
    story.press(Key(.escape))
    #expect(story.state.message == nil && !story.state.isMaskLeft)
}

@Test func aSecondEscapeDropsTheMaskAndUndoBringsItBack() {
    var story = Story()
    story.draw("a fox")
    story.press("m", " ")
    let mask = story.state.mask
    story.press(Key(.escape), Key(.escape))
    #expect(story.state.mask == nil)
    #expect(story.state.message?.text == "The mask is gone; z brings it back.")
    story.press("z")
    #expect(story.state.mask == mask && mask != nil)
}

@Test func anEscapeTakesCellsAwayBeforeTheMask() {
    var story = Story()
    story.draw("a fox")
    story.press("m", " ")
    story.press(Key(.escape), Key(.left, .alt), Key(.escape))
    #expect(story.state.canvas.margins.isEmpty && story.state.mask != nil)
}

@Test func thePromptOfANewPictureIsWarnedOfTheMask() {
    var story = Story()
    story.draw("a fox")
    story.press("m", " ", "p")
    #expect(story.state.message?.text.hasSuffix("; Ctrl-G makes a new picture.") == true)
    story.press(Key(.character("u"), .control))
    story.type("a boat")
    story.press(Key(.escape))
    story.press("p")
    #expect(story.state.message?.text == story.state.maskWords)
    story.press(Key(.character("g"), .control))
    #expect(story.state.runs[2]?.origin == .prompt)
}

@Test func aMaskThatCameBackWithTheSittingIsSaidToBeThere() throws {
    var first = Story()
    first.draw("a fox")
    first.press("m", " ")
    first.press(Key(.escape))
    var second = Story()
    second.tell(.library(.opened(try first.kept())))
    #expect(second.state.mask == first.state.mask && second.state.isPromptOfMask)
    #expect(second.state.message?.text.hasSuffix(second.state.maskWords) == true)
}

// MARK: A picture of an earlier sitting

@Test(arguments: ["m", "f", " ", "d", "R", "v"] as [Unicode.Scalar])
func whatAPictureThatIsLoadedCannotDoIsSaid(key: Unicode.Scalar) throws {
    var first = Story()
    first.draw("a fox")
    var second = Story()
    second.tell(.library(.opened(try first.kept())))
    #expect(second.state.isLoading)
    second.press(key)
    #expect(second.state.message?.text.hasPrefix("The picture is still being made") == true)
    #expect(!second.state.canvas.isPainting && second.state.popup == nil)
}

extension Story {
    /// What a later sitting gets of the first picture, through JSON as on disk.
    fileprivate func kept() throws -> RestoredSession {
        var restored = RestoredSession()
        restored.session = try JSONDecoder().decode(
            SavedSession.self, from: JSONEncoder().encode(SavedSession(state)))
        restored.versions = state.history.nodes
        let request = GenerationRequest(prompt: "a fox", seed: 1)
        restored.runs = [
            KeptRun(
                id: 1, request: request, origin: .prompt, gridWidth: 2, gridHeight: 2,
                record: "{}", tokens: "", residual: Data())
        ]
        return restored
    }
}
