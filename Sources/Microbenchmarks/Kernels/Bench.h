// What every family gets: the device, its partitions, the writer and a share of the time budget.
#pragma once
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "Device/DeviceFacts.h"
#include "Device/Measurement.h"
#include "Device/Partition.h"
#include "Harness/Budget.h"
#include "Harness/CommandLine.h"
#include "Harness/JsonLine.h"

namespace kernels {

class Gemm;
class PrefillAttention;

struct Bench {
  explicit Bench(const harness::Options& options);
  ~Bench();

  const harness::Options& options;
  harness::LineWriter writer;
  device::DeviceFacts facts;
  device::PartitionTable partitions;
  // Shared, so that plans tuned once serve every lane of a partition.
  std::unique_ptr<Gemm> gemm;
  std::unique_ptr<PrefillAttention> prefill;

  /// Seconds this family may still spend.
  double secondsLeft() const { return allowance - watch.seconds(); }
  bool outOfTime() const { return secondsLeft() <= 0; }
  void startFamily(const std::string& name, double seconds);

  /// First fields of a line.
  harness::JsonLine row(const std::string& kernel, const std::string& version, const std::string& dtype) const;
  /// Adds timing, partition and device facts, and writes the line.
  void write(harness::JsonLine line, const device::Partition& partition, const device::Timing& timing,
             const std::string& method, double bytes, double flops);
  /// Device facts alone, for rows that are not one kernel's timing.
  void write(harness::JsonLine line);
  void skip(harness::JsonLine line, const std::string& reason);
  /// Runs `body`; a thrown error becomes a skip line with the axis values of `line`.
  void guarded(const harness::JsonLine& line, const std::function<void()>& body);

  device::TimingOptions timing() const;
  int rows = 0, skips = 0;

 private:
  std::string family_;
  harness::Stopwatch watch;
  double allowance = 0;
};

/// Families in the order they run, with the weight of each in the budget.
struct Family {
  const char* name;
  const char* description;
  double weight;
  void (*run)(Bench&);
};
const std::vector<Family>& families();

void runGemm(Bench&);
void runGemmSteps(Bench&);
void runGemmFP8(Bench&);
void runPrefillAttention(Bench&);
void runDecodeAttention(Bench&);
void runDecodeUnequal(Bench&);
void runBandwidth(Bench&);
void runElementwise(Bench&);
void runIteration(Bench&);
void runParts(Bench&);
void runCoRun(Bench&);
void runCoRunMPS(Bench&);
void runPartitionCost(Bench&);
void runHost(Bench&);
void runAllReduce(Bench&);
void runPeerCopy(Bench&);

/// Entry of a process started by runCoRunMPS.
int runWorker(const harness::Options& options);

}  // namespace kernels
