// Family `partition`: what it costs to have, switch and re-capture for an SM partition.
#include <chrono>
#include <functional>
#include <map>

#include "Bench.h"
#include "DecoderModel.h"
#include "Harness/Statistics.h"

namespace kernels {
namespace {

using Clock = std::chrono::steady_clock;

double microsecondsSince(Clock::time_point start) { return std::chrono::duration<double, std::micro>(Clock::now() - start).count(); }

__global__ void emptyKernel() {}

class PartitionFamily {
 public:
  explicit PartitionFamily(Bench& bench) : bench_(bench) {}

  void run() {
    contexts();
    bench_.guarded(bench_.row("stream switch", "1", ""), [&] { switches(); });
    if (PrefillAttention::unavailable().empty()) bench_.guarded(bench_.row("graph capture", "1", ""), [&] { captures(); });
  }

 private:
  void write(const char* operation, int sms, const std::vector<double>& samples, const std::function<void(harness::JsonLine&)>& more = {}) {
    auto row = bench_.row(operation, "1", "");
    row.add("sms_requested", sms);
    if (more) more(row);
    row.add("median_us", harness::median(samples)).add("deviation", harness::relativeDeviation(samples)).add("samples", static_cast<int>(samples.size()));
    bench_.write(row);
  }

  void contexts() {
    for (int sms : {8, 32, 64, 96, 124}) {
      auto row = bench_.row("green context", "1", "");
      row.add("sms_requested", sms);
      bench_.guarded(row, [&] {
        std::vector<double> create, stream, destroy;
        for (int i = 0; i < 15; ++i) {
          const auto costs = bench_.partitions.timeCycle(sms);
          create.push_back(costs.createMicroseconds);
          stream.push_back(costs.streamMicroseconds);
          destroy.push_back(costs.destroyMicroseconds);
        }
        write("green_context_create", sms, create);
        write("green_context_stream_create", sms, stream);
        write("green_context_destroy", sms, destroy);
        const auto& partition = bench_.partitions.get(sms);
        auto visible = bench_.row("visible_sms", "1", "");
        visible.add("sms_requested", sms).add("sms", partition.granted).add("visible_sms", device::countVisibleSMs(partition.stream));
        bench_.write(visible);
      });
    }
  }

  /// Per launch: on one stream, alternating between partitions, and alternating with an event
  /// dependency each time, which is what handing work to another partition takes.
  void switches() {
    auto [first, second] = bench_.partitions.pair(64, 68);
    constexpr int launches = 200;
    device::Event handover;
    for (const char* mode : {"launch_one_partition", "launch_alternating", "launch_alternating_dependent"}) {
      const bool alternate = std::string(mode) != "launch_one_partition", dependent = std::string(mode) == "launch_alternating_dependent";
      std::vector<double> samples;
      for (int repeat = 0; repeat < 12; ++repeat) {
        CUDA_CHECK(cudaDeviceSynchronize());
        const auto start = Clock::now();
        for (int i = 0; i < launches; ++i) {
          auto stream = alternate && i % 2 ? second->stream : first->stream;
          emptyKernel<<<1, 32, 0, stream>>>();
          if (dependent) {
            CUDA_CHECK(cudaEventRecord(handover, stream));
            CUDA_CHECK(cudaStreamWaitEvent(i % 2 ? first->stream : second->stream, handover));
          }
        }
        CUDA_CHECK(cudaDeviceSynchronize());
        samples.push_back(microsecondsSince(start) / launches);
      }
      write(mode, 64, samples);
    }
  }

