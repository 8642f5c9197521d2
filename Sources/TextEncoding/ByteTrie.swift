/// A set of byte strings, each with a number, that is walked one byte at a time.
///
/// A hash table of transitions (node, byte) to node, at most half full.
struct ByteTrie: Sendable {
    static let root: UInt32 = 0
    /// All strings together may have this many bytes: nodes stay below 2^24, and a transition's
    /// key within 32 bits.
    static let maximumTextByteCount = 1 << 23

    /// A transition: its key (node, then byte) above, the node it leads to below; 0 is a free slot.
    private var slots: [UInt64]
    private var numbers: [Int32] = [-1]
    private var shift: UInt64
    /// Drawn anew for each trie, so that no file can be made whose transitions all collide.
    private let multiplier = UInt64.random(in: .min ... .max) | 1

    init() {
        slots = Array(repeating: 0, count: 16)
        shift = 64 - 4
    }

    /// Adds a string, unless it is there already.
    ///
    /// - Returns: the number it has had before, or nil when it is new.
    mutating func insert(_ text: ArraySlice<UInt8>, number: Int32) -> Int32? {
        while slots.count < 2 * (numbers.count + text.count) { grow() }
        var node = Self.root
        for byte in text {
            let slot = slotIndex(node, byte)
            if slots[slot] == 0 {
                slots[slot] = key(node, byte) << 32 | UInt64(numbers.count)
                numbers.append(-1)
            }
            node = UInt32(truncatingIfNeeded: slots[slot])
        }
        if let earlier = self.number(at: node) { return earlier }
        numbers[Int(node)] = number
        return nil
    }

    /// The node one byte further, or nil when no string goes on like that.
    @inline(__always)
    func child(of node: UInt32, _ byte: UInt8) -> UInt32? {
        let transition = slots[slotIndex(node, byte)]
        return transition == 0 ? nil : UInt32(truncatingIfNeeded: transition)
    }

    /// The number of the string that ends at a node.
    @inline(__always)
    func number(at node: UInt32) -> Int32? {
        let number = numbers[Int(node)]
        return number < 0 ? nil : number
    }

    /// The number of exactly this string.
    func number(of text: ArraySlice<UInt8>) -> Int32? {
        var node = Self.root
        for byte in text {
            guard let next = child(of: node, byte) else { return nil }
            node = next
        }
        return number(at: node)
    }

    private mutating func grow() {
        let transitions = slots
        slots = Array(repeating: 0, count: 2 * slots.count)
        shift -= 1
        for transition in transitions where transition != 0 {
            slots[slotIndex(key: transition >> 32)] = transition
        }
    }

    @inline(__always)
    private func key(_ node: UInt32, _ byte: UInt8) -> UInt64 {
        UInt64(node) << 8 | UInt64(byte)
    }

    @inline(__always)
    private func slotIndex(_ node: UInt32, _ byte: UInt8) -> Int {
        slotIndex(key: key(node, byte))
    }

    /// The slot that holds the transition, or the free one where it belongs.
    @inline(__always)
    private func slotIndex(key: UInt64) -> Int {
        var slot = Int(truncatingIfNeeded: (key &* multiplier) >> shift)
        while slots[slot] != 0, slots[slot] >> 32 != key {
            slot = (slot + 1) & (slots.count - 1)
        }
        return slot
    }
}
