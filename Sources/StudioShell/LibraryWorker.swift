import Foundation
import Imaging
import Library
import StudioCore
import Synchronization

/// Does what the studio asks of its library, on threads of its own, so that no disk and no lock of
/// another studio ever holds up the screen.
final class LibraryWorker: Sendable {
    private let options: StudioOptions
    private let post: @Sendable (StudioNews) -> Void
    private let thumbnails: ThumbnailCache
    /// Prompts, queue and session, in the order they were asked for.
    private let desk = DispatchQueue(label: "library", qos: .userInitiated)
    /// Reads files, which may take long.
    private let reader = DispatchQueue(label: "scan", qos: .utility)
    private let painter = DispatchQueue(label: "thumbnails", qos: .userInitiated)
    private let opened = Mutex<Opened?>(nil)
    /// The number of the newest wish for thumbnails; older ones are given up.
    private let wish = Atomic<Int>(0)
    /// The folders as they were when they were last gone through.
    private let folders = Mutex(PictureScan.FolderTimes())

    private struct Opened {
        let database: StudioDatabase
        let sitting: Sitting
        /// Nodes of this sitting's undo tree that are on disk.
        var savedVersions = 0
    }

    /// - Parameter post: called from any thread.
    init(_ options: StudioOptions, post: @escaping @Sendable (StudioNews) -> Void) {
        self.options = options
        self.post = post
        thumbnails = ThumbnailCache(folder: options.cacheFolder.map { "\($0)/thumbs" })
    }

    // MARK: Opening

    /// Opens the database and tells what it holds.
    /// - Parameter kept: gets the runs of an earlier sitting before the studio learns of them.
    func start(kept: @escaping @Sendable ([KeptRun]) -> Void) {
        desk.async { [self] in
            let database =
                options.stateFolder.map { StudioDatabase.open(in: $0) } ?? .inMemory()
            var restored = RestoredSession()
            do {
                if let folder = options.stateFolder {
                    try database.takeOverPrompts(from: "\(folder)/prompts.jsonl")
                }
                let (sitting, found) = try database.sit(isFresh: options.isFresh)
                restored = found
                restored.prompts = try database.prompts()
                opened.withLock {
                    $0 = Opened(database: database, sitting: sitting)
                }
            } catch {
                restored.problem = "The history cannot be read: \(error.reason)."
            }
            restored.problem = database.notice ?? restored.problem
            kept(restored.runs)
            post(.library(.opened(restored)))
            do {
                post(.library(.listed(try database.pictures())))
            } catch {
                post(.problem("The gallery's index cannot be read: \(error.reason)."))
            }
            if options.stateFolder != nil { scan() }
            reader.async { [thumbnails] in thumbnails.prune() }
        }
    }

    /// Waits until the library is open and all is written that was asked for.
    func finish() { desk.sync {} }

    /// Ends the sitting; waits a little for what is still to be written.
    func close() {
        let isDone = DispatchSemaphore(value: 0)
        desk.async { [self] in
            if let opened = opened.withLock({ $0 }) { try? opened.database.close(opened.sitting) }
            isDone.signal()
        }
        _ = isDone.wait(timeout: .now() + 2)
    }

    // MARK: Session

    func save(_ session: SavedSession, _ versions: SnapshotTree<StudioState.Document>) {
        write("session") { database, sitting in
            // The first time all are written: what this sitting did not take up is gone.
            let saved = self.opened.withLock { $0?.savedVersions ?? 0 }
            try database.save(session, versions.nodes, from: saved, of: sitting)
            self.opened.withLock { $0?.savedVersions = versions.nodes.count }
        }
    }

    func keep(_ run: KeptRun) {
        write("session") { try $0.keep(run, of: $1) }
    }

    /// Does something with the database, or says what could not be kept.
    private func write(
        _ subject: String, _ body: @escaping @Sendable (StudioDatabase, Sitting) throws -> Void
    ) {
        desk.async { [self] in
            guard let opened = opened.withLock({ $0 }) else { return }
            do {
                try body(opened.database, opened.sitting)
            } catch {
                post(.problem("The \(subject) cannot be kept: \(error.reason)."))
            }
        }
    }

    // MARK: Orders

