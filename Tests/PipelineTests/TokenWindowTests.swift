import Generation
import Imaging
import Pipeline
import TestSupport
import Testing

private func window(holding isMasked: [Bool], gridWidth: Int, side: Int) -> TokenWindow? {
    TokenWindow(
        holding: TokenMask(
            gridWidth: gridWidth, gridHeight: isMasked.count / gridWidth, isMasked: isMasked),
        side: side)
}

@Test func aWindowAsLargeAsTrainedHoldsTheMaskInItsMiddle() throws {
    // Two columns continue a picture of eight: the window is the last eight columns.
    let continued = (0..<10 * 8).map { $0 % 10 >= 8 }
    let found = try #require(window(holding: continued, gridWidth: 10, side: 8))
    #expect(found == TokenWindow(x: 2, y: 0, width: 8, height: 8))
    // One token of a large picture has as much on both sides.
    let single = (0..<32 * 32).map { $0 == 16 * 32 + 20 }
    #expect(
        window(holding: single, gridWidth: 32, side: 8)
            == TokenWindow(x: 16, y: 12, width: 8, height: 8))
}

@Test func placesInAWindowAreThoseOfTheGrid() {
    let window = TokenWindow(x: 1, y: 2, width: 3, height: 2)
    for position in 0..<5 * 6 {
        let (column, row) = (position % 5, position / 5)
        let isInside = (1...3).contains(column) && (2...3).contains(row)
        #expect(
            window.place(of: position, gridWidth: 5)
                == (isInside ? (row - 2) * 3 + column - 1 : nil))
    }
}

@Test func aWindowIsNeededOnlyWhereTheGridIsLargerAndTheMaskIsNot() {
    let all = Array(repeating: true, count: 64)
    #expect(window(holding: all, gridWidth: 8, side: 8) == nil)
    let none = Array(repeating: false, count: 160)
    #expect(window(holding: none, gridWidth: 16, side: 8) == nil)
    let ends = (0..<160).map { $0 == 0 || $0 == 15 }
    #expect(window(holding: ends, gridWidth: 16, side: 8) == nil)
}

@Test(arguments: 0..<200) func aWindowHoldsEveryMaskedTokenAndStaysInTheGrid(seed: Int) throws {
    var numbers = SeededNumbers(seed: UInt64(seed))
    let (width, height) = (
        Int.random(in: 1...20, using: &numbers), Int.random(in: 1...20, using: &numbers)
    )
    let side = Int.random(in: 1...10, using: &numbers)
    let share = Double.random(in: 0...0.05, using: &numbers)
    var isMasked = (0..<width * height).map { _ in Double.random(in: 0...1, using: &numbers) < share
    }
    isMasked[Int.random(in: 0..<isMasked.count, using: &numbers)] = true
    let places = isMasked.indices.filter { isMasked[$0] }
    let columns = places.map { $0 % width }
    let rows = places.map { $0 / width }
    let fits =
        (columns.max() ?? 0) - (columns.min() ?? 0) < side
        && (rows.max() ?? 0) - (rows.min() ?? 0) < side
    let found = window(holding: isMasked, gridWidth: width, side: side)
    #expect((found != nil) == (fits && max(width, height) > side))
    guard let window = found else { return }
    #expect(window.width == min(side, width) && window.height == min(side, height))
    #expect(window.x + window.width <= width && window.y + window.height <= height)
    #expect(places.allSatisfy { window.place(of: $0, gridWidth: width) != nil })
}
