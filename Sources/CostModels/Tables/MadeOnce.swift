internal import Synchronization

/// A value that is made when it is first asked for. To be made by a pure function alone, so that who asks first makes no
/// difference; threads that ask at once may each make it, and all get the same.
final class MadeOnce<Value: AnyObject & Sendable>: Sendable {
    private let reference = AtomicLazyReference<Value>()

    @inline(__always)
    func value(_ make: () -> Value) -> Value {
        if let value = reference.load() { return value }
        return reference.storeIfNil(make())
    }
}
