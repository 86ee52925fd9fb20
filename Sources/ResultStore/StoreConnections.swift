internal import GRDB
internal import Synchronization

/// The connections of a store: one through which runs are written that do not overlap, and one for questions, each opened
/// when it is first needed.
///
/// A class because connections are shared identity.
final class StoreConnections: Sendable {
    private let path: String
    private let idleWriter = Mutex<WriteConnection?>(nil)
    private let queue = Mutex<DatabaseQueue?>(nil)

    /// How long a writer waits for another. One that keeps many rows holds the lock for as long as its run takes, and
    /// who gives up loses a run that is already simulated.
    static let busyTimeoutSeconds = 600

    init(path: String) { self.path = path }

    /// The writer is closed last: it alone may take the log into the database and remove it.
    deinit { queue.withLock { $0 = nil } }

    /// A connection that nobody else writes through until it is given back; if it is not, it is closed.
    func takeWriter() throws -> WriteConnection {
        try idleWriter.withLock { $0.take() } ?? WriteConnection(path: path)
    }

    /// For the next run: a connection that is kept has read the schema.
    func giveBack(_ writer: WriteConnection) { idleWriter.withLock { $0 = writer } }

    func reader() throws -> DatabaseQueue {
        try queue.withLock { queue in
            if let queue { return queue }
            var configuration = Configuration()
            configuration.readonly = true
            configuration.busyMode = .timeout(Double(Self.busyTimeoutSeconds))
            let opened = try DatabaseQueue(path: path, configuration: configuration)
            queue = opened
            return opened
        }
    }
}
