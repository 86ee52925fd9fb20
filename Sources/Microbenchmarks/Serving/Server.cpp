#include "Server.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <filesystem>
#include <functional>
#include <iostream>
#include <mutex>
#include <thread>

#include "Lanes.h"
#include "Log.h"
#include "Rules.h"

namespace serving {
namespace {

// 450,000 tokens of an 8B model are 59 GB: several times what the runs hold.
constexpr int64_t cacheTokens = 450'000;

int64_t pagesFor(int tokens) { return (tokens + kernels::decodePageSize - 1) / kernels::decodePageSize; }

/// The output is a folder here, of which a bench must not make a file of lines.
harness::Options writingNoLines(harness::Options options) {
  options.output = "-";
  return options;
}

/// The model on one GPU. Made and used in one thread, since CUDA's current device is a thread's.
struct Host {
  explicit Host(const harness::Options& given) : options(writingNoLines(given)), bench(options), state(harness::llama3_8B(), 32, cacheTokens) {}
  const harness::Options options;
  kernels::Bench bench;
  kernels::ModelState state;
};

/// What all workers of a run share.
class Run {
 public:
  explicit Run(const std::vector<Request>& requests) : requests(requests), log(requests.size()), pages(cacheTokens / kernels::decodePageSize) {}

  const std::vector<Request>& requests;
  RunLog log;
  PageRing pages;  ///< of the GPU that prefills

  /// Arrivals are on this clock, which starts a little later than the workers. Before there are any.
  void start() { start_ = std::chrono::steady_clock::now() + std::chrono::milliseconds(300); }
  double now() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count() + requests.front().arrival; }

  /// Moves what has arrived into `waiting`. Of one worker.
  void takeArrivals(std::deque<int>& waiting) {
    const double time = now();
    while (arrived_ < requests.size() && requests[arrived_].arrival <= time) waiting.push_back(static_cast<int>(arrived_++));
  }
  bool everythingArrived() const { return arrived_ == requests.size(); }
  bool finished() const { return completed_ == requests.size() || failed_; }

  void complete(int request, double time) {
    log.completed(request, time);
    ++completed_;
  }

  /// Runs the workers side by side until all are done; the first failure ends the others and is thrown.
  void workers(const std::vector<std::function<void()>>& bodies) {
    std::vector<std::thread> threads;
    std::exception_ptr failure;
    for (const auto& body : bodies)
      threads.emplace_back([&] {
        try {
          body();
        } catch (...) {
          std::lock_guard lock(mutex_);
          if (!failure) failure = std::current_exception();
          failed_ = true;
        }
      });
    for (auto& thread : threads) thread.join();
    if (failure) std::rethrow_exception(failure);
  }

 private:
  size_t arrived_ = 0;
  std::atomic<size_t> completed_{0};
  std::atomic<bool> failed_{false};
  std::mutex mutex_;
  std::chrono::steady_clock::time_point start_;
};

/// A queue between two workers.
class HandOver {
 public:
  void put(const Sequence& sequence) {
    std::lock_guard lock(mutex_);
    sequences_.push_back(sequence);
    count_ = sequences_.size();
  }
  /// Moves up to `room` of them behind those that run.
  void take(std::vector<Sequence>& running, size_t room) {
    if (count_ == 0) return;
    std::lock_guard lock(mutex_);
    for (; room > 0 && !sequences_.empty(); --room) {
      running.push_back(sequences_.front());
      sequences_.pop_front();
    }
    count_ = sequences_.size();
  }

