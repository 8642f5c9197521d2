import Imaging
import Requests

extension StudioState {
    /// The step whose pass of the transformer tells most about the token under the cursor: the one
    /// that fixed it, or that shown where it is masked.
    package var readoutStep: Int? {
        guard let snapshot = shownSnapshot, let token = cursorToken,
            snapshot.fixedAt.indices.contains(token)
        else { return nil }
        let fixed = snapshot.fixedAt[token] ?? 0
        return max(1, fixed > 0 ? fixed : snapshot.step)
    }

    /// Asks what the model would put under the cursor, while it has nothing else to do.
    mutating func readToken() -> [StudioEffect] {
        guard let run = shown, let token = cursorToken, let step = readoutStep,
            job?.isPaused ?? true, run.status != .waiting, run.step > 0,
            (proposal?.candidates.count ?? 1) == 1
        else { return [] }
        if let known = candidates, known.run == run.id, known.position == token,
            known.step == step
        {
            return []
        }
        return [.candidates(run.id, step: step, position: token)]
    }

    /// What the model would put under the cursor, if that is known already.
    package var readout: [TokenCandidate]? {
        guard let known = candidates, known.run == shownRun, known.position == cursorToken,
            known.step == readoutStep
        else { return nil }
        return known.candidates
    }

    // MARK: Changing tokens

    /// Why a token cannot be changed now; nil where it can.
    private func problem(changing token: Int?) -> String? {
        guard let run = shown, cursorToken != nil, !run.snapshots.isEmpty else {
            return "There are no tokens to change yet."
        }
        if !isPlain, let proposal, proposal.candidates.count > 1 {
            return job == nil
                ? "\(key(.accept)) shows this picture alone; its tokens can be changed then."
                : "Tokens are changed in a picture by itself; \(key(.fork)) forks this one."
        }
        if let job, !job.isPaused {
            return "\(key(.pause)) pauses the run; tokens can be changed then."
        }
        guard let snapshot = shownSnapshot, snapshot.step < run.steps else {
            return "Step back first: tokens can be changed at any step before the last."
        }
        if let token, snapshot.fixedAt.indices.contains(token), snapshot.fixedAt[token] == 0 {
            return
                "This token was there before the run; \(key(.editMask)) paints a mask to make it "
                + "anew."
        }
        return nil
    }

    /// Masks a fixed token again; a masked one gets the likeliest entry.
    mutating func togglePin() -> [StudioEffect] {
        if let problem = problem(changing: cursorToken) {
            message = Message(problem, .problem)
            return []
        }
        guard let token = cursorToken, let snapshot = shownSnapshot else { return [] }
        if snapshot.ids[token] != nil { return change(token, to: nil) }
        guard let best = readout?.first else {
            message = Message("The candidates are not known yet; press again in a moment.")
            return readToken()
        }
        return change(token, to: best.id)
    }

    mutating func unpin() -> [StudioEffect] {
        if let problem = problem(changing: cursorToken) {
            message = Message(problem, .problem)
            return []
        }
        guard let token = cursorToken, let snapshot = shownSnapshot else { return [] }
        guard snapshot.ids[token] != nil else {
            message = Message("This token is masked already.")
            return []
        }
        return change(token, to: nil)
    }

    mutating func askSwap() -> [StudioEffect] {
        if let problem = problem(changing: cursorToken) {
            message = Message(problem, .problem)
            return []
        }
        popup = .choice(.candidates, 0)
        return readToken()
    }

    /// Puts a candidate under the cursor.
    mutating func choose(_ index: Int) -> [StudioEffect] {
        popup = nil
        guard let list = readout, list.indices.contains(index), let token = cursorToken else {
            return []
        }
        return change(token, to: list[index].id)
    }

    /// A fork changes, so that a command can say what was done: from which step of what, and with
    /// which tokens. One that has not gone on yet takes further changes.
    private mutating func change(_ token: Int, to id: Int?) -> [StudioEffect] {
        guard let run = shown, let snapshot = shownSnapshot,
            snapshot.ids.indices.contains(token)
        else { return [] }
        let before = TokenMark(
            position: token, id: snapshot.ids[token], fixedAt: snapshot.fixedAt[token],
            confidence: snapshot.confidence[token])
        var target = run.id
        var effects: [StudioEffect] = []
        if run.picture != nil || snapshot.step < run.step || !run.isAtItsFork {
            (target, effects) = forkPaused(run, step: snapshot.step)
            message = Message(
                "A fork from step \(snapshot.step), paused, with this change; \(key(.pause)) goes on."
            )
        }
        if tokenChanges.run != target {
            tokenChanges = TokenChanges(run: target, step: snapshot.step)
        }
        tokenChanges.undone = []
        tokenChanges.done.append(
            TokenChange(
                before: before, after: id,
                wasChosen: runs[target]?.chosenTokens.ids.keys.contains(token) ?? false))
        runs[target]?.chosenTokens.choose(id, at: token)
        return effects + [.pin(target, position: token, id: id)]
    }

    /// Sets a token of the step shown by its place, or masks it again.
    mutating func changeToken(_ place: Int, to id: Int?) -> [StudioEffect] {
        if let problem = problem(changing: place) {
            message = Message(problem, .problem)
            return []
        }
        let places = 0..<(shownSnapshot?.ids.count ?? 0)
        let entries = 0..<(facts?.codebookSize ?? 0)
        guard places.contains(place), id.map(entries.contains) ?? true else {
            message = Message(
                "Tokens are 0 to \(places.count - 1), their entries 0 to \(entries.count - 1).",
                .problem)
            return []
        }
        return change(place, to: id)
    }

    /// Takes back, or does again, a change of a paused run's tokens; nil where there is none.
    mutating func travelTokens(isUndo: Bool) -> [StudioEffect]? {
        guard let run = shownRun, tokenChanges.run == run, job?.isPaused == true,
            let change = isUndo ? tokenChanges.done.popLast() : tokenChanges.undone.popLast()
        else { return nil }
        if isUndo {
            tokenChanges.undone.append(change)
        } else {
            tokenChanges.done.append(change)
        }
        message = Message(isUndo ? "Token put back." : "Token changed again.")
        let token = change.before.position
        if isUndo, !change.wasChosen {
            runs[run]?.chosenTokens.forget(token)
            return [.putBack(run, change.before)]
        }
        let id = isUndo ? change.before.id : change.after
        runs[run]?.chosenTokens.choose(id, at: token)
        return [.pin(run, position: token, id: id)]
    }
}

/// The changes made by hand to a paused run's tokens since its last step.
package struct TokenChanges: Hashable, Sendable {
    let run: RunID?
    /// The step that it stands at.
    let step: Int
    var done: [TokenChange] = []
    var undone: [TokenChange] = []

    init(run: RunID? = nil, step: Int = 0) {
        (self.run, self.step) = (run, step)
    }
}

package struct TokenChange: Hashable, Sendable {
    package let before: TokenMark
    package let after: Int?
    /// Whether it had been changed by hand in this fork before.
    package let wasChosen: Bool
}

/// A token as the model, or a person, left it.
package struct TokenMark: Hashable, Sendable {
    package let position: Int
    /// Nil where it was masked.
    package let id: Int?
    package let fixedAt: Int?
    package let confidence: Float

    package init(position: Int, id: Int?, fixedAt: Int?, confidence: Float) {
        self.position = position
        self.id = id
        self.fixedAt = fixedAt
        self.confidence = confidence
    }
}
