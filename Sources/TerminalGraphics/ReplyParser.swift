/// One thing that came from the terminal.
public enum TerminalInput: Hashable, Sendable {
    /// An answer of the terminal; never to be typed anywhere.
    case reply(TerminalReply)
    case key(Key)
    case mouse(MouseEvent)
    /// A bracketed paste: printable characters, tabs and line feeds only.
    case paste(String)
    /// The terminal's window gained or lost the focus (mode 1004).
    case focus(isGained: Bool)
}

/// Separates a terminal's replies from what a person types, from the first byte of a session to
/// the last.
///
/// Bytes may come in any pieces and at any time. Time is a duration since any fixed moment. The
/// caller reads with a timeout that ends at `nextTick` and calls `tick` only when no byte came: then
/// a lone ESC becomes the Esc key.
public struct ReplyParser: Sendable {
    private var tokenizer = InputTokenizer()
    private var decoder = KeyDecoder()
    /// Until when the last reply to each question may come.
    private var dueFences: [Duration] = []
    /// When the last byte came.
    private var lastByte = Duration.zero

    /// After so long a silence a paste whose end got lost is taken as it is: otherwise no key would
    /// be heard ever again.
    private static let pasteSilence = Duration.seconds(2)

    /// A parser that expects no reply yet.
    public init() {}

    /// Says that a question was sent whose last reply is DA1 or DSR, and will not come after
    /// `deadline`.
    ///
    /// Until then even an ESC that arrived alone, and was taken for the Esc key, may turn out to be
    /// the first byte of a reply.
    public mutating func expectFence(until deadline: Duration) { dueFences.append(deadline) }

    /// Says that one of the questions was for somebody who is not there.
    public mutating func expectOneFenceLess() { _ = dueFences.popLast() }

    /// Until when the last replies to all questions have come; nil where no reply is due.
    public func lastFence(at now: Duration) -> Duration? { dueFences.filter { $0 > now }.max() }

    /// When `tick` may next have something to say, if no byte comes first.
    public var nextTick: Duration? {
        let paste = decoder.isInPaste ? lastByte + Self.pasteSilence : nil
        return [tokenizer.nextTick, paste].compactMap { $0 }.min()
    }

    /// What these bytes complete, in their order.
    public mutating func feed(
        _ bytes: some Sequence<UInt8>, at now: Duration
    ) -> [TerminalInput] {
        lastByte = now
        return sort(tokenizer.feed(bytes, at: now))
    }

    /// What the passing of time decides.
    public mutating func tick(at now: Duration) -> [TerminalInput] {
        dueFences.removeAll { $0 <= now }
        let inputs = sort(tokenizer.tick(at: now, replyDeadline: dueFences.max()))
        guard decoder.isInPaste, now >= lastByte + Self.pasteSilence else { return inputs }
        return inputs + [decoder.endPaste()].compactMap { $0 }
    }

    private mutating func sort(_ tokens: [InputToken]) -> [TerminalInput] {
        tokens.compactMap { token in
            guard let reply = TerminalReply(token) else { return decoder.decode(token) }
            switch reply {
            case .deviceAttributes, .ready: if !dueFences.isEmpty { dueFences.removeFirst() }
            default: break
            }
            return .reply(reply)
        }
    }
}
