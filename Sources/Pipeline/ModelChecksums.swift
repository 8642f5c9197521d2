import Foundation

extension Model {
    /// The list of SHA-256 sums in a model's folder, as `sha256sum` writes it.
    public static let checksumFile = "SHA256SUMS"

    /// Reads the model's files and compares them with `SHA256SUMS` in its folder.
    ///
    /// - Returns: how many files were compared.
    /// - Throws: `ModelError` without such a list, for a checkpoint that it does not name, and for
    ///   a file that is another one.
    @discardableResult
    public func verify() throws(ModelError) -> Int {
        guard
            let text = try? String(
                contentsOfFile: "\(folder)/\(Self.checksumFile)", encoding: .utf8)
        else { throw .noChecksums(folder: folder) }
        var sums: [String: String] = [:]
        for line in text.split(whereSeparator: \.isNewline) {
            let sides = line.split(separator: " ", maxSplits: 1)
            guard sides.count == 2, sides[0].count == 64 else { continue }
            // A * before the name says that the file was read as bytes; `find` puts ./ before it.
            let name = sides[1].drop { $0 == " " || $0 == "*" }
            sums[String(name.hasPrefix("./") ? name.dropFirst(2) : name)] = sides[0].lowercased()
        }
        for file in checkpoints.flatMap(\.files) {
            guard file.hasPrefix("\(folder)/"),
                sums[String(file.dropFirst(folder.count + 1))] != nil
            else { throw .noChecksum(of: file, folder: folder) }
        }
        for (name, sum) in sums.sorted(by: { $0.key < $1.key }) {
            guard SHA256Sum.of(file: "\(folder)/\(name)") == sum else {
                throw .wrongChecksum(of: name, folder: folder)
            }
        }
        return sums.count
    }
}
