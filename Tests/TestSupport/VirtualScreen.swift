import Foundation
import Imaging

/// A display without a screen (Xvfb), on which a real xterm with sixel runs a program, keys are
/// pressed and pixels are read.
///
/// Both programs end with the object.
public final class VirtualScreen {
    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    /// What it needs and this machine lacks.
    public static let missing = ["Xvfb", "xterm", "xdotool"].filter { find($0) == nil }

    /// Started in terminals of their own, which also end them.
    private let server: Pseudoterminal
    private let terminal: Pseudoterminal
    private let display: String
    /// Where the server keeps its pixels.
    private let pixelFile: String
    private let folder: TemporaryFolder

    private static func find(_ name: String) -> String? {
        ["/usr/bin", "/usr/local/bin", "/opt/X11/bin"].map { "\($0)/\(name)" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    private static func start(
        _ name: String, _ arguments: [String], in folder: TemporaryFolder,
        _ environment: [String: String]
    ) throws -> Pseudoterminal {
        guard let path = find(name) else { throw Failure(description: "There is no \(name).") }
        return try Pseudoterminal(
            path, arguments, in: folder.path, environment: environment, columns: 80, rows: 24)
    }

    /// - Parameter environment: what the program gets.
    public init(
        running program: String, _ arguments: [String], environment: [String: String],
        columns: Int, rows: Int
    ) throws {
        folder = try TemporaryFolder()
        server = try Self.start(
            "Xvfb",
            ["-displayfd", "1", "-screen", "0", "1280x800x24", "-fbdir", folder.path], in: folder,
            [:])
        var said = ""
        for _ in 0..<100 where !said.contains("\n") {
            said += String(decoding: server.read(within: 0.1), as: UTF8.self)
        }
        guard let number = said.split(whereSeparator: \.isWhitespace).last, Int(number) != nil
        else {
            throw Failure(description: "Xvfb has no display; it says \(said.debugDescription).")
        }
        display = ":\(number)"
        pixelFile = folder.file("Xvfb_screen0")
        terminal = try Self.start(
            "xterm",
            [
                "-ti", "vt340", "-xrm", "XTerm*numColorRegisters: 1024", "-xrm",
                "XTerm*decTerminalID: vt340", "-b", "0", "+sb", "-bg", "black",
                "-geometry", "\(columns)x\(rows)+0+0", "-e", program
            ] + arguments, in: folder,
            environment.merging(["DISPLAY": display]) { $1 })
    }

    /// Presses keys by their X names, such as `alt+3` or `Escape`.
    public func press(_ keys: String...) throws {
        try tool(["mousemove", "60", "60", "key", "--delay", "40"] + keys)
    }

    public func type(_ text: String) throws {
        try tool(["mousemove", "60", "60", "type", "--delay", "40", text])
    }

    private func tool(_ arguments: [String]) throws {
        let tool = try Self.start("xdotool", arguments, in: folder, ["DISPLAY": display])
        for _ in 0..<500 where !tool.hasEnded { usleep(10_000) }
        guard tool.status == 0 else {
            throw Failure(
                description: "xdotool ends with \(tool.status.map(String.init) ?? "nothing").")
        }
    }

    /// All pixels now.
    public func picture() throws -> RGBImage {
        // X window dump, version 7: a header of big-endian numbers, colours of 12 bytes, rows of
        // 32 bits a pixel with blue first.
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: pixelFile)))
        func number(_ index: Int) -> Int {
            bytes[4 * index..<4 * index + 4].reduce(0) { $0 << 8 | Int($1) }
        }
        guard bytes.count > 100, number(1) == 7, number(11) == 32 else {
            throw Failure(description: "\(pixelFile) is no dump with 32 bits a pixel.")
        }
        let (width, height, rowLength) = (number(4), number(5), number(12))
        let start = number(0) + 12 * number(19)
        guard bytes.count >= start + height * rowLength else {
            throw Failure(description: "\(pixelFile) ends early.")
        }
        var pixels = [UInt8](repeating: 0, count: 3 * width * height)
        for y in 0..<height {
            for x in 0..<width {
                let (from, to) = (start + y * rowLength + 4 * x, 3 * (y * width + x))
                for channel in 0..<3 { pixels[to + channel] = bytes[from + 2 - channel] }
            }
        }
        return RGBImage(width: width, height: height, pixels: pixels)
    }

    /// Looks until `isThere`, for some seconds.
    public func wait(
        for what: String, seconds: Double = 30, until isThere: (RGBImage) -> Bool
    ) throws {
        let end = Date(timeIntervalSinceNow: seconds)
        while !isThere(try picture()) {
            guard Date() < end, !terminal.hasEnded else {
                throw Failure(description: "Waited \(seconds) s for \(what).")
            }
            usleep(100_000)
        }
    }
}
