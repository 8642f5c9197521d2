/// The entries of a zip file (PKWARE's APPNOTE, with its zip64 fields), all of them stored.
///
/// Sizes come from the central directory, because PyTorch writes data descriptors, and the starts
/// from the local headers, because PyTorch pads those to align the data. Entries that are
/// compressed, encrypted or share bytes are refused.
struct ZipDirectory {
    /// Where each entry's bytes lie in the file, by name.
    private(set) var entries: [String: Range<Int>] = [:]

    private static let entryLimit = 20_000
    private static let nameLimit = 1_024
    private static let utf8NameFlag: UInt16 = 1 << 11
    private static let dataDescriptorFlag: UInt16 = 1 << 3

    private struct CentralEntry {
        let name: String
        let size: Int
        let localHeader: Int
    }

    init(_ file: UnsafeRawBufferPointer) throws(FormatProblem) {
        let directory = try Self.findDirectory(file)
        var position = directory.range.lowerBound
        var used: [Range<Int>] = []
        for _ in 0..<directory.count {
            let entry = try Self.readEntry(file, &position, directory.range.upperBound)
            let data = try Self.findData(file, entry)
            guard data.upperBound <= directory.range.lowerBound else {
                throw FormatProblem("the entry \(quoted(entry.name)) reaches past the data")
            }
            guard entries.updateValue(data, forKey: entry.name) == nil else {
                throw FormatProblem("the entry \(quoted(entry.name)) occurs twice")
            }
            used.append(entry.localHeader..<data.upperBound)
        }
        guard position == directory.range.upperBound else {
            throw FormatProblem("its directory has a wrong size")
        }
        used.sort { $0.lowerBound < $1.lowerBound }
        for (first, second) in zip(used, used.dropFirst())
        where second.lowerBound < first.upperBound {
            throw FormatProblem("two of its entries share bytes")
        }
    }

    /// The central directory's bytes and its number of entries.
    private static func findDirectory(
        _ file: UnsafeRawBufferPointer
    ) throws(FormatProblem) -> (range: Range<Int>, count: Int) {
        guard let end = findEnd(file) else {
            throw FormatProblem("its end, where its directory is, is missing; get it anew")
        }
        var count = UInt64(file.number(UInt16.self, at: end + 10) ?? 0)
        var size = UInt64(file.number(UInt32.self, at: end + 12) ?? 0)
        var start = UInt64(file.number(UInt32.self, at: end + 16) ?? 0)
        var limit = end
        if count == 0xFFFF || size == 0xFFFF_FFFF || start == 0xFFFF_FFFF {
            guard file.number(UInt32.self, at: end - 20) == 0x0706_4B50,
                let record = file.number(UInt64.self, at: end - 12).flatMap({ Int(exactly: $0) }),
                file.number(UInt32.self, at: record) == 0x0606_4B50,
                let count64 = file.number(UInt64.self, at: record + 32),
                let size64 = file.number(UInt64.self, at: record + 40),
                let start64 = file.number(UInt64.self, at: record + 48)
            else {
                throw FormatProblem("its zip64 directory is missing")
            }
            (count, size, start, limit) = (count64, size64, start64, record)
        }
        guard count <= entryLimit else {
            throw FormatProblem("it has \(count) entries; at most \(entryLimit) are allowed")
        }
        guard let first = Int(exactly: start), let length = Int(exactly: size),
            first <= limit, length <= limit - first
        else {
            throw FormatProblem("its directory reaches past the end")
        }
        return (first..<first + length, Int(count))
    }

    /// The start of the end record, whose comment must reach to the end of the file.
    private static func findEnd(_ file: UnsafeRawBufferPointer) -> Int? {
        guard file.count >= 22 else { return nil }
        let last = file.count - 22
        return stride(from: last, through: max(0, last - 0xFFFF), by: -1).first { start in
            file.number(UInt32.self, at: start) == 0x0605_4B50
                && file.number(UInt16.self, at: start + 20).map(Int.init) == last - start
        }
    }

