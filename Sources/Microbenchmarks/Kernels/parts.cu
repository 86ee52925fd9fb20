// Family `parts`: the kernels of an iteration, timed in the power state of the whole.
//
// At the power limit the clock is that of what runs: a product alone draws more than the iteration it
// is part of, so the two run at different clocks and their times do not add up. Here a kernel is timed
// right behind a whole iteration, in one graph, before the clock can follow.
#include <algorithm>
#include <chrono>
#include <thread>

#include "Bench.h"
#include "DecoderModel.h"
#include "Harness/Statistics.h"

namespace kernels {
namespace {

using Part = Lane::Part;

struct NamedPart {
  Part part;
  const char* name;
  bool perLayer, heavy;
};

// How often each runs is what the sum needs: `perLayer` ones once a layer, norms twice and once more behind the last.
constexpr NamedPart parts[] = {
    {Part::qkv, "qkv", true, true},           {Part::o, "o", true, true},
    {Part::gateUp, "gate_up", true, true},    {Part::down, "down", true, true},
    {Part::attention, "attention", true, true}, {Part::rotary, "rotary_and_cache", true, false},
    {Part::silu, "silu_multiply", true, false}, {Part::norm, "add_rms_norm", true, false},
    {Part::embedding, "embedding", false, false}, {Part::head, "lm_head", false, false},
    {Part::argmax, "argmax", false, false}};

void rest(double seconds) { std::this_thread::sleep_for(std::chrono::duration<double>(seconds)); }

void mark(cudaEvent_t event, cudaStream_t stream) { CUDA_CHECK(cudaEventRecordWithFlags(event, stream, cudaEventRecordExternal)); }

class PartsFamily {
 public:
  explicit PartsFamily(Bench& bench)
      : bench_(bench), state_(harness::llama3_8B(), 32, 278528) {}

  void run() {
    for (int batch : {256, 128, 32, 1}) decode(batch, 1024);
    for (int tokens : {8192, 2048, 4096, 512}) prefill(tokens);
  }

 private:
  static constexpr double settleSeconds = 0.9, restSeconds = 1.2;

  void decode(int batch, int context) {
    auto row = base("decode");
    row.add("tokens", batch).add("batch", batch).add("context", context);
    measureCase(row, [=](Lane& lane) { lane.prepareDecode(batch, context); });
  }

  void prefill(int tokens) {
    auto row = base("prefill");
    row.add("tokens", tokens).add("batch", 1).add("context", tokens);
    measureCase(row, [=](Lane& lane) { lane.preparePrefill(tokens, 1); });
  }

  harness::JsonLine base(const char* kind) {
    auto row = bench_.row("decoder iteration", "1", "bf16");
    return row.add("model", state_.model.name).add("layers", state_.layers).add("kind", kind);
  }

  void measureCase(const harness::JsonLine& row, const std::function<void(Lane&)>& prepare) {
    if (bench_.outOfTime()) return;
    bench_.guarded(row, [&] {
      Lane lane(bench_, state_, bench_.partitions.get(bench_.facts.smCount()), 8192);
      prepare(lane);
      lane.run(state_.layers, true, lane.partition.stream);  // first use of a kernel loads its module
      CUDA_CHECK(cudaStreamSynchronize(lane.partition.stream));
      burst(lane, row);
      const bool capped = whole(lane, row, true);
      for (const auto& part : parts) inside(lane, row, part);
      // Again, so that what drifted meanwhile is seen.
      whole(lane, row, true);
      whole(lane, row, false);
      if (!capped) return;
      for (const auto& part : parts) if (part.heavy) alone(lane, row, part);
      course(lane, row);
    });
  }

  /// Whole iterations back to back, once the clock has settled. Whether that is below the top clock.
  bool whole(Lane& lane, harness::JsonLine row, bool asGraph) {
    device::Event start, stop;
    const auto stream = lane.partition.stream;
    std::unique_ptr<device::Graph> graph;
    if (asGraph) graph = std::make_unique<device::Graph>(stream, [&](cudaStream_t s) {
      mark(start, s);
      lane.run(state_.layers, true, s);
      mark(stop, s);
    });
    const auto launch = [&] {
      if (graph) return graph->launch(stream);
      CUDA_CHECK(cudaEventRecord(start, stream));
      lane.run(state_.layers, true, stream);
      CUDA_CHECK(cudaEventRecord(stop, stream));
    };
    const auto samples = collect(stream, launch, settleSeconds, [&] { return device::elapsedMicroseconds(start, stop); });
    row.add("part", "whole").add("count", 1).add("state", "sustained").add("scope", "iteration").add("mode", asGraph ? "graph" : "eager");
    const auto result = timing(samples, 1, asGraph);
    bench_.write(row, lane.partition, result, "cold", 0, 0);
    return result.clock.powerCapped;
  }

  /// A kernel on the weights or the cache of one layer after another, right behind a whole iteration.
  void inside(Lane& lane, harness::JsonLine row, const NamedPart& part) {
    const int launches = part.perLayer ? state_.layers : 4;
    device::Event start, middle, stop;
    const auto stream = lane.partition.stream;
    const device::Graph graph(stream, [&](cudaStream_t s) {
      mark(start, s);
      lane.run(state_.layers, true, s);
      mark(middle, s);
      for (int i = 0; i < launches; ++i) lane.launch(part.part, part.perLayer ? i : 0, s);
      mark(stop, s);
    });
    std::vector<double> wholes;
    const auto samples = collect(stream, [&] { graph.launch(stream); }, settleSeconds / 3, [&] {
      wholes.push_back(device::elapsedMicroseconds(start, middle));
      return device::elapsedMicroseconds(middle, stop) / launches;
    });
    addPart(row, part).add("state", "in_iteration").add("whole_us", harness::median(wholes));
    bench_.write(row, lane.partition, timing(samples, launches, true), "cold", 0, 0);
  }

