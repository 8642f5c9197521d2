import Imaging

/// The saved pictures, what is looked for among them, and where the person is.
package struct GalleryState: Hashable, Sendable {
    /// All that are known, the newest first.
    package var entries: [PictureEntry] = []
    /// Whether the index has been read.
    package var isLoaded = false
    /// The picture to select once it is known.
    var wanted: String?
    /// Files still to be read, while a folder is gone through.
    package var unread = 0
    /// Places in `entries` of the pictures shown.
    package private(set) var matches: [Int] = []
    /// A place in `matches`.
    package var selected = 0
    /// The first row of tiles on the screen.
    package var firstRow = 0
    package private(set) var query = PictureQuery("")
    /// The last query that was not empty, for n and N.
    package var lastQuery = PictureQuery("")
    /// The query while it is typed.
    package var field: TextField?
    package var thumbnails: [String: RGBImage] = [:]
    /// Files whose thumbnail was asked for and has not come.
    package var awaited: Set<String> = []
    /// What `z` takes back, the newest last.
    package var changes: [Change] = []
    package var undone: [Change] = []
    /// Changes that are being taken back, until the file is there again or it is known why not.
    var returning: [Change] = []
    /// Files in the trash that pictures of the session were saved as, or opened from.
    var laidAside: [LaidAside] = []

    package init() {}

    /// What a picture had of a file that went into the trash.
    struct LaidAside: Hashable, Sendable {
        var path: String
        let run: RunID
        let isSaved: Bool
        var file: SavedFile?
        var source: SavedFile?
    }

    /// A change of the collection, or from it.
    package enum Change: Hashable, Sendable {
        case star(String, Bool)
        case tags(String, before: [String], after: [String])
        case trash(String)
        /// What it was made with was taken into the studio.
        case recall(String)

        /// The file of the picture.
        var path: String {
            switch self {
            case .star(let path, _), .tags(let path, _, _), .trash(let path),
                .recall(let path):
                path
            }
        }
    }

    package var selectedEntry: PictureEntry? {
        matches.indices.contains(selected) ? entries[matches[selected]] : nil
    }

    /// Pictures outside the trash; where it is looked into, those in it.
    package var listedCount: Int {
        entries.count { ($0.trashPath != nil) == query.seeksTrash }
    }

    /// What a person calls the file at a path.
    func name(of path: String) -> String { entries.first { $0.path == path }?.name ?? path }

    /// Narrows down to what matches; the picture selected stays so where it can.
    package mutating func search(_ query: PictureQuery) {
        self.query = query
        if !query.isEmpty { lastQuery = query }
        refresh(keeping: selectedEntry?.path)
    }

    /// Finds the matches anew after a change of entries.
    package mutating func refresh(keeping path: String?) {
        matches = entries.indices.filter { query.matches(entries[$0]) }
        if let path, let at = matches.firstIndex(where: { entries[$0].path == path }) {
            selected = at
        }
        selected = min(max(0, selected), max(0, matches.count - 1))
    }

    /// Replaces or adds entries, keeping the newest first.
    package mutating func merge(_ changed: [PictureEntry]) {
        guard !changed.isEmpty else { return }
        let path = selectedEntry?.path
        let isAtStart = selected == 0
        let changedPaths = Set(changed.map(\.path))
        entries.removeAll { changedPaths.contains($0.path) }
        entries = (entries + changed).sorted {
            ($0.modified, $0.path) > ($1.modified, $1.path)
        }
        refresh(keeping: isAtStart ? nil : path)
    }

    package mutating func remove(_ paths: Set<String>) {
        let path = selectedEntry?.path
        entries.removeAll { paths.contains($0.path) }
        refresh(keeping: path)
    }

    /// Changes the entry of a file, if it is known.
    package mutating func change(_ path: String, _ body: (inout PictureEntry) -> Void) {
        guard let at = entries.firstIndex(where: { $0.path == path }) else { return }
        let kept = selectedEntry?.path
        body(&entries[at])
        refresh(keeping: kept)
    }
}

/// How the gallery divides its part of the screen, in cells.
package struct GalleryLayout: Hashable, Sendable {
    package let tilesPerRow: Int
    /// Rows of tiles.
    package let rows: Int
    /// Of a tile, gap included.
    package let tileColumns: Int
    /// Of a tile, caption included.
    package let tileRows: Int
    /// Lines kept for the heading above and the details below.
    package static let headingRows = 1
    package static let detailRows = 2
    /// Columns between tiles, where the selected one has its frame.
    package static let gap = 2

    /// Tiles for pictures that look square in cells twice as high as wide: of the widths that
    /// read well, the one that covers most of the screen.
    package init(columns: Int, rows: Int) {
        let room = max(2, rows - Self.headingRows - Self.detailRows)
        var best = (columns: min(columns, 2 * (room - 1) + Self.gap), rows: room, area: 0)
        for width in 16...24 where width <= columns {
            let count = columns / width
            let tile = columns / count
            let height = (tile - Self.gap) / 2 + 1
            guard height <= room else { continue }
            let area = count * (tile - Self.gap) * (room / height) * (height - 1)
            if area > best.area { best = (tile, height, area) }
        }
        tileColumns = max(4, best.columns)
        tileRows = max(2, best.rows)
        tilesPerRow = max(1, columns / tileColumns)
        self.rows = max(1, room / tileRows)
    }

    package var tilesPerPage: Int { tilesPerRow * rows }
}
