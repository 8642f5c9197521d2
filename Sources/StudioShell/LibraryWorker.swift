import Foundation
import Imaging
import Library
import Settings
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
    /// Where pictures are saved by the settings of now.
    private let outputFolder: Mutex<String>
    /// What the disk has refused so far; only the desk writes.
    private let refused = Mutex(RefusedWrites<Opened>())
    /// What the studio knows of whether its sitting is kept.
    private let isKept = Mutex(true)
    /// Nodes of this sitting's undo tree that are on disk.
    private let savedVersions = Mutex(0)

    private struct Opened {
        let database: StudioDatabase
        let sitting: Sitting
    }

    /// - Parameter post: called from any thread.
    init(_ options: StudioOptions, post: @escaping @Sendable (StudioNews) -> Void) {
        self.options = options
        self.post = post
        outputFolder = Mutex(options.outputFolder)
        thumbnails = ThumbnailCache(folder: options.cacheFolder.map { "\($0)/thumbs" })
    }

    // MARK: Opening

    /// Opens the database and tells what it holds.
    /// - Parameter kept: gets the runs of an earlier sitting before the studio learns of them.
    func start(kept: @escaping @Sendable ([KeptRun]) -> Void) {
        desk.async { [self] in
            let (database, found) = sit()
            var restored = found
            restored.problem = database.notice ?? restored.problem
            kept(restored.runs)
            tellWhetherKept()
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

    /// Opens the database and begins a sitting there; in memory where another program does not let
    /// go of the file.
    private func sit() -> (StudioDatabase, RestoredSession) {
        let database = options.stateFolder.map { StudioDatabase.open(in: $0) } ?? .inMemory()
        do {
            return (database, try sit(in: database))
        } catch {
            let memory = StudioDatabase.inMemory(
                notice: "The history cannot be read: \(error.reason). This sitting is not kept.")
            return (memory, (try? sit(in: memory)) ?? RestoredSession())
        }
    }

    private func sit(in database: StudioDatabase) throws -> RestoredSession {
        var problem: String?
        do {
            if let folder = options.stateFolder {
                try database.takeOverPrompts(from: "\(folder)/prompts.jsonl")
            }
        } catch {
            problem = "Prompts of an earlier version cannot be read: \(error.reason)."
        }
        let (sitting, found) = try database.sit(isFresh: options.isFresh)
        var restored = found
        restored.prompts = try database.prompts()
        restored.problem = restored.problem ?? problem
        opened.withLock { $0 = Opened(database: database, sitting: sitting) }
        return restored
    }

    /// Waits until the library is open and all is written that was asked for.
    func finish() { desk.sync {} }

    /// Ends the sitting; waits a while for what is still to be written.
    func close() {
        let isDone = DispatchSemaphore(value: 0)
        desk.async { [self] in
            writeAgain()
            if let opened = opened.withLock({ $0 }) { try? opened.database.close(opened.sitting) }
            isDone.signal()
        }
        // Longer than a write waits for another studio's.
        _ = isDone.wait(timeout: .now() + 6)
    }

    /// Works by these settings from now on.
    func use(_ settings: ResolvedSettings) {
        var changed = options
        changed.settings = settings
        let folder = changed.outputFolder
        let isNew = outputFolder.withLock { known in
            defer { known = folder }
            return known != folder
        }
        if isNew, options.stateFolder != nil { scan() }
    }

    // MARK: Session

    func save(_ session: SavedSession, _ versions: SnapshotTree<StudioState.Document>) {
        desk.async { [self] in writeAgain() }
        write("session") { [self] opened in
            // The first time all are written: what this sitting did not take up is gone.
            let saved = savedVersions.withLock { $0 }
            try opened.database.save(session, versions.nodes, from: saved, of: opened.sitting)
            savedVersions.withLock { $0 = versions.nodes.count }
        }
    }

    func keep(_ run: KeptRun) {
        write("session", of: "run \(run.id)") { try $0.database.keep(run, of: $0.sitting) }
    }

    /// Writes something into the database, or says what cannot be kept and keeps it in mind.
    ///
    /// - Parameter item: what it is of; a newer write of that takes the place of a refused one.
    private func write(
        _ subject: String, of item: String? = nil, _ body: @escaping RefusedWrites<Opened>.Write
    ) {
        desk.async { [self] in
            guard let opened = known(subject) else { return }
            do {
                try refused.withLock { try $0.perform(item ?? subject, on: opened, body) }
            } catch {
                post(.problem("The \(subject) cannot be kept: \(error.reason)."))
            }
            tellWhetherKept()
        }
    }

    private func tellWhetherKept() {
        let isRefused = refused.withLock {
            $0.holds { $0 == "session" || $0 == "queue" || $0.hasPrefix("run ") }
        }
        let isNow = opened.withLock { $0?.database.isOnDisk ?? false } && !isRefused
        let isNews = isKept.withLock { known in
            defer { known = isNow }
            return known != isNow
        }
        if isNews { post(.library(.keeping(isNow))) }
    }

    /// Tries again what was refused before.
    private func writeAgain() {
        guard let opened = opened.withLock({ $0 }) else { return }
        refused.withLock { $0.performAgain(on: opened) }
        tellWhetherKept()
    }

    /// What is open; nil, with a word, where nothing is.
    private func known(_ subject: String) -> Opened? {
        let found = opened.withLock { $0 }
        if found == nil { post(.problem("The \(subject) cannot be kept: no history is open.")) }
        return found
    }

    // MARK: Orders

    func perform(_ order: LibraryOrder) {
        switch order {
        case .remember(let prompt, let limit):
            write("prompt", of: "prompt \(prompt)") {
                try $0.database.remember(prompt, atMost: limit)
            }
        case .journal(let jobs, let isPaused, let beginning):
            write("queue") { try $0.database.journal(jobs, isPaused: isPaused, of: $0.sitting) }
            guard let beginning else { return }
            // The job begins in any case; without a journal it is only not kept.
            desk.async { [post] in post(.library(.journalled(beginning))) }
        case .index(let path): index(path)
        case .scan: scan(isAsked: true)
        case .scanIfChanged: scanIfChanged()
        case .thumbnails(let entries, let side): paint(entries, side)
        case .star(let path, let isStarred):
            write("star", of: "star \(path)") { try $0.database.star(path, isStarred) }
        case .tag(let path, let tags):
            write("tags", of: "tags \(path)") { try $0.database.tag(path, tags) }
        case .trash(let entry): trash(entry)
        case .untrash(let entry): untrash(entry)
        }
    }

    private func trash(_ entry: PictureEntry) {
        desk.async { [self] in
            guard let opened = known("trash") else { return }
            guard PictureScan.isListed(entry.path) else { return forget(entry, opened.database) }
            // The file's place is written anew with it.
            refused.withLock { $0.forget("place \(entry.path)") }
            do {
                let place = try opened.database.take(entry)
                post(.library(.trashed(path: entry.path, place: place)))
            } catch let error as TrashError {
                post(.problem("\(error)"))
            } catch {
                post(
                    .problem(
                        "\(SanitizedText(entry.name)) cannot go into the trash: \(error.reason)."))
            }
        }
    }

    /// A file that is not there, perhaps with its folder, cannot be moved; a person who wants it away
    /// has it off the list.
    private func forget(_ entry: PictureEntry, _ database: StudioDatabase) {
        do {
            let forgotten = try database.forget([entry])
            guard !forgotten.isEmpty else {
                return post(.problem("\(SanitizedText(entry.name)) is not there any more."))
            }
            post(.library(.vanished(forgotten.map(\.path))))
            post(.note("\(SanitizedText(entry.name)) is not there, and now it is off the list."))
        } catch {
            post(.problem("The gallery's index cannot be kept: \(error.reason)."))
        }
    }

    private func untrash(_ entry: PictureEntry) {
        desk.async { [self] in
            do throws(TrashError) {
                try Trash.putBack(entry)
            } catch {
                return post(.library(.notUntrashed(path: entry.path, "\(error)")))
            }
            post(.library(.untrashed(path: entry.path)))
            // Where this is refused, the next look at the folder finds the file where it is.
            write("trash", of: "place \(entry.path)") {
                try $0.database.trash(entry.path, to: nil)
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
            write("gallery's index", of: "file \(full)") { [self] in
                try index([entry], in: $0.database)
            }
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
            takeBack(difference.returned)
            say(missing: difference.missing)
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

    /// Pictures that did not go into the trash in the end, or whose way back was not written down.
    private func takeBack(_ entries: [PictureEntry]) {
        // At the desk nothing is on its way there.
        for entry in entries {
            desk.async { [self] in
                guard PictureScan.FileStamp(entry.place) == nil,
                    PictureScan.FileStamp(entry.path) != nil,
                    let database = opened.withLock({ $0?.database }),
                    (try? database.trash(entry.path, to: nil)) != nil
                else { return }
                post(.library(.untrashed(path: entry.path)))
            }
        }
    }

    /// Pictures whose folder is not there are not forgotten.
    private func say(missing all: [PictureEntry]) {
        let folder = folder
        let entries = all.filter { $0.path.hasPrefix(folder + "/") }
        guard !entries.isEmpty else { return }
        let count = entries.count == 1 ? "1 picture" : "\(entries.count) pictures"
        post(
            .problem(
                "\(SanitizedText(folder)) cannot be read; the gallery keeps what it knows of "
                    + "\(count)."))
    }

    private var folder: String {
        URL(fileURLWithPath: outputFolder.withLock { $0 }).standardizedFileURL.path
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
