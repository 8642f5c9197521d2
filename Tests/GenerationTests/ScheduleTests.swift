import Generation
import Requests
import Testing

/// The counts that FACTS.md lists for 256 tokens and 12 steps.
@Test func aFullMaskThinsOutAsTheOfficialCodeDoes() {
    let expected = [242, 228, 214, 200, 185, 170, 154, 137, 117, 95, 67, 0]
    for schedule in [MaskSchedule.official, .scaled] {
        let wanted = (0..<12).map {
            schedule.wanted(after: $0, of: 12, tokens: 256, unknownAtStart: 256)
        }
        #expect(wanted == expected)
    }
}

/// A hole of 64 tokens: the scaled rule spreads the work, the official one leaves it to the end.
@Test func aPartialMaskThinsOutEvenly() {
    func fixed(_ schedule: MaskSchedule) -> [Int] {
        var masked = 64
        return (0..<12).map { step in
            let wanted = schedule.wanted(after: step, of: 12, tokens: 256, unknownAtStart: 64)
            let left = step == 11 ? 0 : max(1, min(masked - 1, wanted))
            defer { masked = left }
            return masked - left
        }
    }
    #expect(fixed(.scaled) == [4, 3, 4, 3, 4, 4, 4, 4, 5, 6, 7, 16])
    #expect(fixed(.official) == [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 53])
}

@Test(arguments: MaskSchedule.allCases.filter { $0 != .official }, [1, 2, 7, 64, 256, 1024])
func everyStepCanFixAToken(schedule: MaskSchedule, unknown: Int) {
    for steps in [1, 2, 5, 12, 64] where steps <= unknown {
        for step in 0..<steps - 1 {
            // As many tokens must stay as there are steps left.
            let wanted = schedule.wanted(
                after: step, of: steps, tokens: unknown, unknownAtStart: unknown)
            #expect(wanted >= steps - step - 1 && wanted <= unknown)
        }
    }
}

@Test func guidanceDecaysAsTheOfficialCodeDoes() {
    var settings = SamplingSettings(steps: 4, guidanceScale: 5)
    #expect((0..<4).map(settings.guidance) == [5, 5, 5, 5])
    settings.guidanceDecay = .linear
    #expect((0..<4).map(settings.guidance) == [0, 1.25, 2.5, 3.75])
    #expect(settings.headGuidance == 5)
    settings.guidanceDecay = .powerCosine
    settings.guidancePower = 1
    let expected: [Float] = [1, 1 + 4 * (1 - 0.70710678) / 2, 3, 1 + 4 * (1 + 0.70710678) / 2]
    for (found, wanted) in zip((0..<4).map(settings.guidance), expected) {
        #expect(abs(found - wanted) < 1e-5)
    }
    #expect(abs(settings.headGuidance - expected[3]) < 1e-5)
}

@Test func thirtyTwoOfAThousandStepsAreTheOfficialOnes() {
    let expected = [
        0, 32, 64, 97, 129, 161, 193, 226, 258, 290, 322, 354, 387, 419, 451, 483, 516, 548, 580,
        612, 645, 677, 709, 741, 773, 806, 838, 870, 902, 935, 967, 999
    ]
    #expect(DiffusionSchedule(steps: 32).timesteps == expected)
}

@Test(arguments: [1, 2, 8, 20, 100, 1000])
func everyDiffusionTableIsFinite(steps: Int) {
    let schedule = DiffusionSchedule(steps: steps)
    let tables = [
        schedule.betas, schedule.cleanWeight, schedule.noisyWeight, schedule.signalScale,
        schedule.noiseScale, schedule.logVarianceMaximum
    ]
    for table in tables { #expect(table.count == steps && table.allSatisfy { $0.isFinite }) }
    // The last step adds no noise: with one step there is no other.
    #expect(steps == 1 || schedule.logVarianceMinimum.allSatisfy { $0.isFinite })
    #expect(Set(schedule.timesteps).count == steps)
}

/// In floating point 10 (1 - 0.8) is a little less than 2, and a step would be lost.
@Test func aStraightLineThinsOutByEqualSteps() {
    let wanted = (0..<10).map {
        MaskSchedule.linear.wanted(after: $0, of: 10, tokens: 10, unknownAtStart: 10)
    }
    #expect(wanted == [9, 8, 7, 6, 5, 4, 3, 2, 1, 0])
}

/// An edit of few tokens still gets four steps where it can.
@Test func fewTokensHaveFourSteps() {
    let settings = SamplingSettings(steps: 12)
    #expect(settings.steps(making: 4, of: 256) == 4)
    #expect(settings.steps(making: 3, of: 256) == 3)
    #expect(settings.steps(making: 64, of: 256) == 6)
    #expect(settings.steps(making: 256, of: 256) == 12)
    #expect(SamplingSettings(steps: 2).steps(making: 64, of: 256) == 2)
}

/// Linear decay begins without guidance, so that a single step has none, and its head had none either.
@Test func aHeadWhoseStepHadNoGuidanceHadNone() {
    var settings = SamplingSettings(steps: 1, guidanceScale: 3)
    settings.guidanceDecay = .linear
    #expect(settings.headGuidance == 3 && settings.effectiveHeadGuidance == 0)
    settings.steps = 2
    #expect(settings.effectiveHeadGuidance == 3)
}
