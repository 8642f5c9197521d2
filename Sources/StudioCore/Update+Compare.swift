import Imaging
import TerminalGraphics

/// A residual strength that a picture is to have.
struct StrengthAsked: Hashable, Sendable {
    let run: RunID?
    let strength: Float
}

extension StudioState {
    mutating func compare(_ command: Command) -> [StudioEffect] {
        guard isPictureShown else {
            message =
                isLoading
                ? loading
                : Message(
                    shown?.picture == nil
                        ? "There is no residual before the run is finished."
                        : "Steps have no residual; \(key(.lastStep)) shows the finished picture.",
                    .problem)
            return []
        }
        let wanted: CanvasState.Display =
            switch command {
            case .toggleResidual, .flip: .discrete
            case .split: .split
            case .difference: .difference
            default: .residual
            }
        canvas.display = canvas.display == wanted ? .refined : wanted
        return []
    }

    // MARK: Leaving

    /// Whether the canvas shows something else than the finished picture by itself.
    package var isComparing: Bool {
        isPictureShown && (canvas.display != .refined || canvas.comparison != nil)
    }

    /// The picture by itself again.
    mutating func leaveComparison() {
        canvas.display = .refined
        canvas.partner = nil
        canvas.isSwapped = false
    }

    /// Another picture is shown, which nobody wanted to lay against the same partner.
    mutating func leavePartner() {
        if canvas.partner != nil { leaveComparison() }
    }

    /// Left and right, or what is taken from what, the other way round.
    mutating func swapCompared() {
        guard isPictureShown, canvas.display == .split || canvas.display == .difference else {
            message = Message(
                "A split view (\(key(.split))) and a difference (\(key(.difference))) have sides to "
                    + "swap.", .problem)
            return
        }
        canvas.isSwapped.toggle()
    }

    mutating func moveDivider(_ distance: Double) {
        guard isPictureShown, canvas.display == .split else {
            message = Message("Only a split view (\(key(.split))) has a divider.", .problem)
            return
        }
        canvas.divider = min(max(0.05, canvas.divider + distance), 0.95)
    }

    // MARK: Two pictures

    /// Pictures that the one shown can be laid against; pixels of an earlier sitting's are made then.
    package var comparable: [RunID] {
        guard let own = shown, own.picture != nil else { return [] }
        return order.filter { id in
            guard id != shownRun, let other = runs[id], other.status == .finished else {
                return false
            }
            return (other.gridWidth, other.gridHeight) == (own.gridWidth, own.gridHeight)
        }
    }

    /// Finished pictures that are left out because their size is another.
    package var incomparableCount: Int {
        order.count { $0 != shownRun && runs[$0]?.status == .finished } - comparable.count
    }

    mutating func askComparison() {
        guard isPictureShown else {
            message = Message("Two finished pictures can be compared.", .problem)
            return
        }
        guard !comparable.isEmpty else {
            message = Message(
                "There is no other finished picture of this size to compare with.", .problem)
            return
        }
        popup = .choice(.comparison, 0)
    }

    /// The choices of the comparison: what a result was made from, the picture's own discrete half,
    /// then other pictures, the newest first.
    package var comparisonChoices: [RunID?] {
        let source = sourceOfResult
        return (source.map { [$0] } ?? []) + [nil] + comparable.reversed().filter { $0 != source }
    }

    /// The picture that the result shown would replace, where one can be laid over the other.
    package var sourceOfResult: RunID? {
        proposal?.base.flatMap { comparable.contains($0) ? $0 : nil }
    }

    /// Before and after: a result, or the picture that it was made from.
    mutating func flipSource() {
        guard isPictureShown, let source = sourceOfResult else {
            message = Message(
                proposal?.base == nil
                    ? "Only a result that waits to be accepted has a picture that it was made from."
                    : "The result and the picture that it was made from are not of one size.",
                .problem)
            return
        }
        guard canvas.partner != source || canvas.display != .discrete else {
            leaveComparison()
            return
        }
        (canvas.partner, canvas.display, canvas.isSwapped) = (source, .discrete, false)
    }

    mutating func compareWith(_ index: Int) {
        popup = nil
        guard comparisonChoices.indices.contains(index) else { return }
        canvas.partner = comparisonChoices[index]
        canvas.display = .split
        canvas.isSwapped = false
        settleComparison()
        guard let partner = canvas.partner else {
            message = Message("The discrete picture is on the left.")
            return
        }
        message = Message(
            runs[partner]?.picture == nil
                ? "Picture \(partner) is made from its tokens; it is on the left in a moment."
                : "Picture \(partner) is on the left; \(key(.toggleResidual)) flips, "
                    + "\(key(.difference)) shows differences.")
    }

    /// The picture that the one shown is laid against: another one's, or its own discrete half.
    package var counterpart: RGBImage? {
        guard let own = shown?.picture else { return nil }
        return partnerPicture?.image ?? own.discrete
    }

    /// The other picture that the one shown is laid against, once its pixels are there.
    var partnerPicture: (run: RunID, image: RGBImage)? {
        guard let own = shown?.picture, let partner = canvas.partner, partner != shownRun,
            let other = runs[partner]?.picture, other.refined.width == own.refined.width,
            other.refined.height == own.refined.height
        else { return nil }
        return (partner, other.refined)
    }

    /// The picture that is seen: that on the canvas, or after a flip the one it is compared with.
    var runSeen: RunRecord? {
        guard isPictureShown, canvas.display == .discrete, let partner = partnerPicture else {
            return shown
        }
        return runs[partner.run]
    }

    /// Whether it is the discrete half of the picture on the canvas.
    var isDiscreteSeen: Bool { canvas.display == .discrete && runSeen?.id == shownRun }

    /// Measures two pictures once, when one of them changes.
    mutating func settleComparison() {
        guard isPictureShown, let shownRun, let own = shown?.picture, let other = partnerPicture
        else {
            canvas.comparison = nil
            return
        }
        if canvas.comparison?.run == shownRun, canvas.comparison?.partner == other.run { return }
        canvas.comparison = CanvasState.Comparison(
            run: shownRun, partner: other.run, psnr: own.refined.psnr(against: other.image))
    }

    // MARK: Residual

    /// A picture gets stronger or weaker than it is, or than was asked of it a moment ago, whatever
    /// the panel says.
    mutating func takeStrengthShown() {
        let asked = StrengthAsked(run: shownRun, strength: parameters.residualStrength)
        if strengthAsked != asked, let strength = shown?.picture?.strength {
            parameters.residualStrength = strength
        }
    }

    /// One notch up or down.
    mutating func changeStrength(_ direction: Int) -> [StudioEffect] {
        takeStrengthShown()
        noteParameters()
        parameters.adjust(.strength, by: direction)
        let strength = parameters.shown(.strength)
        recordParameters("strength \(strength)")
        message = Message("Residual strength \(strength).")
        return strengthChanged()
    }

    /// Residual tokens again: with a new seed, or with the same one and other steps.
    mutating func remakeResidual(withNewSeed: Bool) -> [StudioEffect] {
        guard isReady() else { return [] }
        guard let run = shown, run.picture != nil else {
            message =
                isLoading
                ? loading : Message("A new residual needs a finished picture.", .problem)
            return []
        }
        guard run.hasOwnTokens else {
            message = Message(
                "This picture was read from pixels, so its residual is its own; edit it first.",
                .problem)
            return []
        }
        var request = run.request
        let seed = withNewSeed ? randomSeed() : run.request.residual.seed
        request.residual = parameters.residual
        request.residual.seed = seed
        return begin([(request, .residual(of: run.id))])
    }
}
