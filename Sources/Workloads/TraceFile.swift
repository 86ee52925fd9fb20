public import Diagnostics

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// A file that is written piece by piece.
public struct TraceFile: ~Copyable {
    private let path: String
    private let descriptor: Int32

    /// Makes the file, in the place of one that is there.
    /// - Throws: `InputError` if it cannot be written.
    public init(creating path: String) throws(InputError) {
        self.path = path
        descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        if descriptor < 0 { throw Self.failure(path) }
    }

    deinit { close(descriptor) }

    /// - Throws: `InputError` if not all could be written; the file is then incomplete.
    public func write(_ bytes: [UInt8]) throws(InputError) {
        var done = 0
        while done < bytes.count {
            let written = bytes.withUnsafeBytes { writeBytes(descriptor, $0.baseAddress! + done, $0.count - done) }
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { throw Self.failure(path) }
            done += written
        }
    }

    /// Whether a file can be read more than once while another path is written: it is a plain file, and not the one
    /// there, under whatever name.
    public static func canBeReadAgain(_ path: String, writing other: String?) -> Bool {
        guard let file = status(path), file.st_mode & S_IFMT == S_IFREG else { return false }
        guard let other, let target = status(other) else { return true }
        return (file.st_dev, file.st_ino) != (target.st_dev, target.st_ino)
    }

    private static func status(_ path: String) -> stat? {
        var status = stat()
        return stat(path, &status) == 0 ? status : nil
    }

    private static func failure(_ path: String) -> InputError {
        InputError(at: nil, "\(path) cannot be written: \(String(cString: strerror(errno)))")
    }
}

/// Outside the type, where `write` means the system call on every platform.
private func writeBytes(_ descriptor: Int32, _ bytes: UnsafeRawPointer, _ count: Int) -> Int {
    write(descriptor, bytes, count)
}
