internal import CostModels

/// The lanes of an instance: one, or two. There is room for two in any case, and the last bit of an index chooses: an index
/// needs no check to stay within the storage. They are looked at many times in every event.
struct LanePair: ~Copyable {
    private let base: UnsafeMutablePointer<Lane>
    /// One of them, as last chosen.
    private var chosenLane: UnsafeMutablePointer<Lane>
    let count: Int

    /// - Parameter sms: of each lane.
    /// - Precondition: there are one or two.
    init(sms: [Int], uniformProvenance: CostProvenance?) {
        precondition(sms.count == 1 || sms.count == 2, "\(sms.count) lanes")
        count = sms.count
        base = .allocate(capacity: 2)
        chosenLane = base
        for index in 0..<2 {
            (base + index).initialize(to: Lane(sms: sms[index % sms.count], uniformProvenance: uniformProvenance))
        }
    }

    deinit {
        base.deinitialize(count: 2)
        base.deallocate()
    }

    var indices: Range<Int> { 0..<count }

    subscript(index: Int) -> Lane {
        unsafeAddress {
            assert(indices.contains(index), "no lane \(index)")
            return UnsafePointer(base + (index & 1))
        }
        unsafeMutableAddress {
            assert(indices.contains(index), "no lane \(index)")
            return base + (index & 1)
        }
    }
}

extension LanePair {
    mutating func choose(_ index: Int) {
        assert(indices.contains(index), "no lane \(index)")
        chosenLane = base + (index & 1)
    }

    var chosen: Lane {
        unsafeAddress { UnsafePointer(chosenLane) }
        unsafeMutableAddress { chosenLane }
    }
}

// The pointers are not shared: who has the pair has the lanes.
extension LanePair: @unchecked Sendable {}