 private:
  std::mutex mutex_;
  std::deque<Sequence> sequences_;
  std::atomic<size_t> count_{0};
};

void idle() { std::this_thread::sleep_for(std::chrono::microseconds(20)); }

/// One prefill batch from the front of `waiting`. Requests with more than one output token go to `goOn`.
/// `keepsOutput`: whether their pages hold the outputs too.
void prefillStep(Run& run, PrefillLane& lane, std::deque<int>& waiting, int room, bool keepsOutput, const std::function<void(Sequence)>& goOn) {
  const double start = run.now();
  const int count = promptBatch(waiting, run.requests, room);
  std::vector<Prompt> prompts;
  std::vector<Sequence> sequences;
  int64_t tokens = 0;
  for (int i = 0; i < count; ++i) {
    const int request = waiting[i];
    const auto& [arrival, prompt, output] = run.requests[request];
    const int64_t pages = pagesFor(keepsOutput ? prompt + output : prompt);
    sequences.push_back({request, run.pages.take(pages), static_cast<int>(pages), prompt, 0});
    prompts.push_back({prompt, sequences.back().firstPage});
    tokens += prompt;
  }
  waiting.erase(waiting.begin(), waiting.begin() + count);
  std::vector<int> firstTokens;
  const double device = lane.run(prompts, firstTokens);
  const double end = run.now();
  run.log.step({'p', start, end, count, tokens, 0, device});
  for (int i = 0; i < count; ++i) {
    auto& sequence = sequences[i];
    sequence.token = firstTokens[i];
    run.log.firstToken(sequence.request, end);
    if (run.requests[sequence.request].output > 1) {
      goOn(sequence);
    } else {
      run.pages.giveBack(sequence.firstPage);
      run.complete(sequence.request, end);
    }
  }
}

/// One step of all that run; the pages of those that end go back to `pages`.
void decodeStep(Run& run, DecodeLane& lane, std::vector<Sequence>& running, PageRing& pages) {
  const double start = run.now();
  const double device = lane.step(running);
  const double end = run.now();
  int64_t contexts = 0;
  for (const auto& sequence : running) contexts += sequence.context;
  run.log.step({'d', start, end, static_cast<int>(running.size()), contexts, graphBatch(static_cast<int>(running.size())), device});
  for (size_t i = 0; i < running.size();) {
    const auto& request = run.requests[running[i].request];
    // The first token was the prefill's.
    if (running[i].context + 1 < request.prompt + request.output) {
      ++i;
      continue;
    }
    pages.giveBack(running[i].firstPage);
    run.complete(running[i].request, end);
    running[i] = running.back();
    running.pop_back();
  }
}

void serveUnified(Run& run, PrefillLane& prefill, DecodeLane& decode) {
  std::deque<int> waiting;
  std::vector<Sequence> running;
  run.workers({[&] {
    while (!run.finished()) {
      run.takeArrivals(waiting);
      const int room = sequencesMax - static_cast<int>(running.size());
      if (!waiting.empty() && room > 0) prefillStep(run, prefill, waiting, room, true, [&](Sequence sequence) { running.push_back(sequence); });
      else if (!running.empty()) decodeStep(run, decode, running, run.pages);
      else idle();
    }
  }});
}

void prefillWorker(Run& run, PrefillLane& lane, bool keepsOutput, const std::function<void(Sequence)>& goOn) {
  std::deque<int> waiting;
  while (!run.finished() && !(run.everythingArrived() && waiting.empty())) {
    run.takeArrivals(waiting);
    if (waiting.empty()) idle();
    else prefillStep(run, lane, waiting, sequencesMax, keepsOutput, goOn);
  }
}

void decodeWorker(Run& run, DecodeLane& lane, HandOver& queue, PageRing& pages) {
  std::vector<Sequence> running;
  while (!run.finished()) {
    queue.take(running, sequencesMax - running.size());
    if (running.empty()) idle();
    else decodeStep(run, lane, running, pages);
  }
}

void serveSemiPD(Run& run, PrefillLane& prefill, DecodeLane& decode) {
  HandOver queue;
  run.workers({[&] { prefillWorker(run, prefill, true, [&](Sequence sequence) { queue.put(sequence); }); },
               [&] { decodeWorker(run, decode, queue, run.pages); }});
}

/// Copies the pages of prompts from one GPU to the other.
class Transfer {
 public:
  Transfer(int fromDevice, kernels::ModelState& from, int toDevice, kernels::ModelState& to)
      : fromDevice_(fromDevice), toDevice_(toDevice), from_(from), to_(to) {
    CUDA_CHECK(cudaSetDevice(fromDevice));
    CUDA_CHECK(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking));
    const auto status = cudaDeviceEnablePeerAccess(toDevice, 0);
    if (status != cudaErrorPeerAccessAlreadyEnabled) CUDA_CHECK(status);
    cudaGetLastError();
  }
  ~Transfer() { cudaStreamDestroy(stream_); }

  /// Returns when they are there. Bytes copied.
  int64_t copy(int64_t fromPage, int64_t toPage, int64_t pages) {
    const auto& m = from_.model;
    const size_t elements = size_t(m.kvHeads) * kernels::decodePageSize * kernels::decodeHeadDim, bytes = pages * elements * sizeof(kernels::bf16);
    for (int layer = 0; layer < from_.layers; ++layer) {
      auto &source = from_.cache(layer), &destination = to_.cache(layer);
      CUDA_CHECK(cudaMemcpyPeerAsync(destination.keys() + toPage * elements, toDevice_, source.keys() + fromPage * elements, fromDevice_, bytes, stream_));
      CUDA_CHECK(cudaMemcpyPeerAsync(destination.values() + toPage * elements, toDevice_, source.values() + fromPage * elements, fromDevice_, bytes, stream_));
    }
    CUDA_CHECK(cudaStreamSynchronize(stream_));
    return 2 * static_cast<int64_t>(bytes) * from_.layers;
  }

 private:
  int fromDevice_, toDevice_;
  kernels::ModelState &from_, &to_;
  cudaStream_t stream_ = nullptr;
};