    func perform(_ order: LibraryOrder) {
        switch order {
        case .remember(let prompt, let limit):
            write("prompt") { database, _ in try database.remember(prompt, atMost: limit) }
        case .journal(let jobs, let isPaused, let beginning):
            write("queue") { try $0.journal(jobs, isPaused: isPaused, of: $1) }
            guard let beginning else { return }
            // The job begins in any case; without a journal it is only not kept.
            desk.async { [post] in post(.library(.journalled(beginning))) }
        case .index(let path): index(path)
        case .scan: scan(isAsked: true)
        case .scanIfChanged: scanIfChanged()
        case .thumbnails(let entries, let side): paint(entries, side)
        case .star(let path, let isStarred):
            write("star") { database, _ in try database.star(path, isStarred) }
        case .tag(let path, let tags): write("tags") { database, _ in try database.tag(path, tags) }
        case .trash(let entry): trash(entry)
        case .untrash(let entry): untrash(entry)
        }
    }

    private func trash(_ entry: PictureEntry) {
        write("trash") { [post] database, _ in
            do throws(TrashError) {
                let place = try Trash.take(entry)
                post(.library(.trashed(path: entry.path, place: place)))
                try? database.trash(entry.path, to: place)
            } catch {
                post(.problem("\(error)"))
            }
        }
    }

    private func untrash(_ entry: PictureEntry) {
        write("trash") { [post] database, _ in
            do throws(TrashError) {
                try Trash.putBack(entry)
                post(.library(.untrashed(path: entry.path)))
                try? database.trash(entry.path, to: nil)
            } catch {
                post(.problem("\(error)"))
            }
        }
    }

    // MARK: Files

    private func index(_ path: String) {
        let full = URL(fileURLWithPath: path).standardizedFileURL.path
        reader.async { [self] in
            guard let stamp = PictureScan.FileStamp(full) else { return }
            let entry = PictureEntry(stamp)
            post(.library(.indexed([entry])))
            write("gallery's index") { [self] database, _ in try index([entry], in: database) }
        }
    }

    private func index(_ entries: [PictureEntry], in database: StudioDatabase) throws {
        for displaced in try database.index(entries) {
            post(.library(.displaced(path: displaced.path, displaced.entry)))
        }
    }

    private func scanIfChanged() {
        reader.async { [self] in
            if !folders.withLock({ $0.areCurrent }) { scan() }
        }
    }

    /// - Parameter isAsked: by a person, who also wants to see what another studio has found.
    private func scan(isAsked: Bool = false) {
        reader.async { [self] in
            guard let database = opened.withLock({ $0?.database }),
                let known = try? database.pictures()
            else { return post(.library(.scanning(0))) }
            if isAsked { post(.library(.listed(known))) }
            let difference = PictureScan.compare(folder, with: known)
            folders.withLock { $0 = difference.folders }
            // A new file of a name that lies in the trash has marks of its own.
            let marks = Dictionary(
                known.filter { $0.trashPath == nil }.map { ($0.path, $0) }
            ) { first, _ in first }
            if !difference.vanished.isEmpty {
                // One that was put into the trash meanwhile is known there.
                let forgotten = (try? database.forget(difference.vanished)) ?? []
                post(.library(.vanished(forgotten.map(\.path))))
            }
            var left = difference.unread[...]
            while !left.isEmpty {
                post(.library(.scanning(left.count)))
                let entries = PictureScan.read(Array(left.prefix(256))).map { entry in
                    var entry = entry
                    entry.isStarred = marks[entry.path]?.isStarred ?? false
                    entry.tags = marks[entry.path]?.tags ?? []
                    return entry
                }
                left = left.dropFirst(256)
                do {
                    try index(entries, in: database)
                } catch {
                    post(.problem("The gallery's index cannot be kept: \(error.reason)."))
                }
                post(.library(.indexed(entries)))
            }
            post(.library(.scanning(0)))
        }
    }

    private var folder: String {
        URL(fileURLWithPath: options.outputFolder).standardizedFileURL.path
    }

    private func paint(_ entries: [PictureEntry], _ side: Int) {
        let number = wish.add(1, ordering: .relaxed).newValue
        painter.async { [self] in
            // A few at a time: the first are seen while the last are made.
            for start in stride(from: 0, to: entries.count, by: 8) {
                guard wish.load(ordering: .relaxed) == number else { break }
                let images = Mutex<[String: RGBImage]>([:])
                DispatchQueue.concurrentPerform(iterations: min(8, entries.count - start)) {
                    let entry = entries[start + $0]
                    guard let image = thumbnails.thumbnail(of: entry, side: side) else { return }
                    images.withLock { $0[entry.path] = image }
                }
                let made = images.withLock { $0 }
                if !made.isEmpty { post(.library(.thumbnails(made))) }
            }
        }
    }
}
