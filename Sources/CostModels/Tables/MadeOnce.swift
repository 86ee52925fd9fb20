internal import Synchronization

/// Values by number, each made when it is first asked for. To be made by a pure function alone, so that who asks first makes
/// no difference; threads that ask at once may each make one, and all get the same.
///
/// Not an `AtomicLazyReference`, which is generic at run time: to look at one takes 500 instructions. One object for all
/// numbers, since to look at one of many counts a reference to it.
final class MadeOnce<Value: AnyObject & Sendable>: @unchecked Sendable {
    let count: Int
    /// Of the values, to each of which a reference is counted; 0 until it is made. Never written but atomically.
    private let addresses: UnsafeMutablePointer<Atomic<UInt>>

    init(count: Int) {
        self.count = count
        addresses = .allocate(capacity: count)
        for number in 0..<count { (addresses + number).initialize(to: Atomic(0)) }
    }

    deinit {
        for number in 0..<count {
            if let made = Self.unmanaged(addresses[number].load(ordering: .acquiring)) { made.release() }
        }
        addresses.deinitialize(count: count)
        addresses.deallocate()
    }

    @inline(__always)
    func value(_ number: Int, _ make: () -> Value) -> Value {
        precondition(UInt(bitPattern: number) < UInt(bitPattern: count), "no such number")
        if let made = Self.unmanaged(addresses[number].load(ordering: .acquiring)) { return made.takeUnretainedValue() }
        return keep(number, make())
    }

    private func keep(_ number: Int, _ value: Value) -> Value {
        let own = Unmanaged.passRetained(value)
        let (_, earlier) = addresses[number].compareExchange(
            expected: 0, desired: UInt(bitPattern: own.toOpaque()), ordering: .acquiringAndReleasing)
        guard let earlier = Self.unmanaged(earlier) else { return value }
        own.release()
        return earlier.takeUnretainedValue()
    }

    @inline(__always)
    private static func unmanaged(_ address: UInt) -> Unmanaged<Value>? {
        UnsafeRawPointer(bitPattern: address).map { Unmanaged.fromOpaque($0) }
    }
}
