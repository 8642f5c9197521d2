import Imaging
import StudioCore

extension StudioDatabase {
    /// Moves a picture into the trash. Where it will lie is kept first: whatever ends the program in
    /// between, the picture, its star and its tags are found again, here or there.
    ///
    /// - Returns: where the file lies now.
    /// - Throws: `TrashError`, `DatabaseError`; the file is where it was then.
    package func take(_ entry: PictureEntry, calls: FileCalls = FileCalls()) throws -> String {
        do {
            return try Trash.take(entry, calls: calls) { try trash(entry.path, to: $0) }
        } catch let error as TrashError {
            // What cannot be taken back here the next look at the folder puts right.
            try? trash(entry.path, to: nil)
            throw error
        }
    }
}
