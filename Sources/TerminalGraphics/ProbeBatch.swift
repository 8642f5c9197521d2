/// The questions to ask a terminal at the start, in one write, with the one that every terminal
/// answers at the end: when its reply is there, no other is still to come.
public struct ProbeBatch: Hashable, Sendable {
    /// What to write. Nothing where there is nobody to ask.
    public let bytes: [UInt8]
    /// How long to wait for the last reply.
    public let timeout: Duration
    /// How often to call `ReplyParser.expectFence`: once for DA1, and inside tmux once more for
    /// that of the terminal around it.
    public let fenceCount: Int
    private let mayBeInKitty: Bool

    /// The questions that the terminal of `environment` takes no harm from.
    public init(_ environment: TerminalEnvironment) {
        mayBeInKitty = environment.isTmux && environment.isStartedFromKitty
        timeout = environment.isOverSSH ? .milliseconds(1000) : .milliseconds(200)
        var text = ""
        if environment.window == nil || environment.isDumb {
            fenceCount = 0
        } else if environment.knowsOnlyDeviceAttributes {
            text = Question.deviceAttributes
            fenceCount = 1
        } else {
            text += Question.version
            // tmux would take the kitty question for a title, and screen would print it.
            if environment.isTmux {
                let outer = Question.version + Question.kitty + Question.deviceAttributes
                text += String(decoding: TmuxPassthrough.wrap(Array(outer.utf8)), as: UTF8.self)
            } else if !environment.isScreen {
                text += Question.kitty
            }
            text += Question.cellSize + Question.textArea + Question.sixelColorsNow
            text += Question.sixelColors
            text += Question.sixelLimit + Question.synchronization + Question.background
            text += Question.deviceAttributes
            fenceCount = environment.isTmux ? 2 : 1
        }
        bytes = Array(text.utf8)
    }

    /// The question for the size of a cell alone.
    public static let cellSize = Array(Question.cellSize.utf8)

    /// Whether every reply that can matter has come.
    ///
    /// A tmux that claims sixel, or was started from kitty or ghostty, is waited for until the
    /// terminal around it has answered, too, as only that one's word counts; where tmux does not
    /// hand questions on, the timeout decides.
    public func isAnswered(by replies: TerminalReplies) -> Bool {
        guard fenceCount > 0 else { return true }
        let claimsSixel =
            replies.isFromTmux && replies.deviceAttributes.contains(TerminalReplies.tmuxWithSixel)
        return replies.deviceAttributes.count > (claimsSixel || mayBeInKitty ? 1 : 0)
    }
}

private enum Question {
    static let version = "\u{1B}[>0q"
    static let kitty = "\u{1B}_Gi=\(TerminalReplies.kittyProbe),s=1,v=1,a=q,t=d,f=24;AAAA\u{1B}\\"
    static let cellSize = "\u{1B}[16t"
    static let textArea = "\u{1B}[14t"
    static let sixelColorsNow = "\u{1B}[?1;1;0S"
    static let sixelColors = "\u{1B}[?1;4;0S"
    static let sixelLimit = "\u{1B}[?2;4;0S"
    static let synchronization = "\u{1B}[?2026$p"
    static let background = "\u{1B}]11;?\u{1B}\\"
    static let deviceAttributes = "\u{1B}[c"
}
