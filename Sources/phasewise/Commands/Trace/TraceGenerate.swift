internal import ArgumentParser
internal import Diagnostics
internal import EventKernel
internal import Workloads

extension TraceCommand {
    struct Generate: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "generate",
            abstract: "Makes a trace: in the shape of a real one, or from distributions.",
            discussion: """
                Starts from a preset, from a trace whose requests are drawn whole (--like), or from --arrivals, --rate, \
                --prompt-tokens and --output-tokens; these options also change a preset.

                Arrivals: poisson, even, gamma:CV, weibull:SHAPE, on-off:SECONDS,SECONDS, diurnal:PEAK,
                spike:FACTOR,START,MINUTES,PERIOD, minutes:REQUESTS,REQUESTS,…
                Lengths: fixed:TOKENS, lognormal:MU,SIGMA[,LEAST,MOST], zipf:EXPONENT,LEAST,MOST,
                quantiles:TOKENS,TOKENS,…

                Examples:
                  phasewise trace generate azure-conv --requests 10000 --seed 1 --output azure-conv-shaped-10k.csv
                  phasewise trace generate --arrivals gamma:2 --rate 8 --prompt-tokens lognormal:6,1 --output-tokens fixed:200
                """)
        @Argument(help: "Preset; --list names them.") var preset: String?
        @Flag(help: "List the presets.") var list = false
        @Option(help: "Draw requests of this trace, prompt and output together.") var like: String?
        @Option(help: "How many requests.") var requests = 10_000
        @Option(help: "When requests arrive.") var arrivals: String?
        @Option(help: "Mean rate, requests per second.") var rate: Double?
        @Option(help: "Lengths of prompts.") var promptTokens: String?
        @Option(help: "Lengths of outputs.") var outputTokens: String?
        @Option(help: "So many clients instead of one, each with its own bursts and class.") var clients: Int?
        @Option(help: "How unequal they are: the k-th sends in proportion to 1/k to this power.") var clientSkew = 1.0
        @Option(help: "Correlation of the normals behind prompt and output, -1 to 1.") var correlation: Double?
        @Option(help: "Seed of the draws.") var seed: UInt64 = 1
        @Option(name: .customLong("run"), help: "Replication: same seed, independent draws.") var replication: UInt64 =
            0
        @OptionGroup var output: TraceOutput

        func validate() throws {
            if list { return }
            if requests < 1 { throw ValidationError("found --requests \(requests), expected at least 1") }
            if let rate, !(1e-6...1e8).contains(rate) {
                throw ValidationError("found --rate \(rate), expected 1e-6 to 1e8")
            }
            if let correlation, !(-1...1).contains(correlation) {
                throw ValidationError("found --correlation \(correlation), expected -1 to 1")
            }
            if let clients, !(1...MultiClientModel.mostClients).contains(clients) || !(0...10).contains(clientSkew) {
                throw ValidationError(
                    "found \(clients) clients of skew \(clientSkew), expected 1 to \(MultiClientModel.mostClients) of 0 to 10"
                )
            }
            let hasLengths = promptTokens != nil || outputTokens != nil || correlation != nil
            if like != nil, preset != nil || hasLengths {
                throw ValidationError("found --like with a preset or lengths, expected one source of lengths")
            }
            if like == nil, preset == nil,
                arrivals == nil || rate == nil || promptTokens == nil || outputTokens == nil
            {
                throw ValidationError(
                    "found no preset (--list names them), no --like, and not all of --arrivals, --rate, --prompt-tokens"
                        + " and --output-tokens")
            }
        }

        func run() throws {
            if list {
                for preset in GeneratorPreset.allCases { try Terminal.say("\(preset.name)\n  \(preset.summary)") }
                return
            }
            if let like { return try output.write(try resampled(from: like)) }
            switch try chosenPreset() {
            case .sessions(let preset): try output.write(sessions(preset))
            case .requests(let preset): try output.write(try generated(preset.model))
            case nil: try output.write(try generated(nil))
            }
        }

        private var streams: RandomStreams { RandomStreams(seed: seed, run: replication) }

        private func chosenPreset() throws -> GeneratorPreset? {
            guard let name = preset else { return nil }
            if let preset = GeneratorPreset(name) { return preset }
            let names = GeneratorPreset.allCases.map(\.name)
            let near = nearestMatch(to: name, among: names).map { "; did you mean \($0)?" } ?? ""
            throw ValidationError("found preset \"\(name)\", expected one of \(names.joined(separator: ", "))\(near)")
        }

        private func sessions(_ preset: SessionPreset) -> Trace {
            rescaled(GeneratorPreset.sessions(preset).trace(requests: requests, streams: streams))
        }

        private func generated(_ base: WorkloadModel?) throws(InputError) -> Trace {
            let shape = try parsed(arrivals, "--arrivals", ArrivalShape.words) { ArrivalShape($0) }
            let prompts = try parsed(promptTokens, "--prompt-tokens", LengthDistribution.words) {
                LengthDistribution($0)
            }
            let outputs = try parsed(outputTokens, "--output-tokens", LengthDistribution.words) {
                LengthDistribution($0)
            }
            var model =
                base
                ?? WorkloadModel(
                    name: "generated", arrivals: .poisson(rate: rate ?? 1), promptTokens: .fixed(1),
                    outputTokens: .fixed(1))
            if let shape { model.arrivals = try process(shape, rate: rate ?? model.arrivals.meanRate) }
            model.promptTokens = prompts ?? model.promptTokens
            model.outputTokens = outputs ?? model.outputTokens
            model.correlation = correlation ?? model.correlation
            if let clients {
                let shape = shape ?? .poisson
                let rate = rate ?? model.arrivals.meanRate
                if let many = MultiClientModel.skewed(
                    clients: clients, skew: clientSkew, rate: rate, shape: shape, like: model)
                {
                    return MultiClientGenerator.trace(many, requests: requests, streams: streams)
                }
                throw InputError(
                    at: SourceLocation(file: "--clients", line: 1, column: 1),
                    "found \(clients) clients of which one is too slow for \(shape.text) arrivals, expected fewer or a higher rate"
                )
            }
            let trace = WorkloadGenerator.trace(model, requests: requests, streams: streams)
            // What has a shape has its rate already, over a long time and not over this trace.
            return shape == nil ? rescaled(trace) : trace
        }

        private func resampled(from path: String) throws -> Trace {
            let given = GivenArrivals(.evenlySpaced(rate: rate ?? 1), streams: streams)
            let shape = try parsed(arrivals, "--arrivals", ArrivalShape.words) { ArrivalShape($0) }
            // A file without times needs both; placeholders would pass for a rate of its own.
            let (trace, warnings) = try TraceReader.read(
                path: path, arrivals: shape == nil || rate == nil ? nil : given)
            Terminal.complain(warnings)
            if let shape {
                let arrivals = try process(shape, rate: rate ?? trace.rate)
                return TraceResampler.trace(from: trace, arrivals: arrivals, requests: requests, streams: streams)
            }
            guard let arrivals = trace.arrivalsByMinute, arrivals.problem == nil else {
                throw InputError(
                    at: SourceLocation(file: path, line: 1, column: 1), "found a trace without a rate of its own",
                    help: "say when requests arrive: --arrivals poisson --rate 8")
            }
            return rescaled(TraceResampler.trace(from: trace, arrivals: arrivals, requests: requests, streams: streams))
        }

        private func rescaled(_ trace: Trace) -> Trace { rate.flatMap { trace.rescaled(toRate: $0) } ?? trace }

        private func process(_ shape: ArrivalShape, rate: Double) throws(InputError) -> ArrivalProcess {
            let place = SourceLocation(file: "--arrivals", line: 1, column: 1)
            guard rate > 0, let process = shape.process(rate: rate) else {
                throw InputError(at: place, "found no rate for the arrivals, expected --rate")
            }
            if let problem = process.problem { throw InputError(at: place, problem) }
            return process
        }

        private func parsed<Value>(
            _ text: String?, _ flag: String, _ words: String, _ parse: (String) -> Value?
        ) throws(InputError) -> Value? {
            guard let text else { return nil }
            if let value = parse(text) { return value }
            throw InputError(
                at: SourceLocation(file: flag, line: 1, column: 1), "found \"\(text)\", expected \(words)")
        }
    }
}
