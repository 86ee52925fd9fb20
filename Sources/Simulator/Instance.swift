// filled next
public struct Instance: Sendable {}
