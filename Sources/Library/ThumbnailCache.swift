import Foundation
import Imaging
import StudioCore

/// Small pictures on disk, each named for its file, that file's size and its time of change, so
/// that a changed file never shows an old picture, and for its own size: fitting one of another
/// size would take longer than reading it.
package struct ThumbnailCache: Sendable {
    private let folder: String?
    /// Pixels of the longer side above which none is kept.
    private static let largestSide = 384
    /// Files: more pictures than a gallery is expected to hold, half a gigabyte or so.
    package static let limit = 20_000

    /// - Parameter folder: made where it is missing; nil keeps nothing.
    package init(folder: String?) {
        self.folder = folder
        guard let folder else { return }
        try? FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
    }

    /// The picture of an entry, no side above `side` pixels; nil where its file cannot be read.
    package func thumbnail(of entry: PictureEntry, side: Int) -> RGBImage? {
        let path = side <= Self.largestSide ? path(of: entry, side: side) : nil
        if let path, let kept = try? ImageFile.open(path).image { return kept }
        guard let image = try? ImageFile.open(entry.place).image else { return nil }
        let small = image.limited(toSide: side)
        if let path, let bytes = try? PNG.encode(small, text: []) {
            // Whole or not at all; losing one to a power cut costs nothing.
            try? Data(bytes).write(to: URL(fileURLWithPath: path), options: .atomic)
        }
        return small
    }

    /// Removes the thumbnails that were not looked at for longest, where there are too many.
    package func prune(to limit: Int = Self.limit) {
        guard let folder, let stream = opendir(folder) else { return }
        var files: [(path: String, used: Int)] = []
        while let item = readdir(stream) {
            let name = withUnsafeBytes(of: &item.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            var status = stat()
            let path = "\(folder)/\(name)"
            guard name.hasSuffix(".png"), stat(path, &status) == 0 else { continue }
            // Many disks note a look only once a day, which is enough here.
            files.append((path, max(status.st_atim.tv_sec, status.st_mtim.tv_sec)))
        }
        closedir(stream)
        guard files.count > limit else { return }
        for file in files.sorted(by: { $0.used < $1.used }).dropLast(limit) { unlink(file.path) }
    }

    private func path(of entry: PictureEntry, side: Int) -> String? {
        guard let folder else { return nil }
        // FNV-1a, 64 bits: the file's size and time beside it make a collision harmless.
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in entry.path.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        let numbers = [hash, UInt64(bitPattern: entry.modified), UInt64(entry.bytes), UInt64(side)]
        return "\(folder)/\(numbers.map { String($0, radix: 36) }.joined(separator: "-")).png"
    }
}
