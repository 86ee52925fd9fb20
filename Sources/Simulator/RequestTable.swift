internal import Workloads

/// The requests of one instance by slot. Slots of finished requests are used again, so that memory follows the number
/// of requests in the instance and not of requests in the run.
struct RequestTable: ~Copyable, Sendable {
    static var none: Int32 { -1 }

    private var states = UniqueBuffer<RequestState>()
    private var freeSlots = UniqueBuffer<Int32>()

    mutating func insert(_ request: Request) -> Int32 {
        if freeSlots.isEmpty {
            states.append(RequestState(request))
            return Int32(states.count - 1)
        }
        let slot = freeSlots.removeLast()
        states[Int(slot)] = RequestState(request)
        return slot
    }

    mutating func insert(_ state: RequestState) -> Int32 {
        if freeSlots.isEmpty {
            states.append(state)
            return Int32(states.count - 1)
        }
        let slot = freeSlots.removeLast()
        states[Int(slot)] = state
        return slot
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
