/// Decides when the next pixel frame may be sent and how large it may be.
///
/// At most one frame is on its way. Each ends with a question (DSR 5) that the terminal answers when
/// it has drawn the frame; a slow answer halves the next frame's sides, and below the floor only the
/// twin of characters is left. After a rest larger frames are tried again, so that a terminal that
/// was busy for a while gets its pixels back. Time is a duration since any fixed moment.
public struct FramePacer: Hashable, Sendable {
    /// What to write after each frame; the reply is `TerminalReply.ready`.
    public static let fence = Array("\u{1B}[5n".utf8)
    /// An answer that takes longer means a frame too large.
    public static let slowAnswer = Duration.milliseconds(500)
    /// Frames are never made smaller than this by halving.
    public static let leastSide = 128
    /// An answer that takes longer will not come.
    public static let lostAnswer = Duration.seconds(10)
    /// So many quick answers in a row double the sides again.
    private static let quickAnswersToGrow = 4
    /// So long larger frames are left alone after a slow one; twice as long after the next.
    public static let firstRest = Duration.seconds(2)
    private static let longestRest = Duration.seconds(32)
    /// A frame of twice the sides has four times the bytes and is still in time after this.
    private static let quickAnswer = slowAnswer / 4

    /// The longest side of a frame where nothing is slow.
    public let fullSide: Int
    /// The longest side of the next frame in pixels, or nothing where only characters are quick
    /// enough.
    public private(set) var side: Int?
    private var sentAt: Duration?
    private var isKnownSlow = false
    private var quickAnswers = 0
    private var rest = FramePacer.firstRest
    /// When larger frames are tried again.
    private var growsAt: Duration?

    /// A pacer for frames of at most `fullSide` pixels a side.
    public init(fullSide: Int) {
        self.fullSide = max(1, fullSide)
        side = self.fullSide
    }

    /// Whether a pixel frame may be sent now.
    public var canSend: Bool { sentAt == nil && side != nil }

    /// When `tick` may next have something to say, if no answer comes first.
    public var nextTick: Duration? {
        sentAt.map { $0 + (isKnownSlow ? Self.lostAnswer : Self.slowAnswer) } ?? growsAt
    }

    /// A frame was sent, and the fence after it.
    ///
    /// - Precondition: `canSend`.
    public mutating func sent(at now: Duration) {
        precondition(canSend)
        sentAt = now
        isKnownSlow = false
    }

    /// The terminal answered a fence. One that nobody waits for any more shows that it lives.
    public mutating func answered(at now: Duration) {
        tick(at: now)
        guard let started = sentAt else {
            if side == nil, growsAt == nil { restThenGrow(now) }
            return
        }
        sentAt = nil
        guard !isKnownSlow else { return }
        quickAnswers = now - started <= Self.quickAnswer ? quickAnswers + 1 : 0
        if quickAnswers >= Self.quickAnswersToGrow, let side, side < fullSide {
            grow(now)
            quickAnswers = 0
        }
        if side == fullSide { (rest, growsAt) = (Self.firstRest, nil) }
    }

    /// Time passed: a frame may turn out to be slow, or its answer to be lost.
    public mutating func tick(at now: Duration) {
        guard let started = sentAt else {
            if let due = growsAt, now >= due { grow(now) }
            return
        }
        if now - started > Self.slowAnswer && !isKnownSlow {
            isKnownSlow = true
            quickAnswers = 0
            side = side.flatMap { $0 > Self.leastSide ? max($0 / 2, Self.leastSide) : nil }
            restThenGrow(now)
        }
        if now - started > Self.lostAnswer {
            sentAt = nil
            side = nil
            growsAt = nil
        }
    }

    private mutating func restThenGrow(_ now: Duration) {
        growsAt = now + rest
        rest = min(rest * 2, Self.longestRest)
    }

    private mutating func grow(_ now: Duration) {
        let larger = side.map { 2 * $0 } ?? Self.leastSide
        side = min(larger, fullSide)
        growsAt = larger < fullSide ? now + Self.firstRest : nil
    }

    /// Starts anew at full size: for the finished picture, after a resize, when a person asks.
    ///
    /// A frame on its way is still waited for.
    public mutating func reset() {
        side = fullSide
        quickAnswers = 0
        growsAt = nil
    }
}
