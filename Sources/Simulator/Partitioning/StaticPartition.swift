/// The partition stays what it was at the start.
public struct StaticPartition: PartitionController {
    public init() {}

    public var cadence: ObservationCadence { .never }

    public func decide(_ observation: PartitionObservation) -> PartitionDecision? { nil }
}
