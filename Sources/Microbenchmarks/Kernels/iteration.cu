// Family `iteration`: whole model iterations and decoder layers, the check that parts add up.
#include <chrono>
#include <map>
#include <thread>

#include "Bench.h"
#include "DecoderModel.h"
#include "Harness/Statistics.h"

namespace kernels {
namespace {

class IterationFamily {
 public:
  explicit IterationFamily(Bench& bench)
      : bench_(bench), state_(harness::llama3_8B(), bench.options.quick ? 8 : 32, bench.options.quick ? 131072 : cacheTokens) {}

  void run() {
    if (bench_.options.quick) {
      for (int sms : {132, 64}) {
        for (int tokens : {512, 2048}) prefill(tokens, 1, sms);
        for (int batch : {1, 32}) decode(batch, 1024, sms);
      }
      return;
    }
    for (int sms : {132, 64, 96, 32, 16, 48, 112, 80}) {
      for (int batch : {1, 8, 32, 64, 128, 256})
        for (int context : {1024, 512, 2048, 4096})
          if (sms == 132 || sms == 64 || context == 1024 || (context == 4096 && sms > 16)) decode(batch, context, sms);
      for (int tokens : {128, 256, 512, 1024, 2048, 4096, 8192})
        if (sms > 16 || tokens <= 2048) prefill(tokens, 1, sms);
      if (sms == 132) {
        for (int batch : {2, 8}) for (int tokens : {1024, 2048, 8192}) prefill(tokens, batch, sms);
        decode(16, 8192, sms);
        decode(64, 8192, sms);
        decode(192, 1024, sms);
        decode(16, 1024, sms);
      }
    }
  }

 private:
  static constexpr int64_t cacheTokens = 532480;  // 520 * 1024: 256 sequences of 2,048 tokens and some to spare

  Lane& lane(int sms) {
    auto& slot = lanes_[sms];
    if (!slot) slot = std::make_unique<Lane>(bench_, state_, bench_.partitions.get(sms), 8192);
    return *slot;
  }

  void decode(int batch, int context, int sms) {
    if (int64_t(batch) * context > state_.cache(0).pages() * decodePageSize || bench_.outOfTime()) return;
    auto row = base("decode");
    row.add("tokens", batch).add("batch", batch).add("context", context);
    const auto& m = state_.model;
    const double perToken = 2.0 * (state_.layerElements * double(state_.layers) + double(m.vocabulary) * m.hidden);
    const double attention = 4.0 * batch * context * m.heads * m.headDim * state_.layers;
    const double bytes = perToken + double(batch) * context * 2 * m.kvHeads * m.headDim * 2 * state_.layers;
    measureOne(sms, row, [=](Lane& lane) { lane.prepareDecode(batch, context); }, perToken * batch + attention, bytes);
  }

  void prefill(int tokens, int batch, int sms) {
    if (bench_.outOfTime()) return;
    auto row = base("prefill");
    row.add("tokens", tokens).add("batch", batch).add("context", tokens / batch);
    const auto& m = state_.model;
    const double length = double(tokens) / batch;
    const double flops = 2.0 * state_.layerElements * double(state_.layers) * tokens + 2.0 * m.vocabulary * m.hidden * batch +
                         2.0 * batch * length * (length + 1) * m.heads * m.headDim * state_.layers;
    measureOne(sms, row, [=](Lane& lane) { lane.preparePrefill(tokens, batch); }, flops, 0);
  }

  harness::JsonLine base(const char* kind) {
    auto row = bench_.row("decoder iteration", "1", "bf16");
    return row.add("model", state_.model.name).add("layers", state_.layers).add("kind", kind);
  }

