import TerminalGraphics
import Testing

@Test func oneFrameIsOnItsWayAtMost() {
    var pacer = FramePacer(fullSide: 512)
    #expect(pacer.canSend && pacer.side == 512 && pacer.nextTick == nil)
    pacer.sent(at: .seconds(1))
    #expect(!pacer.canSend)
    pacer.tick(at: .milliseconds(1400))
    #expect(!pacer.canSend && pacer.side == 512)
    pacer.answered(at: .milliseconds(1450))
    #expect(pacer.canSend && pacer.side == 512)
}

@Test func slowAnswersHalveTheSidesAndThenLeaveTheTwin() {
    var pacer = FramePacer(fullSide: 512)
    var sides: [Int?] = []
    var now = Duration.zero
    while pacer.canSend {
        pacer.sent(at: now)
        now += .milliseconds(501)
        pacer.answered(at: now)
        sides.append(pacer.side)
    }
    #expect(sides == [256, 128, nil])
    pacer.reset()
    #expect(pacer.canSend && pacer.side == 512)
}

@Test func halvingStopsAtTheFloor() {
    var pacer = FramePacer(fullSide: 200)
    pacer.sent(at: .zero)
    pacer.answered(at: .seconds(1))
    #expect(pacer.side == 128)
}

@Test func aFrameIsSlowOnlyOnce() {
    var pacer = FramePacer(fullSide: 512)
    pacer.sent(at: .zero)
    #expect(pacer.nextTick == .milliseconds(500))
    pacer.tick(at: .milliseconds(500))
    #expect(pacer.side == 512)
    pacer.tick(at: .milliseconds(501))
    #expect(pacer.side == 256 && !pacer.canSend)
    #expect(pacer.nextTick == .seconds(10))
    pacer.tick(at: .seconds(2))
    pacer.answered(at: .seconds(3))
    #expect(pacer.side == 256 && pacer.canSend)
}

@Test func anAnswerThatNeverComesEndsPixels() {
    var pacer = FramePacer(fullSide: 512)
    pacer.sent(at: .zero)
    pacer.tick(at: .seconds(11))
    #expect(!pacer.canSend && pacer.side == nil && pacer.nextTick == nil)
    pacer.answered(at: .seconds(12))
    #expect(pacer.side == nil)
    pacer.reset()
    #expect(pacer.canSend)
}

/// A terminal that was busy for a while gets its pixels back, though nothing is sent meanwhile.
@Test func afterARestLargerFramesAreTriedAgain() {
    var pacer = FramePacer(fullSide: 512)
    var now = Duration.zero
    while pacer.canSend {
        pacer.sent(at: now)
        now += .milliseconds(600)
        pacer.answered(at: now)
    }
    var sides: [Int?] = []
    for _ in 0..<8 {
        guard let next = pacer.nextTick else { break }
        now = next
        pacer.tick(at: now)
        sides.append(pacer.side)
    }
    #expect(sides == [128, 256, 512])
    #expect(now < .seconds(20))
}

@Test func eachFailureMakesTheRestLonger() {
    var pacer = FramePacer(fullSide: 128)
    var now = Duration.zero
    var rests: [Duration] = []
    for _ in 0..<7 {
        pacer.sent(at: now)
        now += .milliseconds(600)
        pacer.answered(at: now)
        #expect(pacer.side == nil)
        rests.append((pacer.nextTick ?? now) - now)
        now += rests.last ?? .zero
        pacer.tick(at: now)
    }
    #expect(rests == [2, 4, 8, 16, 32, 32, 32].map { .seconds($0) })
}

@Test func aLateAnswerBringsPixelsBack() {
    var pacer = FramePacer(fullSide: 512)
    pacer.sent(at: .zero)
    pacer.tick(at: .seconds(11))
    #expect(pacer.side == nil && pacer.nextTick == nil)
    pacer.answered(at: .seconds(12))
    while let next = pacer.nextTick { pacer.tick(at: next) }
    #expect(pacer.side == 512)
}

@Test func quickAnswersGrowTheSidesBack() {
    var pacer = FramePacer(fullSide: 512)
    pacer.sent(at: .zero)
    pacer.answered(at: .milliseconds(600))
    var now = Duration.seconds(1)
    var sides: [Int?] = []
    for milliseconds in [100, 100, 100, 126, 100, 100, 100, 100, 100, 100, 100, 100] {
        pacer.sent(at: now)
        now += .milliseconds(milliseconds)
        pacer.answered(at: now)
        sides.append(pacer.side)
    }
    #expect(sides == [256, 256, 256, 256, 256, 256, 256, 512, 512, 512, 512, 512])
}

/// Whatever happens when: never two frames at once, never a side outside its bounds.
@Test func pacingKeepsItsBoundsOnAnyPath() {
    var generator = SplitMix64(seed: 4)
    for fullSide in [1, 100, 128, 300, 512, 1024] {
        var pacer = FramePacer(fullSide: fullSide)
        var now = Duration.zero
        var onTheWay = 0
        for _ in 0..<3000 {
            now += .milliseconds(Int.random(in: 0...400, using: &generator))
            switch Int.random(in: 0..<5, using: &generator) {
            case 0, 1:
                if pacer.canSend {
                    pacer.sent(at: now)
                    onTheWay += 1
                }
            case 2:
                pacer.answered(at: now)
                onTheWay = 0
            case 3: pacer.tick(at: now)
            default: if Int.random(in: 0..<20, using: &generator) == 0 { pacer.reset() }
            }
            #expect(onTheWay <= 1)
            if let side = pacer.side {
                #expect(side <= fullSide && side >= min(fullSide, FramePacer.leastSide))
            }
        }
    }
}
