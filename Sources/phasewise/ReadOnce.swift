internal import Diagnostics
internal import Synchronization

/// Values that are read when first asked for. Several threads may ask; two that ask first at once both read.
final class ReadOnce<Value: Sendable>: Sendable {
    // A handful at most, which a list finds as fast as a table of hashes is made.
    private let known = Mutex<[(id: String, value: Value)]>([])

    func value(_ id: String, read: () throws(InputError) -> Value) throws(InputError) -> Value {
        if let found = known.withLock({ $0.first { $0.id == id } }) { return found.value }
        let value = try read()
        known.withLock { $0.append((id, value)) }
        return value
    }
}
