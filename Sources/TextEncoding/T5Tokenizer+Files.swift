import Foundation

extension T5Tokenizer {
    /// Opens the tokenizer of a model folder: its `tokenizer.json`, or else its `spiece.model`.
    ///
    /// Beside a `spiece.model`, `tokenizer_config.json` may say how many `extra_ids` there are.
    public init(folder: String) throws(TokenizerError) {
        let path = { (name: String) in folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)" }
        if let bytes = try readFile(path("tokenizer.json")) {
            try self.init(tokenizerJSON: bytes, file: path("tokenizer.json"))
            return
        }
        guard let model = try readFile(path("spiece.model")) else {
            throw .absent(folder: folder)
        }
        let config = path("tokenizer_config.json")
        let extraIDCount = try readFile(config).flatMap { (bytes) throws(TokenizerError) in
            try TokenizerTables.extraIDCount(tokenizerConfig: bytes, file: config)
        }
        try self.init(
            sentencePiece: model, extraIDCount: extraIDCount ?? 100, file: path("spiece.model"))
    }

    /// Reads the bytes of a `tokenizer.json`.
    ///
    /// - Parameter file: its name, for errors.
    public init(
        tokenizerJSON bytes: [UInt8], file: String = "tokenizer.json"
    ) throws(TokenizerError) {
        try self.init(try TokenizerTables(tokenizerJSON: bytes, file: file))
    }

    /// Reads the bytes of a `spiece.model`.
    ///
    /// - Parameters:
    ///   - extraIDCount: how many `<extra_id_N>` follow its pieces, the highest N first.
    ///   - file: its name, for errors.
    public init(
        sentencePiece bytes: [UInt8], extraIDCount: Int = 100, file: String = "spiece.model"
    ) throws(TokenizerError) {
        try self.init(
            try TokenizerTables(sentencePiece: bytes, extraIDCount: extraIDCount, file: file))
    }
}

/// All bytes of a regular file of at most `TokenizerTables.maximumFileByteCount`; nil when there
/// is none.
private func readFile(_ path: String) throws(TokenizerError) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
        if errno == ENOENT { return nil }
        throw .unreadable(path: path, reason: String(cString: strerror(errno)))
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
        throw .unreadable(path: path, reason: "it is not a regular file")
    }
    let (byteCount, limit) = (Int(status.st_size), TokenizerTables.maximumFileByteCount)
    guard byteCount <= limit else {
        throw .oversized(path: path, byteCount: byteCount, limit: limit)
    }
    let bytes = [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, count in
        while count < byteCount {
            let got = read(descriptor, buffer.baseAddress?.advanced(by: count), byteCount - count)
            guard got > 0 else { break }
            count += got
        }
    }
    guard bytes.count == byteCount else {
        throw .unreadable(path: path, reason: "it ends after \(bytes.count) of \(byteCount) bytes")
    }
    return bytes
}