  /// The same kernel with nothing but itself, once its own clock has settled.
  void alone(Lane& lane, harness::JsonLine row, const NamedPart& part) {
    device::Event start, stop;
    const auto stream = lane.partition.stream;
    const device::Graph graph(stream, [&](cudaStream_t s) {
      lane.launch(part.part, state_.layers - 1, s);  // hides the start of the graph
      mark(start, s);
      for (int layer = 0; layer < state_.layers; ++layer) lane.launch(part.part, layer, s);
      mark(stop, s);
    });
    const auto samples = collect(stream, [&] { graph.launch(stream); }, settleSeconds, [&] {
      return device::elapsedMicroseconds(start, stop) / state_.layers;
    });
    addPart(row, part).add("state", "sustained");
    bench_.write(row, lane.partition, timing(samples, state_.layers, true), "cold", 0, 0);
  }

  /// Single iterations from rest, with the time of every layer: they say how long the top clock lasts.
  void burst(Lane& lane, harness::JsonLine row) {
    const auto stream = lane.partition.stream;
    device::Event start, stop;
    std::vector<device::Event> layers(state_.layers + 1);
    const device::Graph graph(stream, [&](cudaStream_t s) {
      mark(start, s);
      lane.run(state_.layers, true, s, [&](int layer) { mark(layers[layer], s); });
      mark(stop, s);
    });
    std::vector<double> samples;
    std::vector<std::vector<double>> times(state_.layers);
    for (int i = 0; i < 3; ++i) {
      rest(restSeconds);
      graph.launch(stream);
      CUDA_CHECK(cudaStreamSynchronize(stream));
      samples.push_back(device::elapsedMicroseconds(start, stop));
      for (int layer = 0; layer < state_.layers; ++layer) times[layer].push_back(device::elapsedMicroseconds(layers[layer], layers[layer + 1]));
    }
    std::vector<int64_t> nanoseconds;
    for (const auto& time : times) nanoseconds.push_back(static_cast<int64_t>(harness::median(time) * 1e3));
    row.add("part", "whole").add("count", 1).add("state", "burst").add("scope", "iteration").add("mode", "graph").add("layers_ns", nanoseconds);
    bench_.write(row, lane.partition, timing(samples, 1, true), "cold", 0, 0);
  }

  /// Iterations from rest into continuous running, as medians of stretches of it: when the clock settles.
  void course(Lane& lane, harness::JsonLine row) {
    constexpr double bucketSeconds = 0.1, seconds = 2.5;
    const auto stream = lane.partition.stream;
    device::Event start, stop;
    const device::Graph graph(stream, [&](cudaStream_t s) {
      mark(start, s);
      lane.run(state_.layers, true, s);
      mark(stop, s);
    });
    rest(restSeconds);
    std::vector<int64_t> nanoseconds;
    std::vector<double> bucket, late;
    double bucketEnd = bucketSeconds;
    for (harness::Stopwatch watch; watch.seconds() < seconds;) {
      graph.launch(stream);
      CUDA_CHECK(cudaStreamSynchronize(stream));
      bucket.push_back(device::elapsedMicroseconds(start, stop));
      if (watch.seconds() > seconds / 2) late.push_back(bucket.back());
      if (watch.seconds() < bucketEnd) continue;
      nanoseconds.push_back(static_cast<int64_t>(harness::median(bucket) * 1e3));
      bucket.clear();
      bucketEnd = watch.seconds() + bucketSeconds;
    }
    row.add("part", "whole").add("state", "course").add("bucket_seconds", seconds / nanoseconds.size()).add("course_ns", nanoseconds);
    bench_.write(row, lane.partition, timing(late, 1, true), "cold", 0, 0);
  }

  /// Launches until the clock has settled, then keeps samples for half as long.
  template <typename Launch, typename Read>
  std::vector<double> collect(cudaStream_t stream, const Launch& launch, double seconds, const Read& read) {
    for (harness::Stopwatch watch; watch.seconds() < seconds;) {
      launch();
      CUDA_CHECK(cudaStreamSynchronize(stream));
    }
    std::vector<double> samples;
    for (harness::Stopwatch watch; samples.size() < 5 || watch.seconds() < seconds / 2;) {
      launch();
      CUDA_CHECK(cudaStreamSynchronize(stream));
      samples.push_back(read());
    }
    return samples;
  }

  harness::JsonLine& addPart(harness::JsonLine& row, const NamedPart& part) {
    const int count = part.part == Part::norm ? 2 * state_.layers + 1 : part.perLayer ? state_.layers : 1;
    return row.add("part", part.name).add("count", count);
  }

  device::Timing timing(const std::vector<double>& samples, int launches, bool graph) {
    device::Timing timing;
    timing.clock = bench_.facts.readClock();
    if (timing.clock.throttled) throw std::runtime_error("throttled");
    timing.medianMicroseconds = harness::median(samples);
    timing.deviation = harness::relativeDeviation(samples);
    timing.halfWidth = harness::relativeHalfWidth(samples);
    timing.samples = static_cast<int>(samples.size());
    timing.launchesPerSample = launches;
    timing.graph = graph;
    return timing;
  }

  Bench& bench_;
  ModelState state_;
};

}  // namespace

void runParts(Bench& bench) {
  if (const auto reason = PrefillAttention::unavailable(); !reason.empty()) {
    bench.skip(bench.row("decoder iteration", "", "bf16"), reason);
    return;
  }
  if (bench.options.quick) return bench.skip(bench.row("decoder iteration", "", "bf16"), "clocks take seconds to settle: not part of --quick");
  PartsFamily(bench).run();
}

}  // namespace kernels
