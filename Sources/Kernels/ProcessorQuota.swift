import Foundation

/// How much processor time the control groups of this process allow, as containers set it.
package enum ProcessorQuota {
    /// In processors, such as 1.5; nil where nothing limits it.
    ///
    /// - Parameters:
    ///   - groups: what `/proc/self/cgroup` says.
    ///   - root: where the control groups' files are.
    package static func processors(
        groups: String = (try? String(contentsOfFile: "/proc/self/cgroup", encoding: .utf8)) ?? "",
        root: String = "/sys/fs/cgroup"
    ) -> Double? {
        var limits: [Double] = []
        for line in groups.split(separator: "\n") {
            // Number, controllers, path; version 2 has no controllers.
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { continue }
            if fields[1].isEmpty {
                limits += folders(String(fields[2]), below: root).compactMap(limit)
            } else if fields[1].split(separator: ",").contains("cpu") {
                limits += folders(String(fields[2]), below: "\(root)/cpu").compactMap(oldLimit)
            }
        }
        return limits.min()
    }

    /// A group's folder and those of the groups around it. Inside a container its own is the root.
    private static func folders(_ path: String, below root: String) -> [String] {
        var folder = root
        return [root]
            + path.split(separator: "/").map { name in
                folder += "/\(name)"
                return folder
            }
    }

    /// `200000 100000`, or `max 100000` for none.
    private static func limit(_ folder: String) -> Double? {
        let numbers = words("\(folder)/cpu.max").map { Double($0) }
        guard numbers.count == 2, let time = numbers[0], let period = numbers[1], time > 0,
            period > 0
        else { return nil }
        return time / period
    }

    /// Of version 1, where -1 is none.
    private static func oldLimit(_ folder: String) -> Double? {
        guard let time = words("\(folder)/cpu.cfs_quota_us").first.flatMap({ Double($0) }),
            let period = words("\(folder)/cpu.cfs_period_us").first.flatMap({ Double($0) }),
            time > 0, period > 0
        else { return nil }
        return time / period
    }

    private static func words(_ path: String) -> [Substring] {
        let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        return text.split(whereSeparator: \.isWhitespace)
    }
}
