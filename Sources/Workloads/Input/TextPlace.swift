/// A place in a text: its line from 1, and the byte in the line from 0, a byte order mark not counted.
struct TextPlace: Hashable, Sendable, BitwiseCopyable {
    var line = 1
    var offset = 0
}