  void captures() {
    ModelState state(harness::llama3_8B(), 32, 65536);
    for (int sms : {132, 64}) {
      auto& partition = bench_.partitions.get(sms);
      Lane lane(bench_, state, partition, 256);
      for (int batch : {1, 32, 128}) {
        lane.prepareDecode(batch, 512);
        lane.run(state.layers, true, partition.stream);
        CUDA_CHECK(cudaStreamSynchronize(partition.stream));
        std::vector<double> capture, instantiate, firstLaunch, laterLaunch, eager;
        size_t nodes = 0;
        for (int i = 0; i < 7; ++i) {
          cudaGraph_t graph;
          cudaGraphExec_t executable;
          auto start = Clock::now();
          CUDA_CHECK(cudaStreamBeginCapture(partition.stream, cudaStreamCaptureModeThreadLocal));
          lane.run(state.layers, true, partition.stream);
          CUDA_CHECK(cudaStreamEndCapture(partition.stream, &graph));
          capture.push_back(microsecondsSince(start));
          CUDA_CHECK(cudaGraphGetNodes(graph, nullptr, &nodes));
          start = Clock::now();
          CUDA_CHECK(cudaGraphInstantiate(&executable, graph, 0));
          instantiate.push_back(microsecondsSince(start));
          start = Clock::now();
          CUDA_CHECK(cudaGraphLaunch(executable, partition.stream));
          firstLaunch.push_back(microsecondsSince(start));
          CUDA_CHECK(cudaStreamSynchronize(partition.stream));
          start = Clock::now();
          CUDA_CHECK(cudaGraphLaunch(executable, partition.stream));
          laterLaunch.push_back(microsecondsSince(start));
          CUDA_CHECK(cudaStreamSynchronize(partition.stream));
          start = Clock::now();
          lane.run(state.layers, true, partition.stream);
          eager.push_back(microsecondsSince(start));
          CUDA_CHECK(cudaStreamSynchronize(partition.stream));
          CUDA_CHECK(cudaGraphExecDestroy(executable));
          CUDA_CHECK(cudaGraphDestroy(graph));
        }
        relaunch(lane, state.layers, sms, batch);
        const auto facts = [&](harness::JsonLine& row) { row.add("model", "llama-3-8b").add("layers", 32).add("batch", batch).add("nodes", int64_t(nodes)); };
        write("graph_capture", sms, capture, facts);
        write("graph_instantiate", sms, instantiate, facts);
        write("graph_first_launch_host", sms, firstLaunch, facts);
        write("graph_launch_host", sms, laterLaunch, facts);
        write("eager_iteration_host", sms, eager, facts);
      }
    }
  }

  /// What one iteration costs beyond its kernels when graphs follow each other without a pause: the
  /// same executable again, or two in turn.
  void relaunch(Lane& lane, int layers, int sms, int batch) {
    auto stream = lane.partition.stream;
    const auto record = [&](cudaStream_t s) { lane.run(layers, true, s); };
    device::Event inner[2], outer[2];
    const device::Graph timed(stream, [&](cudaStream_t s) {
      CUDA_CHECK(cudaEventRecordWithFlags(inner[0], s, cudaEventRecordExternal));
      record(s);
      CUDA_CHECK(cudaEventRecordWithFlags(inner[1], s, cudaEventRecordExternal));
    });
    const device::Graph first(stream, record), second(stream, record);
    constexpr int launches = 8;
    std::vector<double> inside, same, alternating;
    for (int i = 0; i < 8; ++i) {
      timed.launch(stream);
      CUDA_CHECK(cudaStreamSynchronize(stream));
      inside.push_back(device::elapsedMicroseconds(inner[0], inner[1]));
      for (bool alternate : {false, true}) {
        first.launch(stream);
        CUDA_CHECK(cudaEventRecord(outer[0], stream));
        for (int j = 0; j < launches; ++j) (alternate && j % 2 == 0 ? second : first).launch(stream);
        CUDA_CHECK(cudaEventRecord(outer[1], stream));
        CUDA_CHECK(cudaStreamSynchronize(stream));
        (alternate ? alternating : same).push_back(device::elapsedMicroseconds(outer[0], outer[1]) / launches);
      }
    }
    const auto facts = [&](harness::JsonLine& row) { row.add("model", "llama-3-8b").add("layers", layers).add("batch", batch); };
    write("graph_iteration_inside", sms, inside, facts);
    write("graph_iteration_same_executable", sms, same, facts);
    write("graph_iteration_alternating", sms, alternating, facts);
  }

  Bench& bench_;
};

}  // namespace

void runPartitionCost(Bench& bench) { PartitionFamily(bench).run(); }

}  // namespace kernels
