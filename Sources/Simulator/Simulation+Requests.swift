internal import CostModels
internal import DequeModule
internal import EventKernel
internal import Metrics
internal import Workloads

// MARK: - Requests come and go

extension Simulation {
    /// - Parameters:
    ///   - request: Stays what it is; a copy would be made in pieces.
    ///   - keys: of the prefixes of its prompt, where prefixes are cached.
    @inline(__always)
    mutating func arrive(_ request: inout Request, _ keys: [UInt32], _ recorder: inout some Recorder) {
        context.admit()
        guard let target = target(of: request, keys, &recorder) else { return keepOutside(request, keys) }
        guard canEverServe(request, at: target) else { return reject(request, &recorder) }
        // Made where it will stay: a request's state is long to copy.
        engines[target].instance.enqueue(request, keys)
        if configuration.mixedPoolMemory != nil { chooseDecoder(ofLastAt: target) }
        isGiven(request.promptTokens, target)
    }

    /// While all instances are down.
    @inline(never)
    private mutating func keepOutside(_ request: Request, _ keys: [UInt32]) {
        homeless.append(PendingRequest(state: RequestState(request), prefixKeys: keys))
    }

    /// A decode instance that takes a request as a whole, if a prefill instance has as much ahead as is allowed.
    private mutating func mixing(insteadOf chosen: Int) -> Int {
        guard let limit = configuration.mixedPoolTokens, engines[chosen].instance.role == .prefill,
            engines[chosen].instance.promptTokensAhead >= limit, let decoder = decoders.next()
        else { return chosen }
        return decoder
    }

    /// Gives a request that has been elsewhere to an instance; it waits outside while all are down.
    mutating func place(_ pending: PendingRequest, _ recorder: inout some Recorder) {
        let request = pending.state.request
        guard let target = target(of: request, pending.prefixKeys, &recorder) else { return homeless.append(pending) }
        guard canEverServe(request, at: target) else { return reject(pending.state, &recorder) }
        engines[target].instance.enqueue(pending)
        if configuration.mixedPoolMemory != nil { chooseDecoder(ofLastAt: target) }
        isGiven(request.promptTokens, target)
    }

    @inline(__always)
    private mutating func isGiven(_ promptTokens: Int, _ target: Int) {
        if engines[target].arrive(promptTokens: promptTokens, &context) || engines[target].sharing != nil {
            touch(target)
        }
        if engines[target].instance.role == .decode {
            guard decoders.comparesLoads else { return }
            decoders.sent(engines[target].instance.load(of: promptTokens, for: configuration.router), to: target)
            updateDecoders(target)
        } else {
            guard entry.comparesLoads else { return }
            entry.sent(engines[target].instance.load(of: promptTokens, for: configuration.router), to: target)
            updateEntry(target)
        }
    }

    @inline(never)
    private mutating func reject(_ request: Request, _ recorder: inout some Recorder) {
        reject(RequestState(request), &recorder)
    }

    private mutating func reject(_ state: RequestState, _ recorder: inout some Recorder) {
        context.finish(state.record(.rejected, completion: nil, decodeInstance: nil), &recorder)
    }

    /// The instance that a request is to go to; `nil` if all are down.
    @inline(__always)
    private mutating func target(
        of request: Request, _ keys: [UInt32], _ recorder: inout some Recorder
    ) -> Int? {
        if keys.isEmpty, configuration.mixedPoolTokens == nil { return entry.next() }
        return chosenTarget(of: request, keys, &recorder)
    }

    /// The same where the prompt, or what is ahead of it, decides.
    @inline(never)
    private mutating func chosenTarget(
        of request: Request, _ keys: [UInt32], _ recorder: inout some Recorder
    ) -> Int? {
        var chosen: Int?
        if configuration.router == .longestPrefix, !keys.isEmpty {
            chosen = holder(of: keys, promptTokens: request.promptTokens, &recorder)
        }
        if chosen == nil { chosen = entry.next() }
        guard configuration.mixedPoolTokens != nil, let prefiller = chosen else { return chosen }
        return mixing(insteadOf: prefiller)
    }

