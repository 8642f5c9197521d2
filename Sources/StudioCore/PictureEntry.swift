/// A picture file as the gallery knows it. The file is the truth; this is read from it, apart from
/// the star and the tags.
package struct PictureEntry: Hashable, Sendable {
    package var path: String
    /// Bytes of the file.
    package var bytes: Int
    /// When the file was last changed, in nanoseconds since 1970.
    package var modified: Int64
    /// Pixels; 0 where the file cannot be read.
    package var width = 0
    /// Pixels; 0 where the file cannot be read.
    package var height = 0
    package var prompt = ""
    package var negativePrompt = ""
    package var seed: UInt64?
    package var steps: Int?
    package var guidance: Double?
    package var temperature: Double?
    /// `constant`, `linear` or `power-cosine`.
    package var decay = ""
    package var residualSteps: Int?
    /// Nil for that of the tokens.
    package var residualGuidance: Double?
    package var residualTemperature: Double?
    package var strength: Double?
    package var model = ""
    /// Such as `inpaint`; empty for a picture made from a prompt alone.
    package var operation = ""
    /// The step a run was stopped after.
    package var stoppedAt: Int?
    package var isStarred = false
    package var tags: [String] = []
    /// Where the file lies in the trash; nil for one that does not.
    package var trashPath: String?
    /// Why the file cannot be read.
    package var problem: String?

    package init(path: String, bytes: Int, modified: Int64) {
        self.path = path
        self.bytes = bytes
        self.modified = modified
    }

    package var name: String { path.split(separator: "/").last.map(String.init) ?? path }

    /// Where the bytes are now.
    package var place: String { trashPath ?? path }
}
