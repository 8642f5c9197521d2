import TerminalGraphics
import Testing

@Test func everyKeyIsReadBackFromItsName() {
    var keys: [Key] = []
    let codes: [Key.Code] = [
        .enter, .tab, .backspace, .escape, .insert, .delete, .up, .down, .left, .right, .home,
        .end, .pageUp, .pageDown, .function(1), .function(12), .character(" "), .character("-"),
        .character("a"), .character("?")
    ]
    for code in codes {
        for modifiers: Key.Modifiers in [[], .control, .alt, [.control, .alt]] {
            keys.append(Key(code, modifiers))
        }
    }
    keys += [
        Key(.character("A")), Key(.character("F")), Key(.tab, .shift), Key(.up, [.shift, .alt])
    ]
    for key in keys { #expect(Key(name: key.description) == key, "\(key)") }
}

@Test(arguments: ["", "Ctrl-", "F0", "F25", "Fx", "ab", "Shift-a", "\u{1B}", "\u{7F}", "Hyper-x"])
func whatIsNoKeyIsNone(name: String) {
    #expect(Key(name: name) == nil)
}

@Test func namesOfKeysHeedNoCase() {
    #expect(Key(name: "ctrl-g") == Key(.character("g"), .control))
    #expect(Key(name: "PAGEUP") == Key(.pageUp))
    #expect(Key(name: "g") != Key(name: "G"))
}
