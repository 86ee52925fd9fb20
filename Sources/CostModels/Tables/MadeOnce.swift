internal import Synchronization

/// A value that is made when it is first asked for. To be made by a pure function alone, so that who asks first makes no
/// difference; threads that ask at once may each make it, and all get the same.
///
/// Not an `AtomicLazyReference`, which is generic at run time: to look at one takes 500 instructions.
final class MadeOnce<Value: AnyObject & Sendable>: Sendable {
    /// The address of the value, to which a reference is counted; 0 until it is made.
    private let address = Atomic<UInt>(0)

    deinit {
        if let made = Self.unmanaged(address.load(ordering: .acquiring)) { made.release() }
    }

    @inline(__always)
    func value(_ make: () -> Value) -> Value {
        if let made = Self.unmanaged(address.load(ordering: .acquiring)) { return made.takeUnretainedValue() }
        return keep(make())
    }

    private func keep(_ value: Value) -> Value {
        let own = Unmanaged.passRetained(value)
        let (_, earlier) = address.compareExchange(
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
