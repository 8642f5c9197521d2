/// What a file holds in place of what it should, where its first bytes tell: what downloads leave
/// behind that went wrong.
package enum ForeignContent {
    /// The end of a sentence that begins with "it is": what the file is, and what would be right.
    package static func description(of bytes: UnsafeRawBufferPointer) -> String? {
        let start = bytes.prefix(512)
        if start.isEmpty { return "an empty file; get it anew" }
        if start.starts(with: "version https://git-lfs".utf8) {
            return "a git-lfs pointer, which stands for the file; `git lfs pull` gets the file "
                + "itself"
        }
        if start.starts(with: [0x1F, 0x8B]) || start.starts(with: [0xFD, 0x37, 0x7A, 0x58]) {
            return "a compressed archive; unpack it"
        }
        if start.count > 1, start[0] == 0x80, (2...5).contains(start[1]) {
            return "a PyTorch file as before version 1.6; save it again with torch.save"
        }
        if start.allSatisfy({ $0 == 0 }) { return "a file of zeros; get it anew" }
        guard let first = start.first(where: { !$0.isJSONSpace }) else { return nil }
        if first == UInt8(ascii: "<") { return "a web page in place of the file; get it anew" }
        let isText = start.allSatisfy { $0.isJSONSpace || (0x20...0x7E).contains($0) }
        guard isText else { return nil }
        let line = start.split(separator: UInt8(ascii: "\n")).first ?? []
        return "a text, \(quoted(String(decoding: line, as: UTF8.self))); get the file anew"
    }
}
