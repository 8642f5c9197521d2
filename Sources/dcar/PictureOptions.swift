import ArgumentParser
import Pipeline
import Settings

/// What a picture shows, and its size.
struct PictureOptions: ParsableArguments {
    @Argument(help: "The prompt.")
    var words: [String] = []

    @Option(name: .shortAndLong, parsing: .unconditional, help: "The prompt.")
    var prompt: String?

    @Option(
        name: [.customShort("W"), .long], parsing: .unconditional,
        help: "Pixels; a multiple of the token size.")
    var width: Int?

    @Option(
        name: [.customShort("H"), .long], parsing: .unconditional,
        help: "Pixels; a multiple of the token size.")
    var height: Int?

    /// The prompt as typed, in whichever way.
    var text: String { prompt ?? words.joined(separator: " ") }

    var isBlank: Bool { text.allSatisfy(\.isWhitespace) }

    /// The size asked for; what neither flags nor settings say is nil.
    func size(_ pipeline: Pipeline) -> (width: Int?, height: Int?) {
        let tokenSide = pipeline.model.tokenSide
        let side = Preferences.current.whole(.size).map {
            max(tokenSide, $0 / tokenSide * tokenSide)
        }
        return (width ?? side, height ?? side)
    }
}
