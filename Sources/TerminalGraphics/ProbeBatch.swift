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
    private let environment: TerminalEnvironment

    /// The questions that the terminal of `environment` takes no harm from.
    public init(_ environment: TerminalEnvironment) {
        self.environment = environment
        timeout = environment.isOverSSH ? .milliseconds(1000) : .milliseconds(200)
        var text = ""
        if environment.window == nil || environment.isDumb {
            fenceCount = 0
        } else if environment.knowsOnlyDeviceAttributes {
            text = Question.deviceAttributes
            fenceCount = 1
        } else {
            // Some terminals print what they do not know.
            text += "\u{1B}7" + Question.version
            // tmux would take the kitty question for a title, and screen would print it.
            let isHandedOn = environment.isTmux && environment.tmuxHandsOn != false
            if isHandedOn {
                let outer = Question.version + Question.kitty + Question.deviceAttributes
                text += String(decoding: TmuxPassthrough.wrap(Array(outer.utf8)), as: UTF8.self)
            } else if !environment.isTmux && !environment.isScreen {
                text += Question.kitty
            }
            text += Question.cellSize + Question.textArea + Question.sixelColorsNow
            text += Question.sixelColors
            text += Question.sixelLimit + Question.synchronization
            // screen hands this one on, and the answer would come after its own to the last.
            if !environment.isScreen { text += Question.background }
            text += "\u{1B}8\u{1B}[K" + Question.deviceAttributes
            fenceCount = isHandedOn ? 2 : 1
        }
        bytes = Array(text.utf8)
    }

    /// The questions for the size of cells alone, with a fence of the kind that frames have.
    public static let sizes = Array((Question.cellSize + Question.textArea).utf8) + FramePacer.fence

    /// Whether every reply has come.
    ///
    /// Inside tmux the terminal around it is waited for, too: its word counts for pictures, and what
    /// it says later would be typed into the shell. Where tmux does not hand questions on, the
    /// timeout decides.
    public func isAnswered(by replies: TerminalReplies) -> Bool {
        replies.deviceAttributes.count >= fenceCount
    }

    /// How long late replies are waited for at the end of a program. A tmux that has answered for
    /// itself, and may well hand no question on, keeps nobody.
    public func longestWait(after replies: TerminalReplies) -> Duration {
        replies.deviceAttributes.isEmpty || environment.tmuxHandsOn == true
            ? .milliseconds(1700) : .milliseconds(500)
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
