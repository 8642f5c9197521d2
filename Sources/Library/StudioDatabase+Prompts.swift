import Foundation
import GRDB

extension StudioDatabase {
    /// Earlier prompts, the newest last.
    package func prompts() throws -> [String] {
        try writer.read { try String.fetchAll($0, sql: "SELECT text FROM prompt ORDER BY used") }
    }

    /// Keeps a prompt as the newest; one that is known moves there.
    ///
    /// - Parameter limit: how many prompts are kept; nil for all.
    package func remember(_ prompt: String, atMost limit: Int? = nil) throws {
        try writer.write { db in
            try Self.remember(prompt, db)
            guard let limit else { return }
            try db.execute(
                sql: """
                    DELETE FROM prompt WHERE text NOT IN
                    (SELECT text FROM prompt ORDER BY used DESC LIMIT ?)
                    """, arguments: [limit])
        }
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
