/// The views of the studio, in the order of their tabs.
package enum StudioView: Int, CaseIterable, Hashable, Sendable, Codable {
    case studio = 1
    /// The studio with a mask being painted.
    case edit
    case gallery
    case queue
    case settings

    package var title: String {
        switch self {
        case .studio: "Studio"
        case .edit: "Edit"
        case .gallery: "Gallery"
        case .queue: "Queue"
        case .settings: "Settings"
        }
    }

    /// What opens it.
    package var command: Command {
        switch self {
        case .studio: .viewStudio
        case .edit: .viewEdit
        case .gallery: .viewGallery
        case .queue: .viewQueue
        case .settings: .viewSettings
        }
    }
}

extension StudioState {
    /// The tab that is lit.
    package var tab: StudioView { view == .studio && canvas.isPainting ? .edit : view }

    mutating func open(_ view: StudioView) -> [StudioEffect] {
        switch view {
        case .studio:
            self.view = .studio
            canvas.isPainting = false
            canvas.stroke = nil
        case .edit:
            self.view = .studio
            focus = .canvas
            if !canvas.isPainting { performOnMask(.editMask) }
        case .gallery:
            self.view = view
            return galleryMoved() + [.library(.scanIfChanged)]
        case .queue, .settings: self.view = view
        }
        return []
    }

    /// Back from another view to the picture, so that keys which mean commands there mean commands
    /// here too and are not typed into the prompt.
    mutating func openPicture() -> [StudioEffect] {
        focus = .canvas
        return open(.studio)
    }
}
