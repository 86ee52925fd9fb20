import Foundation

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A terminal that nobody looks at.
enum PseudoTerminal {
    /// Runs the program with standard error on a terminal and returns what it wrote there.
    static func errors(of arguments: [String], in sandbox: Sandbox) throws -> String {
        let master = try function("posix_openpt")(O_RDWR | O_NOCTTY)
        guard master >= 0, try function("grantpt")(master) == 0, try function("unlockpt")(master) == 0,
            let name = try unsafeBitCast(symbol("ptsname"), to: Name.self)(master)
        else { throw POSIXError(.ENODEV) }
        defer { close(master) }
        let terminal = open(name, O_RDWR | O_NOCTTY)
        guard terminal >= 0 else { throw POSIXError(.ENODEV) }
        let running = try sandbox.start(
            arguments, terminal: FileHandle(fileDescriptor: terminal, closeOnDealloc: false))
        close(terminal)
        // Reading fails once the program, the last to hold the terminal, has ended.
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = read(master, &buffer, buffer.count)
            guard count > 0 else { break }
            bytes += buffer[..<count]
        }
        _ = try sandbox.finish(running)
        return String(decoding: bytes, as: UTF8.self)
    }

    // POSIX has these in <stdlib.h>, where Swift does not see them on every platform.
    private typealias Function = @convention(c) (Int32) -> Int32
    private typealias Name = @convention(c) (Int32) -> UnsafeMutablePointer<CChar>?

    private static func function(_ name: String) throws -> Function {
        try unsafeBitCast(symbol(name), to: Function.self)
    }

    private static func symbol(_ name: String) throws -> UnsafeMutableRawPointer {
        guard let symbol = dlsym(nil, name) else { throw POSIXError(.ENOSYS) }
        return symbol
    }
}
