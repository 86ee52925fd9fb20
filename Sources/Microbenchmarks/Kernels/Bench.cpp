#include "Bench.h"

#include "Gemm.h"
#include "PrefillAttention.h"

namespace kernels {

Bench::Bench(const harness::Options& options)
    : options(options), writer(options.output), facts(options.device), partitions(options.device),
      gemm(std::make_unique<Gemm>()), prefill(std::make_unique<PrefillAttention>()) {}

Bench::~Bench() = default;

void Bench::startFamily(const std::string& name, double seconds) {
  family_ = name;
  watch = harness::Stopwatch();
  allowance = seconds;
}

harness::JsonLine Bench::row(const std::string& kernel, const std::string& version, const std::string& dtype) const {
  harness::JsonLine line;
  line.add("schema", 1).add("family", family_).add("kernel", kernel);
  if (!version.empty()) line.add("version", version);
  if (!dtype.empty()) line.add("dtype", dtype);
  return line;
}

void Bench::write(harness::JsonLine line, const device::Partition& partition, const device::Timing& timing,
                  const std::string& method, double bytes, double flops) {
  line.add("method", method).add("median_us", timing.medianMicroseconds).add("deviation", timing.deviation);
  line.add("half_width", timing.halfWidth).add("samples", timing.samples).add("launches", timing.launchesPerSample);
  line.add("graph", timing.graph);
  if (bytes > 0) line.add("bytes", static_cast<int64_t>(bytes));
  if (flops > 0) line.add("flops", static_cast<int64_t>(flops));
  line.add("sms_requested", partition.requested).add("sms", partition.granted);
  line.add("device", facts.json(timing.clock));
  if (!options.date.empty()) line.add("date", options.date);
  writer.write(line);
  ++rows;
}

void Bench::write(harness::JsonLine line) {
  line.add("device", facts.json(facts.readClock()));
  if (!options.date.empty()) line.add("date", options.date);
  writer.write(line);
  ++rows;
}

void Bench::skip(harness::JsonLine line, const std::string& reason) {
  line.add("skip", reason);
  writer.write(line);
  ++skips;
}

void Bench::guarded(const harness::JsonLine& line, const std::function<void()>& body) {
  try {
    body();
  } catch (const std::exception& error) {
    skip(line, error.what());
    // Errors such as an illegal address poison the context: nothing measured after one is worth keeping.
    cudaGetLastError();
    if (cudaDeviceSynchronize() != cudaSuccess) throw;
  }
}

device::TimingOptions Bench::timing() const {
  device::TimingOptions timing;
  if (options.quick) {
    timing.rule = {3, 7, 0.03, 0.05};
    timing.sampleMicroseconds = 150;
  } else {
    timing.rule = {5, 15, 0.01, 0.04};
  }
  return timing;
}

const std::vector<Family>& families() {
  static const std::vector<Family> all = {
      {"gemm", "matrix products of linear layers, bf16 (cuBLASLt)", 30, runGemm},
      {"gemm-steps", "products at the ends of tiles and just behind them", 20, runGemmSteps},
      {"gemm-fp8", "the same in fp8 e4m3 with per-tensor scales", 8, runGemmFP8},
      {"prefill", "causal attention of prompt chunks over cached context (cuDNN)", 12, runPrefillAttention},
      {"decode", "one-token attention over a paged KV cache", 12, runDecodeAttention},
      {"decode-unequal", "the same with contexts of unequal lengths", 2, runDecodeUnequal},
      {"bandwidth", "reads and copies against SMs", 2, runBandwidth},
      {"elementwise", "norms, rotary, activation, residual, embedding, sampling, quantisation", 4, runElementwise},
      {"iteration", "whole decoder layers and model iterations", 14, runIteration},
      {"parts", "the kernels of an iteration in the power state of the whole", 8, runParts},
      {"corun", "prefill beside decode on SM partitions and unpartitioned", 24, runCoRun},
      {"corun-mps", "prefill beside decode as two MPS clients", 8, runCoRunMPS},
      {"partition", "costs of creating, switching and capturing for a partition", 1, runPartitionCost},
      {"host", "launches and PCIe copies", 2, runHost},
      {"allreduce", "NCCL all-reduce over the GPUs of one host", 4, runAllReduce},
      {"peer", "copies between two GPUs", 1, runPeerCopy},
  };
  return all;
}

}  // namespace kernels
