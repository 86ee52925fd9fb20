internal import CostModels
internal import Diagnostics
internal import Profiles

/// Reads each device once, however many pools use it, so that a bad one is reported once.
struct DeviceLookup {
    struct Device {
        var reference: String
        var profile: DeviceProfile
    }

    let catalog: ProfileCatalog
    let folder: String
    let findings: Findings
    /// The device of pools that name none.
    let defaultDevice: Located<String>?
    private var read: [(reference: String, device: Device?)] = []

    init(catalog: ProfileCatalog, folder: String, findings: Findings, defaultDevice: Located<String>?) {
        self.catalog = catalog
        self.folder = folder
        self.findings = findings
        self.defaultDevice = defaultDevice
    }

    var ids: [String] {
        var ids: [String] = []
        for case let device? in read.map(\.device) where !ids.contains(device.profile.id) {
            ids.append(device.profile.id)
        }
        return ids
    }

    /// The named device, or the scenario's; `nil`, with the finding reported, if there is none.
    mutating func device(_ given: Located<String>?, for keys: YAMLReader) -> Device? {
        guard let given = given ?? (keys.place(of: "device") == nil ? defaultDevice : nil) else {
            if keys.place(of: "device") == nil {
                keys.reportMissing("device", expected: "a device here or for the whole scenario")
            }
            return nil
        }
        return device(given)
    }

    mutating func checkDefault() {
        if let defaultDevice { _ = device(defaultDevice) }
    }

    private mutating func device(_ given: Located<String>) -> Device? {
        if let known = read.first(where: { $0.reference == given.value }) { return known.device }
        let reference = ProfileCatalog.isPath(given.value) ? profilePath(given, folder: folder) : given.value
        let file = findings.gathering { () throws(InputError) in
            try catalog.device(reference, at: given.location)
        }
        let device = file.map { Device(reference: reference, profile: $0.value) }
        read.append((given.value, device))
        return device
    }
}
