/// A zip file to break: stored entries with a local header, data, and a central directory.
struct ZipFile {
    var entries: [(name: String, bytes: [UInt8])]
    /// Written to both headers.
    var method: UInt16 = 0
    var flags: UInt16 = 0
    var comment: [UInt8] = []
    /// Puts all sizes and offsets into zip64 fields.
    var isZip64 = false

    var bytes: [UInt8] {
        var file: [UInt8] = []
        var directory: [UInt8] = []
        for entry in entries {
            let name = Array(entry.name.utf8)
            let size = little(isZip64 ? UInt32.max : UInt32(entry.bytes.count))
            let start = file.count
            // The padding that PyTorch puts here to align the data.
            let padding = [0x46, 0x42] + little(UInt16(3)) + [0x5A, 0x5A, 0x5A]
            let common = little(UInt16(20)) + little(flags) + little(method)
            let dateAndSum = [UInt8](repeating: 0, count: 8)
            file += little(UInt32(0x0403_4B50)) + common + dateAndSum + size + size
            file += little(UInt16(name.count)) + little(UInt16(padding.count)) + name + padding
            file += entry.bytes
            let wide = [entry.bytes.count, entry.bytes.count, start].flatMap { little(UInt64($0)) }
            let extra = isZip64 ? little(UInt16(1)) + little(UInt16(wide.count)) + wide : []
            directory += little(UInt32(0x0201_4B50)) + little(UInt16(20)) + common + dateAndSum
            directory += size + size + little(UInt16(name.count)) + little(UInt16(extra.count))
            directory += [UInt8](repeating: 0, count: 10)
            directory += little(isZip64 ? UInt32.max : UInt32(start)) + name + extra
        }
        let directoryStart = file.count
        file += directory
        if isZip64 {
            let record = file.count
            file += little(UInt32(0x0606_4B50)) + little(UInt64(44)) + little(UInt32(0))
            file +=
                little(UInt64(0)) + little(UInt64(entries.count)) + little(UInt64(entries.count))
            file += little(UInt64(directory.count)) + little(UInt64(directoryStart))
            file += little(UInt32(0x0706_4B50)) + little(UInt32(0)) + little(UInt64(record))
            file += little(UInt32(1))
        }
        let count = little(isZip64 ? UInt16.max : UInt16(entries.count))
        file += little(UInt32(0x0605_4B50)) + little(UInt32(0)) + count + count
        file += little(isZip64 ? UInt32.max : UInt32(directory.count))
        file += little(isZip64 ? UInt32.max : UInt32(directoryStart))
        return file + little(UInt16(comment.count)) + comment
    }
}

/// The bytes of a number, lowest first.
func little<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
    withUnsafeBytes(of: number.littleEndian, Array.init)
}
