import Foundation
import GRDB

extension StudioDatabase {
    /// Earlier prompts, the newest last.
    package func prompts() throws -> [String] {
        try writer.read { try String.fetchAll($0, sql: "SELECT text FROM prompt ORDER BY used") }
    }

    /// Keeps a prompt as the newest; one that is known moves there.
    package func remember(_ prompt: String) throws {
        try writer.write { try Self.remember(prompt, $0) }
    }

    private static func remember(_ prompt: String, _ db: Database) throws {
        try db.execute(
            sql: """
                INSERT INTO prompt (text, used)
                VALUES (?, (SELECT coalesce(max(used), 0) + 1 FROM prompt))
                ON CONFLICT (text) DO UPDATE SET used = excluded.used
                """, arguments: [prompt])
    }

    /// Takes over the file that earlier versions kept prompts in, one JSON string a line, and
    /// renames it so that this happens once.
    package func takeOverPrompts(from path: String) throws {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return }
        let decoder = JSONDecoder()
        try writer.write { db in
            for line in text.split(separator: "\n") {
                guard let prompt = try? decoder.decode(String.self, from: Data(line.utf8)) else {
                    continue
                }
                try Self.remember(prompt, db)
            }
        }
        try FileManager.default.moveItem(atPath: path, toPath: path + ".imported")
    }
}
