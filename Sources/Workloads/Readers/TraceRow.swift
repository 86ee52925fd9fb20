/// One row as it stands in the file, with the places of its values, so that what is wrong with them later has a place.
struct TraceRow {
    /// In the format's own epoch; meaningless without `hasArrival`.
    var nanoseconds: Int64 = 0
    var hasArrival = true
    var promptTokens = 0
    var outputTokens = 0
    /// As `Request.classIndex`: of the class, or of class and tenant where the format has tenants.
    var classIndex = 0
    /// Among the tenants of the file.
    var tenantIndex = 0
    /// The conversation, or the branch of one, that the request continues; -1 for a request by itself.
    var thread = -1
    /// The thread whose last request it waits for, `pause` nanoseconds from its answer on; -1 if it waits for none.
    var follows = -1
    var pause: Int64 = 0
    /// Whether the arrival leaves out how long answers take, since the file does not say.
    var isArrivalGuessed = false
    /// Ids of the prompt's blocks, where the format has them.
    var blockIDs: [UInt32] = []
    var arrivalPlace = TextPlace()
    var promptPlace = TextPlace()
    var outputPlace = TextPlace()
}
