/// Undo and redo in the gallery, which know of the collection and of what was recalled from it.
extension StudioState {
    mutating func make(_ change: GalleryState.Change, isAgain: Bool = false)
        -> [StudioEffect]
    {
        // What goes into the trash is a change once it is there.
        if case .trash = change {} else { gallery.changes.append(change) }
        if !isAgain { gallery.undone = [] }
        return apply(change)
    }

    private mutating func apply(_ change: GalleryState.Change) -> [StudioEffect] {
        switch change {
        case .star(let path, let isStarred):
            gallery.change(path) { $0.isStarred = isStarred }
            message = Message(isStarred ? "Starred." : "No star any more.")
            return [.library(.star(path: path, isStarred))] + galleryMoved()
        case .tags(let path, _, let tags):
            gallery.change(path) { $0.tags = tags }
            message = Message(
                tags.isEmpty ? "No tags any more." : "Tags: \(tags.joined(separator: ", ")).")
            return [.library(.tag(path: path, tags))] + galleryMoved()
        case .trash(let path):
            guard let entry = gallery.entries.first(where: { $0.path == path }) else { return [] }
            return [.library(.trash(entry))]
        case .recall: return []
        }
    }

    /// What to do about pictures in the trash, of this sitting and earlier ones; nil where there are
    /// none.
    var trashRemark: Message? {
        let count = gallery.entries.count { $0.trashPath != nil }
        guard count > 0 else { return nil }
        let pictures = count == 1 ? "1 picture" : "\(count) pictures"
        return Message(
            gallery.query.seeksTrash
                ? "\(pictures) in the trash; \(key(.galleryTrash)) brings one back."
                : "Nothing to undo here; \(key(.gallerySearch)) is:trashed shows the trash, with "
                    + "\(pictures).")
    }

    mutating func travelInGallery(isUndo: Bool) -> [StudioEffect] {
        guard let change = isUndo ? gallery.changes.popLast() : gallery.undone.popLast() else {
            message =
                isUndo
                ? trashRemark ?? Message("Nothing to undo here.")
                : Message("Nothing to redo here.")
            return []
        }
        if case .recall = change { return travelRecall(change, isUndo: isUndo) }
        guard let entry = gallery.entries.first(where: { $0.path == change.path }) else {
            message = Message(
                isUndo
                    ? "That picture is gone; its change cannot be taken back."
                    : "That picture is gone; its change cannot be done again.", .problem)
            return []
        }
        guard isUndo else {
            if case .trash = change, entry.trashPath != nil {
                message = Message("\(entry.name) is in the trash already.", .problem)
                return []
            }
            return make(change, isAgain: true)
        }
        switch change {
        case .star(let path, let isStarred):
            gallery.undone.append(change)
            return apply(.star(path, !isStarred))
        case .tags(let path, let before, let after):
            gallery.undone.append(change)
            return apply(.tags(path, before: after, after: before))
        case .trash:
            guard entry.trashPath != nil else {
                message = Message("\(entry.name) is not in the trash any more.", .problem)
                return []
            }
            // It is taken back once the file is there.
            gallery.returning.append(change)
            return [.library(.untrash(entry))]
        case .recall: return []
        }
    }

    /// A recall is the studio's change; one that others came after is undone there, in its turn.
    private mutating func travelRecall(
        _ change: GalleryState.Change, isUndo: Bool
    ) -> [StudioEffect] {
        if (isUndo ? history.nextRedo : history.nextUndo) == Self.recallLabel {
            if isUndo { gallery.undone.append(change) } else { gallery.changes.append(change) }
            message = Message(
                "That was \(isUndo ? "undone" : "done again") in the studio already.")
            return []
        }
        guard (isUndo ? history.nextUndo : history.nextRedo) == Self.recallLabel else {
            message = Message(
                "Other changes came after the recall; \(key(.viewStudio)), then \(key(.undo)) "
                    + "takes them back one by one.", .problem)
            return []
        }
        let before = history.current
        let effects = travel(isUndo: isUndo)
        // It may have been refused.
        let isDone = history.current != before
        if isDone == isUndo {
            gallery.undone.append(change)
        } else {
            gallery.changes.append(change)
        }
        return effects
    }
}
