/// The names of classes, or of tenants, met in a file, in the order of their first row.
struct ClassNames {
    /// They are few; more distinct names than this mean that the column holds something else.
    static let most = 256

    /// What they are names of.
    private let noun: String
    private(set) var names: [String] = []
    private var texts: [[UInt8]] = []

    init(noun: String = "class") { self.noun = noun }

    /// O(names), which are few.
    func index(ofKnown text: UnsafeRawBufferPointer) -> Int? { texts.firstIndex { $0.elementsEqual(text) } }

    /// The index of a name, new or not; `nil` if it can be none, which has been reported.
    mutating func index(of text: [UInt8], at place: TextPlace, report: inout RowReport) -> Int? {
        if let index = texts.firstIndex(of: text) { return index }
        guard !text.isEmpty else {
            report.error(at: place, "\(noun) is empty, expected a name")
            return nil
        }
        guard texts.count < Self.most else {
            report.error(
                at: place,
                "\(noun) \(text.withUnsafeBytes { quoted($0) }) is one too many, expected at most \(Self.most)")
            return nil
        }
        texts.append(text)
        names.append(String(decoding: text, as: UTF8.self))
        return texts.count - 1
    }
}
