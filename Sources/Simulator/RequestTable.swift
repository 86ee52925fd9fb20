/// The requests of one instance by slot. Slots of finished requests are used again, so that memory follows the number
/// of requests in the instance and not of requests in the run.
struct RequestTable: Sendable {
    static let none: Int32 = -1

    private var states: ContiguousArray<RequestState> = []
    private var freeSlots: ContiguousArray<Int32> = []

    var count: Int { states.count - freeSlots.count }

    mutating func insert(_ state: RequestState) -> Int32 {
        if let slot = freeSlots.popLast() {
            states[Int(slot)] = state
            return slot
        }
        states.append(state)
        return Int32(states.count - 1)
    }

    mutating func remove(_ slot: Int32) {
        freeSlots.append(slot)
        // A forgotten completion of an earlier stay in the decode set must not find it decoding.
        states[Int(slot)].phase = .waiting
    }

    subscript(slot: Int32) -> RequestState {
        _read { yield states[Int(slot)] }
        _modify { yield &states[Int(slot)] }
    }
}
