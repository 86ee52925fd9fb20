// Family `corun`: a prefill layer loop beside a decode layer loop.
//
// The decode loop starts first and ends last, so every prefill iteration is overlapped from start
// to end; of the decode iterations only those inside the prefill window count.
#include <atomic>
#include <deque>
#include <map>
#include <numeric>
#include <thread>

#include "Bench.h"
#include "CoRun.h"
#include "Harness/Statistics.h"

namespace kernels {

std::vector<CoRunCase> coRunCases(bool quick) {
  if (quick) return {{1024, 32, 1024}, {4096, 128, 1024}};
  std::vector<CoRunCase> cases;
  for (int tokens : {2048, 512, 8192, 256, 1024, 4096})
    for (auto [batch, context] : {std::pair{32, 1024}, std::pair{128, 1024}, std::pair{8, 1024}, std::pair{64, 2048}, std::pair{256, 1024}, std::pair{32, 8192}})
      cases.push_back({tokens, batch, context});
  return cases;
}

LaneTiming summarize(const std::vector<double>& values) {
  LaneTiming timing;
  timing.iterations = static_cast<int>(values.size());
  if (values.empty()) return timing;
  timing.meanMicroseconds = std::accumulate(values.begin(), values.end(), 0.0) / values.size();
  timing.medianMicroseconds = harness::median(values);
  timing.deviation = harness::relativeDeviation(values);
  return timing;
}

void addTiming(harness::JsonLine& line, const std::string& prefix, const LaneTiming& timing) {
  line.add(prefix + "_us", timing.meanMicroseconds).add(prefix + "_median_us", timing.medianMicroseconds);
  line.add(prefix + "_deviation", timing.deviation).add(prefix + "_iterations", timing.iterations);
}

namespace {

LaneTiming timeAlone(Side& side, double secondsMax) {
  auto stream = side.lane->partition.stream;
  // Beside each other the lanes run for long; alone they are brought to the same clock first.
  for (harness::Stopwatch watch; watch.seconds() < secondsMax;) {
    for (int i = 0; i < 2; ++i) side.graph->launch(stream);
    CUDA_CHECK(cudaStreamSynchronize(stream));
  }
  std::vector<double> samples;
  double spent = 0;
  std::vector<device::Event> events(9);
  do {
    // A burst back to back, as in the co-run.
    const int burst = samples.empty() ? 2 : 8;
    for (int i = 0; i <= burst; ++i) {
      CUDA_CHECK(cudaEventRecord(events[i], stream));
      if (i < burst) side.graph->launch(stream);
    }
    CUDA_CHECK(cudaStreamSynchronize(stream));
    for (int i = 0; i < burst; ++i) {
      samples.push_back(device::elapsedMicroseconds(events[i], events[i + 1]));
      spent += samples.back() * 1e-6;
    }
  } while (samples.size() < 24 && spent < secondsMax);
  if (samples.size() > 4) samples.erase(samples.begin());  // includes the launch of the first graph
  return summarize(samples);
}

}  // namespace

void prepareSide(Side& side, Bench& bench, ModelState& state, device::Partition& partition, int tokensMax,
                 const std::function<void(Lane&)>& prepareLane, int layers, bool whole) {
  if (side.graph) return;
  side.lane = std::make_unique<Lane>(bench, state, partition, tokensMax);
  prepareLane(*side.lane);
  side.lane->run(layers, whole, partition.stream);  // first use of a kernel loads its module
  CUDA_CHECK(cudaStreamSynchronize(partition.stream));
  side.graph = std::make_unique<device::Graph>(partition.stream, [&](cudaStream_t stream) { side.lane->run(layers, whole, stream); });
  side.alone = timeAlone(side, bench.options.quick ? 0.02 : 0.08);
}

namespace {

struct Together {
  LaneTiming prefill, decode;
};

Together runTogether(Side& prefill, Side& decode, int prefillIterations) {
  auto prefillStream = prefill.lane->partition.stream, decodeStream = decode.lane->partition.stream;
  constexpr int ahead = 4;
  constexpr int decodeIterationsMax = 5000;
  std::atomic<bool> started{false}, finished{false};
  std::deque<device::Event> decodeEvents;
  std::exception_ptr failure;
  std::thread decoder([&] {
    try {
      auto mark = [&] {
        decodeEvents.emplace_back();
        CUDA_CHECK(cudaEventRecord(decodeEvents.back(), decodeStream));
      };
      mark();
      for (int i = 0; i < decodeIterationsMax && !finished; ++i) {
        decode.graph->launch(decodeStream);
        mark();
        if (i >= ahead) CUDA_CHECK(cudaEventSynchronize(decodeEvents[decodeEvents.size() - 1 - ahead]));
        if (i == ahead + 1) started = true;
      }
    } catch (...) {
      failure = std::current_exception();
    }
    started = true;
  });
  while (!started) std::this_thread::yield();
  std::vector<device::Event> prefillEvents(prefillIterations + 1);
  CUDA_CHECK(cudaEventRecord(prefillEvents[0], prefillStream));
  for (int i = 0; i < prefillIterations; ++i) {
    prefill.graph->launch(prefillStream);
    CUDA_CHECK(cudaEventRecord(prefillEvents[i + 1], prefillStream));
  }
  CUDA_CHECK(cudaStreamSynchronize(prefillStream));
  finished = true;
  decoder.join();
  if (failure) std::rethrow_exception(failure);
  CUDA_CHECK(cudaStreamSynchronize(decodeStream));

  Together result;
  std::vector<double> prefillTimes, decodeTimes;
  for (int i = 0; i < prefillIterations; ++i) prefillTimes.push_back(device::elapsedMicroseconds(prefillEvents[i], prefillEvents[i + 1]));
  for (size_t i = 0; i + 1 < decodeEvents.size(); ++i) {
    float fromStart = 0, toEnd = 0;
    CUDA_CHECK(cudaEventElapsedTime(&fromStart, prefillEvents.front(), decodeEvents[i]));
    CUDA_CHECK(cudaEventElapsedTime(&toEnd, decodeEvents[i + 1], prefillEvents.back()));
    if (fromStart >= 0 && toEnd >= 0) decodeTimes.push_back(device::elapsedMicroseconds(decodeEvents[i], decodeEvents[i + 1]));
  }
  result.prefill = summarize(prefillTimes);
  result.decode = summarize(decodeTimes);
  return result;
}

class CoRunFamily {
 public:
  explicit CoRunFamily(Bench& bench)
      : bench_(bench), state_(harness::llama3_8B(), bench.options.quick ? coRunLayers : 32, bench.options.quick ? 139264 : 278528) {}

