public import CostModels
public import Diagnostics
internal import Foundation

/// A profile, where it was read, and what its reader wants the user to know.
public struct ProfileFile<Value: Sendable>: Sendable {
    public var value: Value
    public var path: String
    public var warnings: [Diagnostic]
}

/// Finds device profiles and model configurations by id in a list of folders, the first that has it.
///
/// A folder holds `devices/ID.yaml` and `models/ID.json`. A reference with a slash or a file's extension is a path.
public struct ProfileCatalog: Sendable {
    public let roots: [String]

    public init(roots: [String]) { self.roots = roots }

    /// The folders to search: the one the user names, if any, then the `Profiles` folder of the working directory or
    /// of its nearest parent that has one.
    ///
    /// - Parameter workingDirectory: an absolute path without `..`, as the system gives it.
    public static func searchPath(explicit: String?, workingDirectory: String) -> [String] {
        let roots = explicit.map { [$0] } ?? []
        var folder = workingDirectory == "/" ? "" : workingDirectory[...]
        while true {
            let candidate = "\(folder)/Profiles"
            if FileManager.default.fileExists(atPath: candidate + "/devices") { return roots + [candidate] }
            guard let slash = folder.lastIndex(of: "/") else { return roots }
            folder = folder[..<slash]
        }
    }

    /// Ids of all devices, sorted.
    public func deviceIDs() -> [String] { ids(in: .devices) }
    /// Ids of all models, sorted.
    public func modelIDs() -> [String] { ids(in: .models) }

    /// The device of an id or of a path.
    ///
    /// - Parameter location: where the reference stands; errors about the reference itself point there.
    public func device(
        _ reference: String, at location: SourceLocation? = nil
    ) throws(InputError) -> ProfileFile<DeviceProfile> {
        let path = try path(of: reference, in: .devices, at: location)
        let profile = try DeviceProfile.read(try read(path, at: location), file: path, id: Self.id(ofPath: path))
        return ProfileFile(value: profile, path: path, warnings: [])
    }

    /// The model of an id or of the path of a `config.json`, which takes its id from its folder.
    public func model(
        _ reference: String, at location: SourceLocation? = nil
    ) throws(InputError) -> ProfileFile<ModelArchitecture> {
        let path = try path(of: reference, in: .models, at: location)
        let (model, warnings) = try ModelArchitecture.read(
            try read(path, at: location), file: path, id: Self.id(ofPath: path))
        return ProfileFile(value: model, path: path, warnings: warnings)
    }

    /// Whether a reference names a file rather than an id.
    public static func isPath(_ reference: String) -> Bool {
        reference.utf8.contains(UInt8(ascii: "/")) || [".json", ".yaml", ".yml"].contains { reference.hasSuffix($0) }
    }

    private enum Kind: String {
        case devices, models
        var noun: String { self == .devices ? "device" : "model" }
        var fileExtension: String { self == .devices ? "yaml" : "json" }
        var pathHint: String { self == .devices ? "the path of a device profile" : "the path of a config.json" }
    }

    private func path(of reference: String, in kind: Kind, at location: SourceLocation?) throws(InputError) -> String {
        if Self.isPath(reference) { return reference }
        for root in roots {
            let path = "\(root)/\(kind.rawValue)/\(reference).\(kind.fileExtension)"
            if FileManager.default.fileExists(atPath: path) { return path }
        }
        let known = ids(in: kind)
        let nearest = nearestMatch(to: reference, among: known)
        throw InputError(
            at: location,
            known.isEmpty
                ? "found the \(kind.noun) \"\(shortened(reference))\" but no profiles, searched \(searched)"
                : "found the unknown \(kind.noun) \"\(shortened(reference))\", expected \(kind.pathHint) or one of "
                    + known.joined(separator: ", "),
            help: nearest.map { "did you mean \"\($0)\"?" })
    }

    private var searched: String { roots.isEmpty ? "no folder" : roots.joined(separator: ", ") }

    /// A path that cannot be opened is a mistake where it is written, not in the file that is not there.
    private func read(_ path: String, at location: SourceLocation?) throws(InputError) -> String {
        guard let location, !FileManager.default.fileExists(atPath: path) else { return try InputText.read(path) }
        throw InputError(at: location, "found no file \"\(path)\"")
    }

    private func ids(in kind: Kind) -> [String] {
        var ids: Set<String> = []
        for root in roots {
            let files = (try? FileManager.default.contentsOfDirectory(atPath: "\(root)/\(kind.rawValue)")) ?? []
            for file in files where file.hasSuffix(".\(kind.fileExtension)") && !file.hasPrefix(".") {
                ids.insert(String(file.dropLast(kind.fileExtension.count + 1)))
            }
        }
        return ids.sorted()
    }

    private static func id(ofPath path: String) -> String {
        let parts = path.split(separator: "/")
        let file = parts.last.map(String.init) ?? path
        if file == "config.json", let folder = parts.dropLast().last, folder != ".", folder != ".." {
            return String(folder)
        }
        return file.lastIndex(of: ".").map { String(file[..<$0]) } ?? file
    }
}
