// Family `bandwidth`: how fast a number of SMs reads and copies device memory.
#include "Bench.h"
#include "ElementwiseKernels.h"
#include "Harness/Axes.h"

namespace kernels {

void runBandwidth(Bench& bench) {
  constexpr int64_t gibibyte = 1 << 30;
  constexpr int blocksPerSM = 8;
  device::Buffer source(4 * gibibyte), destination(4 * gibibyte), sink(64);
  device::fillRandomBF16(source.as(), source.bytes() / 2, 1, 51);
  device::fillRandomBF16(destination.as(), destination.bytes() / 2, 1, 52);
  CUDA_CHECK(cudaDeviceSynchronize());
  std::vector<int> counts = harness::smCounts();
  counts.insert(counts.end(), harness::smCountsHeldOut().begin(), harness::smCountsHeldOut().end());
  const std::vector<int64_t> sizes = bench.options.quick ? std::vector<int64_t>{gibibyte}
                                                         : std::vector<int64_t>{1 << 20, 16 << 20, 128 << 20, gibibyte};
  for (int sms : counts)
    for (int64_t bytes : sizes)
      for (const char* name : {"read", "copy"}) {
        if (bench.outOfTime()) return;
        const bool copy = name[0] == 'c';
        auto row = bench.row(name, "1", "");
        row.add("buffer_bytes", bytes).add("blocks_per_sm", blocksPerSM);
        bench.guarded(row, [&] {
          auto& partition = bench.partitions.get(sms);
          const int64_t copies = source.bytes() / bytes;
          auto launch = [&](cudaStream_t stream, int index) {
            const size_t offset = index % copies * bytes;
            if (copy) copyBytes(source.as(offset), destination.as(offset), bytes, partition.granted * blocksPerSM, stream);
            else readBytes(source.as(offset), bytes, partition.granted * blocksPerSM, sink.as<float>(), stream);
          };
          if (copy) {  // a copy is verified by comparing a few words
            CUDA_CHECK(cudaMemsetAsync(destination.as(), 0xff, bytes, partition.stream));
            launch(partition.stream, 0);
            CUDA_CHECK(cudaStreamSynchronize(partition.stream));
            for (int64_t at : {int64_t{0}, bytes / 2 + 16, bytes - 16}) {
              uint64_t expected, found;
              CUDA_CHECK(cudaMemcpy(&expected, source.as(at), 8, cudaMemcpyDeviceToHost));
              CUDA_CHECK(cudaMemcpy(&found, destination.as(at), 8, cudaMemcpyDeviceToHost));
              if (expected != found) throw std::runtime_error("verification of copy failed");
            }
          }
          bench.write(row, partition, device::measure(bench.facts, partition, launch, bench.timing()), "cold", double(bytes) * (copy ? 2 : 1), 0);
        });
      }
}

}  // namespace kernels
