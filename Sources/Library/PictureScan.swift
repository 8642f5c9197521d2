import Foundation
import Imaging
import StudioCore
import Synchronization

/// Goes through a folder for PNG files and reads how they were made.
package struct PictureScan: Sendable {
    /// What differs from the index.
    package struct Difference: Sendable {
        /// Files that are new, or were changed.
        package var unread: [FileStamp] = []
        /// Their folders can be read, and list them no more.
        package var vanished: [PictureEntry] = []
        /// Those of folders that cannot be read now, such as one of a disk that is not mounted.
        package var missing: [PictureEntry] = []
        /// In the trash as the index knows it, but not there: the program ended in between.
        package var returned: [PictureEntry] = []
        /// The folders that were gone through.
        package var folders = FolderTimes()
    }

    /// Folders, and when files last came to them, went or were renamed, in nanoseconds since 1970.
    package struct FolderTimes: Sendable {
        fileprivate var modified: [String: Int64?] = [:]

        package init() {}

        /// Whether none of them has changed since.
        package var areCurrent: Bool {
            modified.allSatisfy { folder, time in time == Self.time(folder) }
        }

        fileprivate mutating func add(_ folder: String) {
            modified[folder] = .some(Self.time(folder))
        }

        private static func time(_ folder: String) -> Int64? {
            var status = stat()
            return stat(folder, &status) == 0 ? status.modifiedNanoseconds : nil
        }
    }

    /// A file as its folder lists it.
    package struct FileStamp: Hashable, Sendable {
        package let path: String
        let bytes: Int
        /// Nanoseconds since 1970.
        let modified: Int64
        /// Whether `path` names the file; a name that is not UTF-8 can only be shown.
        let isNameValid: Bool
    }

    /// Whether a folder has a file of this path, though it may lead nowhere.
    package static func isListed(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 || errno != ENOENT
    }

    /// Deeper folders are not gone into.
    private static let depthLimit = 6

    /// Compares a folder, and every file that the index knows elsewhere, with the index.
    package static func compare(_ folder: String, with known: [PictureEntry]) -> Difference {
        var found: [String: FileStamp] = [:]
        var difference = Difference()
        for stamp in list(folder, depth: 0, &difference.folders) { found[stamp.path] = stamp }
        var unchanged: Set<String> = []
        var folders = KnownFolders(below: folder)
        for entry in known {
            // A picture in the trash stays listed while its file is there.
            if entry.trashPath != nil || found[entry.path] == nil {
                guard let stamp = FileStamp(entry.place) else {
                    if entry.trashPath != nil, let stamp = FileStamp(entry.path),
                        stamp.bytes == entry.bytes, stamp.modified == entry.modified
                    {
                        difference.returned.append(entry)
                        unchanged.insert(entry.path)
                    } else if folders.lack(entry) {
                        difference.vanished.append(entry)
                    } else {
                        difference.missing.append(entry)
                    }
                    continue
                }
                if entry.trashPath == nil { found[entry.path] = stamp }
            }
            guard let stamp = found[entry.path] else { continue }
            if stamp.bytes == entry.bytes, stamp.modified == entry.modified {
                unchanged.insert(entry.path)
            }
        }
        difference.unread = found.values.filter { !unchanged.contains($0.path) }
            .sorted { ($0.modified, $0.path) > ($1.modified, $1.path) }
        return difference
    }

    /// What is known of folders that files are missed in.
    private struct KnownFolders {
        /// The folder that was gone through.
        private let root: String
        private var readable: [String: Bool] = [:]

        init(below root: String) { self.root = root }

        /// Whether a file is gone for good: its folder can be read and does not list it, or is gone
        /// itself from one that can be read.
        mutating func lack(_ entry: PictureEntry) -> Bool {
            let place = entry.place as NSString
            var status = stat()
            // A link that leads nowhere now, or a folder that may not be looked into, is listed.
            if lstat(entry.place, &status) == 0 { return status.st_mode & S_IFMT != S_IFLNK }
            guard errno == ENOENT || errno == ENOTDIR else { return false }
            let parent = place.deletingLastPathComponent
            if canRead(parent) { return true }
            guard stat(parent, &status) != 0, errno == ENOENT else { return false }
            let isTrash = entry.trashPath != nil
            let home = (entry.path as NSString).deletingLastPathComponent
            return isTrash && canRead(home)
                || parent.hasPrefix(root.hasSuffix("/") ? root : root + "/") && canRead(root)
        }

        private mutating func canRead(_ folder: String) -> Bool {
            if let known = readable[folder] { return known }
            let stream = opendir(folder)
            if let stream { closedir(stream) }
            readable[folder] = stream != nil
            return stream != nil
        }
    }

    private static func list(
        _ folder: String, depth: Int, _ folders: inout FolderTimes
    ) -> [FileStamp] {
        // Before the folder is read: what comes while it is, is found the next time.
        folders.add(folder)
        guard depth < depthLimit, let stream = opendir(folder) else { return [] }
        defer { closedir(stream) }
        var stamps: [FileStamp] = []
        while let item = readdir(stream) {
            let bytes = withUnsafeBytes(of: &item.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
            let name = String(decoding: bytes, as: UTF8.self)
            guard !name.hasPrefix(".") else { continue }
            let path = folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
            if name.lowercased().hasSuffix(".png") {
                if let stamp = FileStamp(path, name: bytes, in: stream) { stamps.append(stamp) }
            } else if isFolder(item.pointee, name: bytes, in: stream) {
                stamps += list(path, depth: depth + 1, &folders)
            }
        }
        return stamps
    }

    /// Some file systems do not say in the listing what an entry is. Links to folders are not followed.
    private static func isFolder(_ item: dirent, name: [UInt8], in folder: OpaquePointer) -> Bool {
        guard item.d_type == UInt8(DT_UNKNOWN) else { return item.d_type == UInt8(DT_DIR) }
        var status = stat()
        let text = name.map { CChar(bitPattern: $0) } + [0]
        return fstatat(dirfd(folder), text, &status, AT_SYMLINK_NOFOLLOW) == 0
            && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Reads files on all processors; one that cannot be read gets an entry that says why.
    package static func read(_ stamps: [FileStamp]) -> [PictureEntry] {
        guard !stamps.isEmpty else { return [] }
        let slots = Mutex<[PictureEntry?]>(Array(repeating: nil, count: stamps.count))
        DispatchQueue.concurrentPerform(iterations: stamps.count) { place in
            let entry = PictureEntry(stamps[place])
            slots.withLock { $0[place] = entry }
        }
        return slots.withLock { $0.compactMap { $0 } }
    }
}

extension PictureScan.FileStamp {
    /// Nil where there is no regular file.
    package init?(_ path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        self.init(path, status, isNameValid: true)
    }

    /// - Parameters:
    ///   - path: as it can be shown.
    ///   - name: as the folder has it.
    fileprivate init?(_ path: String, name: [UInt8], in folder: OpaquePointer) {
        var status = stat()
        let isThere = name.withUnsafeBytes { bytes in
            let text = bytes.bindMemory(to: CChar.self) + [0]
            return fstatat(dirfd(folder), text, &status, 0) == 0
        }
        guard isThere else { return nil }
        self.init(path, status, isNameValid: String(validating: name, as: UTF8.self) != nil)
    }

    private init?(_ path: String, _ status: stat, isNameValid: Bool) {
        guard status.st_mode & S_IFMT == S_IFREG else { return nil }
        self.path = path
        self.isNameValid = isNameValid
        bytes = Int(status.st_size)
        modified = status.modifiedNanoseconds
    }
}

extension stat {
    fileprivate var modifiedNanoseconds: Int64 {
        Int64(st_mtim.tv_sec) * 1_000_000_000 + Int64(st_mtim.tv_nsec)
    }
}

extension PictureEntry {
    /// What a file says of itself: its own record, or what another program wrote.
    package init(_ stamp: PictureScan.FileStamp) {
        self.init(path: stamp.path, bytes: stamp.bytes, modified: stamp.modified)
        guard stamp.isNameValid else {
            problem = "\(SanitizedText(stamp.path)) has a name that is not UTF-8; rename it."
            return
        }
        do {
            let contents = try ImageFile.contents(of: stamp.path)
            (width, height) = (contents.header.width, contents.header.height)
            if let metadata = try? GenerationMetadata(contents) {
                take(metadata.record)
            } else if let foreign = ForeignParameters(contents) {
                take(foreign)
            }
        } catch {
            problem = "\(error)"
        }
    }

    private mutating func take(_ record: ImageRecord) {
        prompt = record.prompt
        negativePrompt = record.negativePrompt
        seed = record.seed
        steps = record.steps
        guidance = record.guidanceScale
        temperature = record.temperature
        decay = record.guidanceDecay
        residualSteps = record.residualSteps
        residualGuidance = record.residualGuidanceScale
        residualTemperature = record.residualTemperature
        strength = record.residualStrength
        model = record.modelName
        operation = record.edit?.operation ?? ""
        stoppedAt = record.stoppedAtStep
    }

    private mutating func take(_ foreign: ForeignParameters) {
        prompt = foreign.prompt
        negativePrompt = foreign.negativePrompt
        seed = foreign.seed
        steps = foreign.steps
        guidance = foreign.guidanceScale
        model = foreign.model ?? foreign.source.rawValue
    }
}
