import Foundation
import StudioCore
import StudioViews
import TerminalGraphics
import Testing

/// WCAG 2 asks for 4.5 to 1 between text and its ground.
@Test(arguments: [Theme.dark, .light, .contrast], [ColorDepth.ansi16, .xterm256, .trueColor])
func textStandsOutFromItsGround(theme: Theme, colors: ColorDepth) throws {
    for (name, style) in Palette(theme, colors).texts {
        let ink = try #require(style.foreground.luminance, "\(name) has no colour of its own")
        let ground = try #require(style.background.luminance, "\(name) has no ground of its own")
        let contrast = (max(ink, ground) + 0.05) / (min(ink, ground) + 0.05)
        let least = theme == .contrast ? 7 : 4.5
        #expect(contrast >= least, "\(name): \(contrast)")
    }
}

/// WCAG 2 asks for 3 to 1 where lines are to be seen.
@Test(arguments: [Theme.dark, .light, .contrast], [ColorDepth.ansi16, .xterm256, .trueColor])
func linesStandOutFromTheirGround(theme: Theme, colors: ColorDepth) throws {
    let style = Palette(theme, colors).lines
    let ink = try #require(style.foreground.luminance)
    let ground = try #require(style.background.luminance)
    #expect((max(ink, ground) + 0.05) / (min(ink, ground) + 0.05) >= 3)
}

@Test func whatIsChosenOrWrongDiffersWithoutColour() throws {
    let mono = Palette(.mono, .trueColor).texts
    for name in ["selection", "problem", "focus", "tab", "bar", "unread"] {
        let style = try #require(mono[name])
        #expect(!style.attributes.isEmpty && style.foreground == .standard, "\(name)")
        #expect(style.attributes != mono["text"]?.attributes)
    }
}

/// Many terminals write bold black in grey.
@Test(arguments: [Theme.dark, .light, .contrast])
func blackOfSixteenColoursIsNeverBold(theme: Theme) {
    for (name, style) in Palette(theme, .ansi16).texts where style.foreground == .indexed(0) {
        #expect(!style.attributes.contains(.bold), "\(name)")
    }
    #expect(Palette(theme, .xterm256).texts["tab"]?.attributes.contains(.bold) == true)
}

@Test func everyCellOfAColourThemeHasItsOwnGround() {
    for theme in [Theme.dark, .light, .contrast] {
        var state = StudioState()
        state.theme = theme
        let shown = frame(of: state, columns: 80, rows: 24, on: Scene.abilities(.xterm256))
        #expect(shown.cells.allSatisfy { $0.style.background != .standard })
    }
}

extension CellColor {
    /// The relative luminance of xterm's palette entry; nil for the terminal's own colour.
    fileprivate var luminance: Double? {
        guard case .indexed(let entry) = self else { return nil }
        let basic: [(Double, Double, Double)] = [
            (0, 0, 0), (205, 0, 0), (0, 205, 0), (205, 205, 0), (0, 0, 238), (205, 0, 205),
            (0, 205, 205), (229, 229, 229), (127, 127, 127), (255, 0, 0), (0, 255, 0),
            (255, 255, 0), (92, 92, 255), (255, 0, 255), (0, 255, 255), (255, 255, 255)
        ]
        let levels: [Double] = [0, 95, 135, 175, 215, 255]
        let at = Int(entry)
        let (red, green, blue): (Double, Double, Double) =
            switch at {
            case 0..<16: basic[at]
            case 16..<232:
                (levels[(at - 16) / 36], levels[(at - 16) / 6 % 6], levels[(at - 16) % 6])
            default:
                (
                    Double(8 + 10 * (at - 232)), Double(8 + 10 * (at - 232)),
                    Double(8 + 10 * (at - 232))
                )
            }
        func linear(_ byte: Double) -> Double {
            byte / 255 <= 0.04045 ? byte / 255 / 12.92 : pow((byte / 255 + 0.055) / 1.055, 2.4)
        }
        return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
    }
}
