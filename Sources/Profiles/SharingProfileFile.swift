public import CostModels
public import Diagnostics

extension CoRunSharing {
    /// Reads the text of a file of `Profiles/sharing/`. `file` is the name for messages.
    public init(yaml: String, file: String) throws(InputError) {
        let fields = try ProfileNode.document(yaml, file: file).mapping(keys: [
            "wait_seconds_per_layer", "decode_bandwidth_loss", "prefill_loss_shared", "prefill_loss_apart",
        ])
        self.init(
            waitSecondsPerLayer: try fields["wait_seconds_per_layer"].positive(),
            decodeBandwidthLoss: try fields["decode_bandwidth_loss"].notNegative(),
            prefillLossShared: try fields["prefill_loss_shared"].fraction(),
            prefillLossApart: try fields["prefill_loss_apart"].fraction())
    }
}