    /// The instance whose cache holds most of a prompt, if that is more than half; of equal ones the one with the fewest
    /// requests, then the first. O(instances · ids).
    private mutating func holder(
        of keys: [UInt32], promptTokens: Int, _ recorder: inout some Recorder
    ) -> Int? {
        var best: (index: Int, tokens: Int)?
        for index in engines.indices where engines[index].instance.prefixes != nil && !isDown[index] {
            // What decodes have taken of the memory since makes prefixes go. An iteration that ends now is still on.
            let before = SimulationTime(nanoseconds: context.now.nanoseconds - 1)
            let lane = engines[index].instance.decodeLane
            engines[index].instance.bookEnded(by: before, lane: lane, &context, &recorder)
            let tokens = engines[index].instance.cachedTokens(keys, promptTokens: promptTokens)
            guard 2 * tokens > promptTokens else { continue }
            if let best {
                let (load, least) = (engines[index].instance.outstanding, engines[best.index].instance.outstanding)
                if (tokens, -load) <= (best.tokens, -least) { continue }
            }
            best = (index, tokens)
        }
        return best?.index
    }

    /// What routers compare of an instance.
    @inline(__always)
    func load(of index: Int) -> Int {
        guard let shared = engines[index].sharing else {
            return engines[index].instance.load(for: configuration.router)
        }
        var load = 0
        for member in shared { load += engines[member].instance.load(for: configuration.router) }
        return load
    }

    /// Tells the router of arrivals that the load of an instance may have changed.
    @inline(__always)
    mutating func updateEntry(_ index: Int) {
        if entry.comparesLoads {
            entry.update(load(of: index), of: engines[index].sharing?.lowerBound ?? index)
        }
    }

    /// The same for the router of prefilled requests.
    @inline(__always)
    mutating func updateDecoders(_ index: Int) {
        if decoders.comparesLoads { decoders.update(load(of: index), of: index) }
    }

    /// Whether the request fits into the memory of every instance it may have to go through. Mutating although it changes
    /// nothing: to borrow a simulation for a method copies all of its fields.
    @inline(__always)
    private mutating func canEverServe(_ request: Request, at target: Int) -> Bool {
        // The last token's KV is never written.
        let tokens = request.promptTokens + request.outputTokens - 1
        let capacity = engines[target].instance.memory.capacityTokens
        guard engines[target].instance.role == .prefill else { return tokens <= capacity }
        return request.promptTokens <= capacity && (request.outputTokens == 1 || tokens <= decoderCapacityTokens)
    }

    /// Books what a lane has done whose timer is due. Returns whether its instance is to be asked what comes next.
    @inline(never)
    mutating func endLane(_ lane: Int, of index: Int, _ recorder: inout some Recorder) -> Bool {
        let kept = engines[index].instance.prefilledCount
        let sharesMemory = engines[index].sharing != nil
        if sharesMemory { exchangeMemory(index) }
        engines[index].endLane(lane, &context, &recorder)
        if sharesMemory { exchangeMemory(index) }
        return goesOn(index, kept: kept)
    }

    /// The same for an instance with one lane, which shares its memory with none.
    @inline(never)
    mutating func endOnlyLane(of index: Int, _ recorder: inout some Recorder) -> Bool {
        let kept = engines[index].instance.prefilledCount
        engines[index].endOnlyLane(&context, &recorder)
        return goesOn(index, kept: kept)
    }

    /// What others have to know of a batch that has ended. Returns whether its instance is to be asked what comes next.
    ///
    /// - Parameter kept: Prefilled requests that it kept before.
    @inline(always)
    private mutating func goesOn(_ index: Int, kept: Int) -> Bool {
        // Not a switch: a jump to where a table says is slow to foresee.
        if engines[index].instance.role == .decode {
            updateDecoders(index)
            return true
        }
        if engines[index].instance.role == .prefill { offerPrefilled(from: kept, of: index) }
        updateEntry(index)
        return engines[index].instance.role == .prefill ? mayBegin(index) : true
    }

