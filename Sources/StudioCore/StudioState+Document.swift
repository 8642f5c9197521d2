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

        /// Whether it came about by a change of the list alone.
        var isOfList: Bool {
            switch change {
            case .closed?, .reopened?: true
            default: false
            }
        }

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
        case margins(of: RunID?, before: EditOrder.Margins, after: EditOrder.Margins)
        /// Results came to choose from.
        case proposed(StudioState.Proposal)
        /// They were turned down, or one of a batch is shown alone from then on.
        case discarded(StudioState.Proposal)
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
        case .margins(_, _, let after):
            after.isEmpty ? "taking the cells away" : "cells to be painted"
        case .discarded(let proposal):
            proposal.base == nil ? "showing one picture alone" : "discarding the result"
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
        case .margins(let run, let before, let after):
            .margins(of: run.map { $0 + last }, before: before, after: after)
        case .texts: self
        }
    }
}

extension StudioState.Proposal {
    /// Whether these are results of that edit or batch, of which some may be gone.
    func isPart(of whole: Self) -> Bool {
        base == whole.base && Set(candidates).isSubset(of: whole.candidates)
    }

    func renumbered(after last: RunID) -> Self {
        var moved = self
        moved.base = base.map { $0 + last }
        moved.candidates = candidates.map { $0 + last }
        return moved
    }
}