  void measureOne(int sms, const harness::JsonLine& row, const std::function<void(Lane&)>& prepare, double flops, double bytes) {
    auto axes = row;
    axes.add("sms_requested", sms);
    bench_.guarded(axes, [&] {
      Lane& lane = this->lane(sms);
      prepare(lane);
      one(lane, row, true, true, flops, bytes);
      if (bytes == 0 && sms >= 96 && !bench_.options.quick) one(lane, row, true, true, flops, bytes, true);
      if (sms == 132) one(lane, row, true, false, flops, bytes);
      // A layer loop without embedding and head: what the co-run family uses.
      if (sms == 132 || sms == 64) one(lane, row, false, true, 0, 0);
    });
  }

  void one(Lane& lane, harness::JsonLine row, bool whole, bool asGraph, double flops, double bytes, bool burst = false) {
    auto& partition = lane.partition;
    auto record = [&](cudaStream_t stream) { lane.run(state_.layers, whole, stream); };
    record(partition.stream);  // first use of a kernel loads its module
    CUDA_CHECK(cudaStreamSynchronize(partition.stream));
    device::Event start, stop;
    std::unique_ptr<device::Graph> graph;
    if (asGraph) {
      // Event nodes inside the graph: what a launch of the graph itself costs is family `partition`'s.
      graph = std::make_unique<device::Graph>(partition.stream, [&](cudaStream_t stream) {
        CUDA_CHECK(cudaEventRecordWithFlags(start, stream, cudaEventRecordExternal));
        record(stream);
        CUDA_CHECK(cudaEventRecordWithFlags(stop, stream, cudaEventRecordExternal));
      });
      graph->launch(partition.stream);
      CUDA_CHECK(cudaStreamSynchronize(partition.stream));
    }
    harness::StoppingCriterion criterion({burst ? 3 : 5, burst ? 3 : 11, 0.01, bench_.options.quick ? 0.05 : 0.12});
    // Prompts hold the device at its power limit, so the figure of a busy server is the preheated
    // one; a burst is one iteration after a rest.
    // The clock falls below where it settles for about half a second after prompts reach the power limit.
    const double preheatSeconds = bench_.options.quick ? 0.05 : bytes == 0 ? 0.8 : 0.15;
    for (harness::Stopwatch watch; graph && !burst && watch.seconds() < preheatSeconds;) {
      for (int i = 0; i < 2; ++i) graph->launch(partition.stream);
      CUDA_CHECK(cudaStreamSynchronize(partition.stream));
    }
    while (!criterion.finished()) {
      if (burst) std::this_thread::sleep_for(std::chrono::milliseconds(120));
      if (graph) {
        graph->launch(partition.stream);
      } else {
        CUDA_CHECK(cudaEventRecord(start, partition.stream));
        record(partition.stream);
        CUDA_CHECK(cudaEventRecord(stop, partition.stream));
      }
      CUDA_CHECK(cudaStreamSynchronize(partition.stream));
      const double time = device::elapsedMicroseconds(start, stop);
      criterion.add(time, time * 1e-6);
    }
    device::Timing timing;
    timing.clock = bench_.facts.readClock();
    if (timing.clock.throttled) throw std::runtime_error("throttled");
    timing.medianMicroseconds = harness::median(criterion.samples());
    timing.deviation = harness::relativeDeviation(criterion.samples());
    timing.halfWidth = harness::relativeHalfWidth(criterion.samples());
    timing.samples = static_cast<int>(criterion.samples().size());
    timing.graph = asGraph;
    row.add("state", burst ? "burst" : "sustained").add("scope", whole ? "iteration" : "layers").add("mode", asGraph ? "graph" : "eager");
    bench_.write(row, partition, timing, "cold", bytes, flops);
  }

  Bench& bench_;
  ModelState state_;
  std::map<int, std::unique_ptr<Lane>> lanes_;
};

}  // namespace

void runIteration(Bench& bench) {
  if (const auto reason = PrefillAttention::unavailable(); !reason.empty()) {
    bench.skip(bench.row("decoder iteration", "", "bf16"), reason);
    return;
  }
  IterationFamily(bench).run();
}

}  // namespace kernels