  void run() {
    const std::vector<std::pair<int, int>> pairs = bench_.options.quick
        ? std::vector<std::pair<int, int>>{{64, 68}, {132, 132}}
        : std::vector<std::pair<int, int>>{{64, 68}, {132, 132}, {96, 36}, {32, 100}, {112, 20}, {48, 84}, {80, 52}, {16, 116},
                                           {72, 60}, {40, 92}, {104, 28}, {88, 44}, {24, 108}, {120, 12}};
    for (const auto& [first, second] : pairs) {
      if (bench_.outOfTime()) break;
      onPair(first, second);
    }
  }

 private:
  void onPair(int prefillSMs, int decodeSMs) {
    auto axes = bench_.row("layer loops", "1", "bf16");
    axes.add("sms_prefill_requested", prefillSMs).add("sms_decode_requested", decodeSMs);
    bench_.guarded(axes, [&] {
      auto [prefillPartition, decodePartition] = bench_.partitions.pair(prefillSMs, decodeSMs);
      std::map<int, Side> prefills;
      std::map<std::pair<int, int>, Side> decodes;
      for (const auto& c : coRunCases(bench_.options.quick)) {
        if (bench_.outOfTime()) return;
        Side& prefill = prefills[c.tokens];
        Side& decode = decodes[{c.batch, c.context}];
        prepare(prefill, *prefillPartition, c.tokens, [&](Lane& lane) { lane.preparePrefill(c.tokens, 1); }, coRunLayers, false);
        prepare(decode, *decodePartition, c.batch, [&](Lane& lane) { lane.prepareDecode(c.batch, c.context); }, coRunLayers, false);
        one(prefill, decode, c, coRunLayers, false);
      }
      // A few whole-model pairs, which the layer loops should agree with.
      if (bench_.options.quick || !(prefillSMs == 64 || prefillSMs == 132 || prefillSMs == 96)) return;
      for (const auto& c : {CoRunCase{512, 32, 1024}, CoRunCase{2048, 32, 1024}, CoRunCase{2048, 128, 1024}}) {
        if (bench_.outOfTime()) return;
        Side prefill, decode;
        prepare(prefill, *prefillPartition, c.tokens, [&](Lane& lane) { lane.preparePrefill(c.tokens, 1); }, state_.layers, true);
        prepare(decode, *decodePartition, c.batch, [&](Lane& lane) { lane.prepareDecode(c.batch, c.context); }, state_.layers, true);
        one(prefill, decode, c, state_.layers, true);
      }
    });
  }

