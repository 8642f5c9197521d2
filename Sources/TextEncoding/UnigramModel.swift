// Port of Unigram::encode_optimized, huggingface/tokenizers, models/unigram/model.rs.

/// Splits a word into the pieces whose scores add up highest.
struct UnigramModel: Sendable {
    private let trie: ByteTrie
    private let scores: [Double]
    private let unknownID: Int
    /// What a character costs that no piece covers: 10 below the worst piece.
    private let unknownScore: Double

    /// - Parameters:
    ///   - trie: the pieces by id.
    ///   - scores: log-probabilities by id, all finite.
    init(trie: ByteTrie, scores: [Double], unknownID: Int) {
        self.trie = trie
        self.scores = scores
        self.unknownID = unknownID
        unknownScore = (scores.min() ?? 0) - 10
    }

    /// The best pieces of one word, in order; neighbouring unknown pieces are one.
    ///
    /// - Parameter word: valid UTF-8.
    func pieces(of word: [UInt8]) -> [(id: Int, bytes: Range<Int>)] {
        let best = bestPieceEnds(word)
        var pieces: [(id: Int, bytes: Range<Int>)] = []
        var end = word.count
        while end > 0 {
            let (start, id) = (best[end].start, best[end].id)
            if id == unknownID, let next = pieces.last, next.id == unknownID {
                pieces[pieces.count - 1].bytes = start..<next.bytes.upperBound
            } else {
                pieces.append((id, start..<end))
            }
            end = start
        }
        return pieces.reversed()
    }

    /// The last piece of the best split of each prefix of the word; `start` is -1 where none ends.
    private func bestPieceEnds(_ word: [UInt8]) -> [(score: Double, start: Int, id: Int)] {
        var best = Array(repeating: (score: 0.0, start: -1, id: 0), count: word.count + 1)
        var start = 0
        while start < word.count {
            let scalarEnd = start + word.scalarByteCount(at: start)
            let scoreSoFar = best[start].score
            var isScalarCovered = false
            var node = ByteTrie.root
            var end = start
            while end < word.count, let next = trie.child(of: node, word[end]) {
                node = next
                end += 1
                guard let id = trie.number(at: node) else { continue }
                if end == scalarEnd { isScalarCovered = true }
                // A tie keeps what came first: the piece that starts further left.
                let score = scoreSoFar + scores[Int(id)]
                if best[end].start < 0 || score > best[end].score {
                    best[end] = (score, start, Int(id))
                }
            }
            if !isScalarCovered {
                let score = scoreSoFar + unknownScore
                if best[scalarEnd].start < 0 || score > best[scalarEnd].score {
                    best[scalarEnd] = (score, start, unknownID)
                }
            }
            start = scalarEnd
        }
        return best
    }
}
