internal import Diagnostics
package import Profiles

/// The folder and the file name of a path; the folder is empty for a bare file name.
package func splitPath(_ path: String) -> (folder: String, file: String) {
    guard let slash = path.lastIndex(of: "/") else { return ("", path) }
    let folder = path[..<slash]
    return (folder.isEmpty ? "/" : String(folder), String(path[path.index(after: slash)...]))
}

/// A path as it is opened: relative to the scenario's folder, or to the working directory if it was given as a flag.
package func resolvedPath(_ path: Located<String>, folder: String) -> String {
    let isFlag = path.location.file.hasPrefix("--")
    return normalised(path.value.hasPrefix("/") || isFlag || folder.isEmpty ? path.value : "\(folder)/\(path.value)")
}

/// The path without `.` and without `folder/..`, so that the same file is recorded under the same name.
private func normalised(_ path: String) -> String {
    var parts: [Substring] = []
    for part in path.split(separator: "/") where part != "." {
        if part == "..", let last = parts.last, last != ".." { parts.removeLast() } else { parts.append(part) }
    }
    if parts.isEmpty { return path.hasPrefix("/") ? "/" : "." }
    return (path.hasPrefix("/") ? "/" : "") + parts.map(String.init).joined(separator: "/")
}

/// The same for a profile, whose reference must still look like a path.
func profilePath(_ path: Located<String>, folder: String) -> String {
    let resolved = resolvedPath(path, folder: folder)
    return ProfileCatalog.isPath(resolved) ? resolved : "./\(resolved)"
}