  void prepare(Side& side, device::Partition& partition, int tokens, const std::function<void(Lane&)>& prepareLane, int layers, bool whole) {
    prepareSide(side, bench_, state_, partition, tokens, prepareLane, layers, whole);
  }

  void one(Side& prefill, Side& decode, const CoRunCase& c, int layers, bool whole) {
    const auto &p = prefill.lane->partition, &d = decode.lane->partition;
    auto row = bench_.row("layer loops", "1", "bf16");
    row.add("mechanism", p.context ? "green" : "streams").add("model", state_.model.name).add("layers", layers).add("scope", whole ? "iteration" : "layers");
    row.add("tokens", c.tokens).add("batch", c.batch).add("context", c.context);
    row.add("sms_prefill_requested", p.requested).add("sms_prefill", p.granted).add("sms_decode_requested", d.requested).add("sms_decode", d.granted);
    bench_.guarded(row, [&] {
      const double windowMicroseconds = std::max({4 * decode.alone.meanMicroseconds * (p.context ? 1.3 : 2.0), 2 * prefill.alone.meanMicroseconds, 12000.0});
      int iterations = std::max(prefill.alone.meanMicroseconds < 120000 ? 3 : 2, static_cast<int>(windowMicroseconds / prefill.alone.meanMicroseconds + 0.5));
      Together together;
      constexpr int attempts = 3;
      device::ClockReading clock;
      for (int attempt = 0; attempt < attempts; ++attempt) {
        together = runTogether(prefill, decode, iterations);
        clock = bench_.facts.readClock();
        if (together.decode.iterations >= 3 && !clock.throttled) break;
        iterations *= 3;
      }
      if (clock.throttled) throw std::runtime_error("throttled");
      if (!together.decode.known()) throw std::runtime_error("no decode iteration completed beside prefill");
      addTiming(row, "prefill_alone", prefill.alone);
      addTiming(row, "prefill", together.prefill);
      addTiming(row, "decode_alone", decode.alone);
      addTiming(row, "decode", together.decode);
      row.add("prefill_slowdown", together.prefill.meanMicroseconds / prefill.alone.meanMicroseconds);
      row.add("decode_slowdown", together.decode.meanMicroseconds / decode.alone.meanMicroseconds);
      bench_.write(row);
    });
  }

  Bench& bench_;
  ModelState state_;
};

}  // namespace

void runCoRun(Bench& bench) {
  if (const auto reason = PrefillAttention::unavailable(); !reason.empty()) {
    bench.skip(bench.row("layer loops", "", "bf16"), reason);
    return;
  }
  CoRunFamily(bench).run();
}

}  // namespace kernels