    /// Offers the prompts that have just been prefilled to decode instances.
    @inline(never)
    private mutating func offerPrefilled(from first: Int, of index: Int) {
        let new = first..<engines[index].instance.prefilledCount
        for position in new {
            let pushTime =
                link?.pushedLayers == nil
                ? .zero : engines[index].instance.pushTime(of: position, among: new, at: context.now)
            offer(engines[index].instance.prefilled[position], from: index, pushTime: pushTime)
        }
    }

    /// What is left when a run is stopped, in order of arrival.
    mutating func recordUnfinished(_ recorder: inout some Recorder) {
        var left = homeless.map(\.state)
        for index in engines.indices {
            for lane in engines[index].instance.lanes.indices {
                engines[index].instance.bookEnded(by: context.now, lane: lane, &context, &recorder)
            }
            left += engines[index].instance.liveRequests()
        }
        left.sort { $0.request.index < $1.request.index }
        for state in left {
            context.finish(state.record(.unfinished, completion: nil, decodeInstance: nil), &recorder)
        }
    }

    func outcome() -> RunOutcome {
        var (iterations, provenance) = (0, ProvenanceWork())
        var instances: [InstanceRecord] = []
        for index in engines.indices {
            for lane in engines[index].instance.lanes.indices {
                iterations += engines[index].instance.lanes[lane].iterations
                provenance += engines[index].instance.lanes[lane].provenance
            }
            let pool = configuration.pools[engines[index].pool]
            instances.append(engines[index].instance.record(pool: pool, at: context.now))
        }
        return RunOutcome(
            end: context.now, arrived: context.arrived, completed: context.completed, rejected: context.rejected,
            unfinished: context.unfinished, lost: context.lost, fingerprint: context.fingerprint.value,
            requestNanoseconds: context.requestNanoseconds, iterations: iterations,
            provenanceSeconds: provenance.seconds,
            instances: formerRecords.isEmpty ? instances : addingFormer(to: instances))
    }
}

extension Instance {
    /// The part of the prefill iteration that ends now in which the link out of here was that prompt's: those of one
    /// iteration divide it by their tokens.
    fileprivate func pushTime(of position: Int, among new: Range<Int>, at now: SimulationTime) -> SimulationDuration {
        func tokens(_ position: Int) -> Int64 { Int64(requests[prefilled[position]].request.promptTokens) }
        let all = new.reduce(0) { $0 + tokens($1) }
        return SimulationDuration(nanoseconds: (now - lanes[0].began).nanoseconds * tokens(position) / all)
    }

    /// Every request that is here, in no particular order.
    func liveRequests() -> [RequestState] {
        var slots = waiting.elements + prefilling.elements + prefilled.elements + swapped.elements
        var slot = decodeSet.first
        while slot != RequestTable.none {
            slots.append(slot)
            slot = requests[slot].next
        }
        return slots.map { requests[$0] }
    }

    func record(pool: PoolConfiguration, at now: SimulationTime) -> InstanceRecord {
        let (main, decode) = (role == .decode ? nil : 0, role == .decode ? 0 : lanes.count > 1 ? 1 : nil as Int?)
        return InstanceRecord(
            instance: index, pool: pool.name, gpus: pool.gpusPerInstance / pool.enginesPerInstance,
            totalBlocks: memory.totalBlocks,
            peakBlocks: memory.peakBlocks, prefillBusy: main.map { lanes[$0].busy(at: now) } ?? .zero,
            decodeBusy: decode.map { lanes[$0].busy(at: now) } ?? .zero,
            prefillIterations: main.map { lanes[$0].iterations } ?? 0,
            decodeIterations: decode.map { lanes[$0].iterations } ?? 0, preemptions: preemptions,
            prefixCache: prefixes?.record,
            prefillStarvation: role == .semiPD || role == .prefill ? starvation.prefill.record(at: now) : nil,
            decodeStarvation: role == .decode || role == .semiPD ? starvation.decode.record(at: now) : nil)
    }
}