void serveDisaggregated(Run& run, PrefillLane& prefill, DecodeLane& decode, Transfer& transfer, int prefillDevice, int decodeDevice) {
  HandOver prefilled, queue;
  PageRing decodePages(cacheTokens / kernels::decodePageSize);
  run.workers({
      [&] {
        CUDA_CHECK(cudaSetDevice(prefillDevice));
        prefillWorker(run, prefill, false, [&](Sequence sequence) { prefilled.put(sequence); });
      },
      [&] {
        CUDA_CHECK(cudaSetDevice(prefillDevice));
        std::vector<Sequence> next;
        while (!run.finished()) {
          prefilled.take(next, 1);
          if (next.empty()) {
            idle();
            continue;
          }
          Sequence sequence = next.back();
          next.pop_back();
          const auto& request = run.requests[sequence.request];
          const int64_t fromPage = sequence.firstPage, promptPages = sequence.pages;
          const double start = run.now();
          sequence.pages = static_cast<int>(pagesFor(request.prompt + request.output));
          sequence.firstPage = decodePages.take(sequence.pages);
          const int64_t bytes = transfer.copy(fromPage, sequence.firstPage, promptPages);
          run.log.step({'x', start, run.now(), 1, bytes, 0, 0});
          run.pages.giveBack(fromPage);
          queue.put(sequence);
        }
      },
      [&] {
        CUDA_CHECK(cudaSetDevice(decodeDevice));
        decodeWorker(run, decode, queue, decodePages);
      },
  });
}

/// Samples the clock of the GPU while a run lasts.
class ClockWatch {
 public:
  ClockWatch(Run& run, const device::DeviceFacts& facts)
      : thread_([this, &run, &facts] {
          while (!ended_) {
            const auto clock = facts.readClock();
            run.log.clock(run.now(), clock.smMHz, clock.powerCapped);
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
          }
        }) {}
  ~ClockWatch() {
    ended_ = true;
    thread_.join();
  }

 private:
  std::atomic<bool> ended_{false};
  std::thread thread_;
};

struct Trace {
  std::string name;
  std::vector<Request> requests;
};

std::vector<Trace> readTraces(const std::vector<std::string>& paths) {
  std::vector<Trace> traces;
  for (const auto& path : paths) traces.push_back({std::filesystem::path(path).stem().string(), readTrace(path)});
  return traces;
}

class Server {
 public:
  explicit Server(const harness::Options& options) : options_(options), host_(options), traces_(readTraces(options.serve)) {
    for (const auto& trace : traces_)
      for (const auto& request : trace.requests) {
        rowsMax_ = std::max(rowsMax_, request.prompt);
        pagesMax_ = std::max(pagesMax_, static_cast<int>(pagesFor(request.prompt + request.output)));
      }
  }

  void serve(const Policy& policy) {
    const int sms = host_.bench.partitions.smCount();
    auto partitions = policy.kind == Policy::semiPD ? host_.bench.partitions.pair(policy.prefillSMs, policy.decodeSMs)
                                                    : std::pair(&host_.bench.partitions.get(sms), &host_.bench.partitions.get(sms));
    std::cerr << policy.name() << ": tuning and capturing\n";
    harness::Stopwatch watch;
    PrefillLane prefill(host_.bench, host_.state, *partitions.first, rowsMax_);
    if (policy.kind == Policy::disaggregated) return disaggregated(policy, prefill);
    DecodeLane decode(host_.bench, host_.state, *partitions.second, pagesMax_);
    std::cerr << policy.name() << ": " << watch.seconds() << " s, SMs " << partitions.first->granted << " and " << partitions.second->granted << "\n";
    all(policy, prefill, [&](Run& run) {
      if (policy.kind == Policy::unified) serveUnified(run, prefill, decode);
      else serveSemiPD(run, prefill, decode);
    });
  }

 private:
  void disaggregated(const Policy& policy, PrefillLane& prefill) {
    auto options = options_;
    options.device += 1;
    Host second(options);
    DecodeLane decode(second.bench, second.state, second.bench.partitions.get(second.bench.partitions.smCount()), pagesMax_);
    Transfer transfer(options_.device, host_.state, options.device, second.state);
    transfer.copy(1, 1, pagesMax_);
    all(policy, prefill, [&](Run& run) { serveDisaggregated(run, prefill, decode, transfer, options_.device, options.device); });
  }

  void all(const Policy& policy, const PrefillLane& prefill, const std::function<void(Run&)>& serve) {
    for (const auto& trace : traces_) {
      Run run(trace.requests);
      run.start();
      {
        ClockWatch watch(run, host_.bench.facts);
        serve(run);
      }
      run.log.write(options_.output, policy, trace.name, trace.requests);
      std::cerr << policy.name() << " " << trace.name << ": " << run.log.summary(trace.requests) << "; products not as tuned so far: " << prefill.fallbacks() << "\n";
    }
  }

  harness::Options options_;
  Host host_;
  std::vector<Trace> traces_;
  int rowsMax_ = promptTokensMax, pagesMax_ = 1;
};

}  // namespace

void serve(const harness::Options& options) {
  std::vector<Policy> policies;
  for (const auto& text : options.policies) policies.push_back(Policy::parse(text));
  std::filesystem::create_directories(options.output);
  Server server(options);
  for (const auto& policy : policies) server.serve(policy);
}

}  // namespace serving
