internal import Workloads

/// The requests of one instance by slot. Slots of finished requests are used again, so that memory follows the number
/// of requests in the instance and not of requests in the run.
struct RequestTable: ~Copyable, Sendable {
    static var none: Int32 { -1 }

    private var states = UniqueBuffer<RequestState>()
    private var freeSlots = UniqueBuffer<Int32>()

    @inline(__always)
    mutating func insert(_ request: Request) -> Int32 {
        if freeSlots.isEmpty { return append(RequestState(request)) }
        let slot = freeSlots.removeLast()
        states[known: Int(slot)] = RequestState(request)
        return slot
    }

    @inline(never)
    private mutating func append(_ state: RequestState) -> Int32 {
        states.append(state)
        return Int32(states.count - 1)
    }

    mutating func insert(_ state: RequestState) -> Int32 {
        if freeSlots.isEmpty { return append(state) }
        let slot = freeSlots.removeLast()
        states[Int(slot)] = state
        return slot
    }

    /// Inserts what another table has in a slot: copied once, since it is long.
    @inline(__always)
    mutating func insert(_ slot: Int32, of other: inout RequestTable) -> Int32 {
        if freeSlots.isEmpty { return append(other[slot]) }
        let place = freeSlots.removeLast()
        states.copy(Int(slot), of: &other.states, to: Int(place))
        return place
    }

    @inline(__always)
    mutating func remove(_ slot: Int32) {
        // A forgotten completion of an earlier stay in the decode set must not find it decoding.
        states[Int(slot)].phase = .waiting
        freeSlots.append(slot)
    }

    subscript(slot: Int32) -> RequestState {
        _read { yield states[Int(slot)] }
        _modify { yield &states[Int(slot)] }
    }

    /// Unchecked: for a slot that `insert` gave; there are never fewer.
    subscript(known slot: Int32) -> RequestState {
        _read { yield states[known: Int(slot)] }
        _modify { yield &states[known: Int(slot)] }
    }
}