    private static func readEntry(
        _ file: UnsafeRawBufferPointer, _ position: inout Int, _ end: Int
    ) throws(FormatProblem) -> CentralEntry {
        guard let header = file.part(at: position, length: 46),
            header.number(UInt32.self, at: 0) == 0x0201_4B50,
            let flags = header.number(UInt16.self, at: 8),
            let method = header.number(UInt16.self, at: 10),
            let packedSize32 = header.number(UInt32.self, at: 20),
            let size32 = header.number(UInt32.self, at: 24),
            let nameLength = header.number(UInt16.self, at: 28).map(Int.init),
            let extraLength = header.number(UInt16.self, at: 30).map(Int.init),
            let commentLength = header.number(UInt16.self, at: 32).map(Int.init),
            let localHeader32 = header.number(UInt32.self, at: 42),
            let nameBytes = file.part(at: position + 46, length: nameLength),
            let extra = file.part(at: position + 46 + nameLength, length: extraLength),
            position + 46 + nameLength + extraLength + commentLength <= end
        else {
            throw FormatProblem("its directory is damaged")
        }
        guard nameLength <= nameLimit, let name = String(validating: nameBytes, as: UTF8.self)
        else {
            throw FormatProblem("an entry's name is too long or not UTF-8")
        }
        guard method == 0 else { throw FormatProblem("the entry \(quoted(name)) is compressed") }
        guard flags & ~(utf8NameFlag | dataDescriptorFlag) == 0 else {
            throw FormatProblem("the entry \(quoted(name)) is encrypted or patched")
        }
        // The zip64 extra field has, in this order, those numbers that do not fit 32 bits.
        var wide = zip64Numbers(extra)
        func number(_ narrow: UInt32) throws(FormatProblem) -> Int {
            guard narrow == 0xFFFF_FFFF else { return Int(narrow) }
            guard let number = wide.popFirst().flatMap({ Int(exactly: $0) }) else {
                throw FormatProblem("the entry \(quoted(name)) lacks its zip64 size")
            }
            return number
        }
        let size = try number(size32)
        guard try number(packedSize32) == size else {
            throw FormatProblem("the entry \(quoted(name)) has two sizes")
        }
        let localHeader = try number(localHeader32)
        position += 46 + nameLength + extraLength + commentLength
        return CentralEntry(name: name, size: size, localHeader: localHeader)
    }

    private static func zip64Numbers(_ extra: UnsafeRawBufferPointer) -> ArraySlice<UInt64> {
        var position = 0
        while let tag = extra.number(UInt16.self, at: position),
            let length = extra.number(UInt16.self, at: position + 2).map(Int.init)
        {
            guard tag == 1, let field = extra.part(at: position + 4, length: length) else {
                position += 4 + length
                continue
            }
            return stride(from: 0, to: min(length, 24) - 7, by: 8)
                .compactMap { field.number(UInt64.self, at: $0) }[...]
        }
        return []
    }

    /// The bytes of an entry, which follow its local header.
    private static func findData(
        _ file: UnsafeRawBufferPointer, _ entry: CentralEntry
    ) throws(FormatProblem) -> Range<Int> {
        guard file.number(UInt32.self, at: entry.localHeader) == 0x0403_4B50,
            let nameLength = file.number(UInt16.self, at: entry.localHeader + 26).map(Int.init),
            let extraLength = file.number(UInt16.self, at: entry.localHeader + 28).map(Int.init),
            let name = file.part(at: entry.localHeader + 30, length: nameLength),
            name.elementsEqual(entry.name.utf8)
        else {
            throw FormatProblem("the entry \(quoted(entry.name)) has no header of its own")
        }
        let start = entry.localHeader + 30 + nameLength + extraLength
        guard file.part(at: start, length: entry.size) != nil else {
            throw FormatProblem("the entry \(quoted(entry.name)) reaches past the end")
        }
        return start..<start + entry.size
    }
}
