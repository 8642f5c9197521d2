import Foundation
import Kernels
import TestSupport
import Testing

/// A folder of control groups with these files.
private func quota(_ groups: String, _ files: [String: String]) throws -> Double? {
    let folder = try TemporaryFolder()
    for (name, text) in files {
        let path = folder.file(name)
        try FileManager.default.createDirectory(
            at: URL(fileURLWithPath: path).deletingLastPathComponent(),
            withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    }
    return ProcessorQuota.processors(groups: groups, root: folder.path)
}

@Test func theNarrowestGroupCounts() throws {
    #expect(try quota("0::/\n", [:]) == nil)
    #expect(try quota("0::/\n", ["cpu.max": "max 100000\n"]) == nil)
    #expect(try quota("0::/\n", ["cpu.max": "150000 100000\n"]) == 1.5)
    let nested = ["a/cpu.max": "200000 100000\n", "a/b/cpu.max": "max 100000\n"]
    #expect(try quota("0::/a/b\n", nested) == 2)
    #expect(try quota("0::/a/b\n", nested.merging(["a/b/cpu.max": "50000 100000"]) { $1 }) == 0.5)
}

@Test func olderGroupsAreReadToo() throws {
    let groups = "5:cpuset:/\n4:cpu,cpuacct:/box\n0::/\n"
    let files = ["cpu/box/cpu.cfs_quota_us": "400000\n", "cpu/box/cpu.cfs_period_us": "100000\n"]
    #expect(try quota(groups, files) == 4)
    #expect(try quota(groups, files.merging(["cpu/box/cpu.cfs_quota_us": "-1\n"]) { $1 }) == nil)
}

@Test func whatIsNoQuotaIsNone() throws {
    for text in ["", "100000", "a b", "100000 0", "-1 100000", "nan 100000"] {
        #expect(try quota("0::/\n", ["cpu.max": text]) == nil, "\(text)")
    }
}

@Test(arguments: [
    ("0-3", [0, 1, 2, 3]), ("0", [0]), ("0,2-3,8", [0, 2, 3, 8]), ("", []), ("x", []), ("3-1", []),
    ("0-99999999999", [])
])
func listsOfProcessorsAreRead(text: String, numbers: [Int]) {
    #expect(Processor.numbers(of: text) == numbers)
}
