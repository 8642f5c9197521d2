import Requests

extension StudioState {
    /// What undo and redo go between.
    package struct Document: Hashable, Sendable, Codable {
        package var picture: RunID?
        package var mask: PaintedMask?
        package var prompt = ""
        package var negativePrompt = ""
        package var parameters: Parameters?
        /// What the change that led here did beside that.
        var change: Change?

        package init() {}

        /// What it holds, however it came about.
        var content: Document {
            var content = self
            content.change = nil
            return content
        }
    }
}

extension StudioState.Document {
    /// What cannot be told from what a document holds.
    enum Change: Hashable, Sendable, Codable {
        /// A picture was taken off the list.
        case closed(RunID)
        /// A picture was put back on the list.
        case reopened(RunID)
        /// Prompts were replaced by others than were typed.
        case texts(before: Texts, after: Texts)
        /// Token cells were added beside the picture, which wait to be painted.
        case margins(before: EditOrder.Margins, after: EditOrder.Margins)
        /// Results came to choose from.
        case proposed(StudioState.Proposal)
        /// They were turned down.
        case discarded(StudioState.Proposal)
        /// Jobs were put into the queue.
        case queued([QueuedJob])
    }

    struct Texts: Hashable, Sendable, Codable {
        let prompt: String
        let negativePrompt: String
    }
}

extension StudioState.Document.Change {
    /// What undo calls it; nil where whoever makes the change knows better.
    var label: String? {
        switch self {
        case .closed(let run): "taking picture \(run) off the list"
        case .reopened(let run): "putting picture \(run) back on the list"
        case .margins: "cells to be painted"
        case .discarded: "discarding the result"
        case .queued(let jobs): jobs.count == 1 ? "queueing a picture" : "queueing pictures"
        case .texts, .proposed: nil
        }
    }

    /// The same of pictures whose numbers were raised.
    func renumbered(after last: RunID) -> Self {
        switch self {
        case .closed(let run): .closed(run + last)
        case .reopened(let run): .reopened(run + last)
        case .proposed(let proposal): .proposed(proposal.renumbered(after: last))
        case .discarded(let proposal): .discarded(proposal.renumbered(after: last))
        case .texts, .margins, .queued: self
        }
    }
}

extension StudioState.Proposal {
    func renumbered(after last: RunID) -> Self {
        var moved = self
        moved.base = base.map { $0 + last }
        moved.candidates = candidates.map { $0 + last }
        return moved
    }
}
