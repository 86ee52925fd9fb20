// Family `corun-mps`: the co-run of two processes under MPS with active-thread percentages.
//
// The parent spawns one process per lane and talks to both through a shared page; each worker
// prepares a case, times it alone, and runs it beside the other on command.
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstring>
#include <deque>
#include <map>
#include <thread>

#include "Bench.h"
#include "CoRun.h"

extern char** environ;

namespace kernels {
namespace {

/// Of prefill and decode. The first is the quick run's; those after (70, 30) fill in the plane of caps that overlap.
constexpr std::pair<int, int> percentages[] = {{60, 60}, {80, 100}, {100, 100}, {50, 50}, {30, 70}, {70, 30}, {60, 100},
                                               {40, 100}, {90, 100}, {100, 80}, {100, 60}, {80, 80}, {60, 80}, {80, 60},
                                               {20, 100}, {100, 40}, {40, 80}, {80, 40}, {70, 70}, {90, 60}};

enum Role { prefillRole = 0, decodeRole = 1 };
enum Command { commandNone = 0, commandPrepare, commandTogether, commandQuit };

int64_t nowNanoseconds() {  // steady_clock is CLOCK_MONOTONIC: comparable between processes
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

struct Shared {
  std::atomic<int> sequence{0};
  int command = commandNone;
  CoRunCase shape = {};
  int prefillIterations = 0;
  std::atomic<bool> decodeRunning{false}, prefillFinished{false};
  int64_t prefillStart = 0, prefillEnd = 0;
  struct PerRole {
    std::atomic<int> acknowledged{-1};
    LaneTiming alone, together;
    std::atomic<bool> started{false};
    std::atomic<int> visibleSMs{0};
    int64_t contextReady = 0, ready = 0;
    char error[200] = {};
  } roles[2];
};

Shared* mapShared(const std::string& path, bool create) {
  const int file = open(path.c_str(), create ? O_RDWR | O_CREAT | O_TRUNC : O_RDWR, 0600);
  if (file < 0 || (create && ftruncate(file, sizeof(Shared)) != 0)) throw std::runtime_error("cannot open " + path);
  void* memory = mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  if (memory == MAP_FAILED) throw std::runtime_error("cannot map " + path);
  return create ? new (memory) Shared : static_cast<Shared*>(memory);
}

/// Counts the SMs of both lanes, one lane after the other: beside a kernel of the other, only what it leaves is seen.
void countInTurn(Shared& shared, Role role) {
  auto wait = [](auto isOver) { while (!isOver() && getppid() != 1) std::this_thread::yield(); };
  auto &own = shared.roles[role], &other = shared.roles[1 - role];
  own.started = true;
  wait([&] { return other.started.load(); });
  if (role == decodeRole) wait([&] { return other.visibleSMs > 0; });
  own.visibleSMs = device::countVisibleSMs(nullptr);
  wait([&] { return other.visibleSMs > 0; });
}

void runPrefillLoop(Side& side, Shared& shared) {
  const auto stream = side.lane->partition.stream;
  while (!shared.decodeRunning) std::this_thread::yield();
  std::vector<device::Event> events(shared.prefillIterations + 1);
  shared.prefillStart = nowNanoseconds();
  CUDA_CHECK(cudaEventRecord(events[0], stream));
  for (int i = 0; i < shared.prefillIterations; ++i) {
    side.graph->launch(stream);
    CUDA_CHECK(cudaEventRecord(events[i + 1], stream));
  }
  CUDA_CHECK(cudaStreamSynchronize(stream));
  shared.prefillEnd = nowNanoseconds();
  shared.prefillFinished = true;
  std::vector<double> times;
  for (int i = 0; i < shared.prefillIterations; ++i) times.push_back(device::elapsedMicroseconds(events[i], events[i + 1]));
  shared.roles[prefillRole].together = summarize(times);
}

void runDecodeLoop(Side& side, Shared& shared) {
  const auto stream = side.lane->partition.stream;
  constexpr int ahead = 2, iterationsMax = 5000;
  std::deque<device::Event> events;
  std::vector<int64_t> completed;  // host clock at the end of iteration i
  auto wait = [&](size_t index) {
    CUDA_CHECK(cudaEventSynchronize(events[index]));
    completed.push_back(nowNanoseconds());
  };
  for (int i = 0; i < iterationsMax && !shared.prefillFinished; ++i) {
    side.graph->launch(stream);
    events.emplace_back();
    CUDA_CHECK(cudaEventRecord(events.back(), stream));
    if (i >= ahead) wait(i - ahead);
    if (i == ahead + 1) shared.decodeRunning = true;
  }
  shared.decodeRunning = true;
  CUDA_CHECK(cudaStreamSynchronize(stream));
  std::vector<double> times;
  for (size_t i = 1; i < completed.size(); ++i)
    if (completed[i - 1] >= shared.prefillStart && completed[i] <= shared.prefillEnd)
      times.push_back(device::elapsedMicroseconds(events[i - 1], events[i]));
  shared.roles[decodeRole].together = summarize(times);
}

class MPSFamily {
 public:
  explicit MPSFamily(Bench& bench) : bench_(bench) {}

  void run() {
    const char* pipes = getenv("CUDA_MPS_PIPE_DIRECTORY");
    const std::string path = std::string(pipes ? pipes : "/tmp/nvidia-mps") + "/control";
    auto row = bench_.row("layer loops", "1", "bf16");
    row.add("mechanism", "mps");
    if (access(path.c_str(), F_OK) != 0) return bench_.skip(row, "no MPS daemon at " + path + "; start one with mps.sh");
    for (auto [x, y] : percentages) {
      if (bench_.outOfTime() || (bench_.options.quick && (x != 60 || y != 60))) return;
      auto axes = row;
      axes.add("percent_prefill", x).add("percent_decode", y);
      bench_.guarded(axes, [&, x = x, y = y] { onPercentages(x, y); });
    }
  }

 private:
  void onPercentages(int x, int y) {
    const std::string path = "/tmp/phasewise-mps-" + std::to_string(getpid());
    Shared* shared = mapShared(path, true);
    const int64_t start = nowNanoseconds();
    const pid_t pids[2] = {spawn("prefill", x, path), spawn("decode", y, path)};
    try {
      for (int role : {prefillRole, decodeRole}) await(*shared, role, 0, pids[role]);
      for (int role : {prefillRole, decodeRole}) {
        auto row = bench_.row("process start", "1", "");
        const auto& own = shared->roles[role];
        row.add("mechanism", "mps").add("percent", role == prefillRole ? x : y).add("visible_sms", own.visibleSMs.load());
        row.add("median_us", (own.contextReady - start) * 1e-3).add("ready_us", (own.ready - start) * 1e-3);
        bench_.write(row);
      }
      for (const auto& c : coRunCases(bench_.options.quick)) {
        if (bench_.outOfTime()) break;
        one(*shared, c, x, y, pids);
      }
      command(*shared, commandQuit);
    } catch (...) {
      for (pid_t pid : pids) kill(pid, SIGKILL);
      reap(pids, path, shared);
      throw;
    }
    reap(pids, path, shared);
  }

  void reap(const pid_t (&pids)[2], const std::string& path, Shared* shared) {
    for (pid_t pid : pids) waitpid(pid, nullptr, 0);
    munmap(shared, sizeof(Shared));
    unlink(path.c_str());
  }

  pid_t spawn(const std::string& role, int percent, const std::string& path) {
    std::vector<std::string> environment;
    for (char** entry = environ; *entry; ++entry)
      if (std::strncmp(*entry, "CUDA_MPS_ACTIVE_THREAD_PERCENTAGE=", 34) != 0) environment.push_back(*entry);
    environment.push_back("CUDA_MPS_ACTIVE_THREAD_PERCENTAGE=" + std::to_string(percent));
    std::vector<std::string> arguments = {"microbenchmarks", "--worker", role, "--worker-file", path, "--device", std::to_string(bench_.options.device)};
    if (bench_.options.quick) arguments.push_back("--quick");
    auto pointers = [](std::vector<std::string>& strings) {
      std::vector<char*> result;
      for (auto& s : strings) result.push_back(s.data());
      result.push_back(nullptr);
      return result;
    };
    pid_t pid;
    if (posix_spawn(&pid, "/proc/self/exe", nullptr, nullptr, pointers(arguments).data(), pointers(environment).data()) != 0)
      throw std::runtime_error("cannot start a worker");
    return pid;
  }

  int command(Shared& shared, int name) {
    shared.command = name;
    return ++shared.sequence;
  }

  void await(Shared& shared, int role, int sequence, pid_t pid) {
    constexpr double secondsMax = 60;
    harness::Stopwatch watch;
    while (shared.roles[role].acknowledged < sequence) {
      std::this_thread::sleep_for(std::chrono::microseconds(200));
      if (watch.seconds() > secondsMax) throw std::runtime_error("a worker did not answer");
      int status;
      if (waitpid(pid, &status, WNOHANG) == pid) throw std::runtime_error("a worker ended early");
    }
    if (shared.roles[role].error[0]) throw std::runtime_error(shared.roles[role].error);
  }

  void one(Shared& shared, const CoRunCase& c, int x, int y, const pid_t (&pids)[2]) {
    shared.shape = c;
    int sequence = command(shared, commandPrepare);
    // One after the other: each times its loop alone.
    for (int role : {prefillRole, decodeRole}) await(shared, role, sequence, pids[role]);
    const auto &p = shared.roles[prefillRole], &d = shared.roles[decodeRole];
    const double window = std::max({8 * d.alone.meanMicroseconds, 2 * p.alone.meanMicroseconds, 12000.0});
    shared.prefillIterations = std::max(2, static_cast<int>(window / p.alone.meanMicroseconds + 0.5));
    shared.decodeRunning = shared.prefillFinished = false;
    sequence = command(shared, commandTogether);
    for (int role : {prefillRole, decodeRole}) await(shared, role, sequence, pids[role]);
    auto row = bench_.row("layer loops", "1", "bf16");
    row.add("mechanism", "mps").add("model", "llama-3-8b").add("layers", coRunLayers).add("scope", "layers");
    row.add("tokens", c.tokens).add("batch", c.batch).add("context", c.context);
    row.add("percent_prefill", x).add("sms_prefill", p.visibleSMs.load()).add("percent_decode", y).add("sms_decode", d.visibleSMs.load());
    if (!d.together.known()) return bench_.skip(row, "no decode iteration completed beside prefill");
    addTiming(row, "prefill_alone", p.alone);
    addTiming(row, "prefill", p.together);
    addTiming(row, "decode_alone", d.alone);
    addTiming(row, "decode", d.together);
    row.add("prefill_slowdown", p.together.meanMicroseconds / p.alone.meanMicroseconds);
    row.add("decode_slowdown", d.together.meanMicroseconds / d.alone.meanMicroseconds);
    bench_.write(row);
  }

  Bench& bench_;
};

}  // namespace

void runCoRunMPS(Bench& bench) {
  if (const auto reason = PrefillAttention::unavailable(); !reason.empty()) return bench.skip(bench.row("layer loops", "", "bf16"), reason);
  MPSFamily(bench).run();
}

int runWorker(const harness::Options& options) {
  Shared& shared = *mapShared(options.workerFile, false);
  const Role role = options.workerRole == "prefill" ? prefillRole : decodeRole;
  auto& own = shared.roles[role];
  try {
    Bench bench(options);
    device::countVisibleSMs(nullptr);
    own.contextReady = nowNanoseconds();
    countInTurn(shared, role);
    ModelState state(harness::llama3_8B(), coRunLayers, options.quick ? 139264 : 278528);
    auto& partition = bench.partitions.get(bench.partitions.smCount());
    std::map<int, Side> prefills;
    std::map<std::pair<int, int>, Side> decodes;
    own.ready = nowNanoseconds();
    own.acknowledged = 0;
    for (int sequence = 1;; ++sequence) {
      while (shared.sequence < sequence) {
        if (getppid() == 1) return 1;  // the parent is gone
        std::this_thread::sleep_for(std::chrono::microseconds(50));
      }
      if (shared.command == commandQuit) return 0;
      const CoRunCase c = shared.shape;
      Side& side = role == prefillRole ? prefills[c.tokens] : decodes[{c.batch, c.context}];
      if (shared.command == commandPrepare) {
        // Decode waits for prefill, so that each is alone on the device.
        if (role == decodeRole) while (shared.roles[prefillRole].acknowledged < sequence) std::this_thread::yield();
        if (role == prefillRole) prepareSide(side, bench, state, partition, c.tokens, [&](Lane& lane) { lane.preparePrefill(c.tokens, 1); }, coRunLayers, false);
        else prepareSide(side, bench, state, partition, c.batch, [&](Lane& lane) { lane.prepareDecode(c.batch, c.context); }, coRunLayers, false);
        own.alone = side.alone;
      } else if (role == prefillRole) {
        runPrefillLoop(side, shared);
      } else {
        runDecodeLoop(side, shared);
      }
      own.acknowledged = sequence;
    }
  } catch (const std::exception& error) {
    std::strncpy(own.error, error.what(), sizeof own.error - 1);
    shared.decodeRunning = shared.prefillFinished = true;  // lets the other side finish
    own.acknowledged = 1 << 30;
    return 1;
  }
}

}  // namespace kernels
