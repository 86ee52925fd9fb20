#include "Log.h"

#include <cstdio>
#include <memory>
#include <stdexcept>

namespace serving {
namespace {

struct Close {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, Close>;

File openToAppend(const std::string& path, const char* header) {
  File file(std::fopen(path.c_str(), "a"));
  if (!file) throw std::runtime_error("cannot write " + path);
  if (std::ftell(file.get()) == 0) std::fprintf(file.get(), "%s\n", header);
  return file;
}

}  // namespace

void RunLog::step(const Step& step) {
  std::lock_guard lock(mutex_);
  steps_.push_back(step);
}

void RunLog::clock(double time, int mhz, bool powerCapped) {
  std::lock_guard lock(mutex_);
  clocks_.push_back({time, mhz, powerCapped});
}

void RunLog::write(const std::string& folder, const Policy& policy, const std::string& mix, const std::vector<Request>& requests) const {
  char key[256];
  std::snprintf(key, sizeof key, "%s,%d,%d,%s,%.4f", policy.name().c_str(), policy.prefillSMs, policy.decodeSMs, mix.c_str(), rateOf(requests));
  const File requestFile = openToAppend(folder + "/requests.csv", "policy,x,y,mix,rate,request,arrival_s,prompt_tokens,output_tokens,ttft_s,e2e_s");
  for (size_t i = 0; i < requests.size(); ++i)
    std::fprintf(requestFile.get(), "%s,%zu,%.6f,%d,%d,%.6f,%.6f\n", key, i, requests[i].arrival, requests[i].prompt, requests[i].output,
                 firstTokens_[i] - requests[i].arrival, ends_[i] - requests[i].arrival);
  const File stepFile = openToAppend(folder + "/iterations.csv", "policy,x,y,mix,rate,phase,start_s,end_s,sequences,tokens,graph_batch,device_s");
  for (const auto& step : steps_)
    std::fprintf(stepFile.get(), "%s,%c,%.6f,%.6f,%d,%lld,%d,%.6f\n", key, step.phase, step.start, step.end, step.sequences,
                 static_cast<long long>(step.tokens), step.graphBatch, step.device);
  const File clockFile = openToAppend(folder + "/clocks.csv", "policy,x,y,mix,rate,time_s,clock_mhz,power_capped");
  for (const auto& clock : clocks_) std::fprintf(clockFile.get(), "%s,%.2f,%d,%d\n", key, clock.time, clock.mhz, clock.powerCapped);
}

std::string RunLog::summary(const std::vector<Request>& requests) const {
  double ttft = 0, e2e = 0, tpot = 0, mhz = 0, capped = 0;
  int several = 0;
  for (size_t i = 0; i < requests.size(); ++i) {
    ttft += firstTokens_[i] - requests[i].arrival;
    e2e += ends_[i] - requests[i].arrival;
    if (requests[i].output == 1) continue;
    tpot += (ends_[i] - firstTokens_[i]) / (requests[i].output - 1);
    ++several;
  }
  for (const auto& clock : clocks_) {
    mhz += clock.mhz;
    capped += clock.powerCapped;
  }
  char text[256];
  std::snprintf(text, sizeof text, "%zu requests at %.2f/s: mean TTFT %.1f ms, TPOT %.2f ms, E2E %.3f s; %zu steps; clock %.0f MHz, %.0f %% of the time at the power limit",
                requests.size(), rateOf(requests), ttft / requests.size() * 1e3, several ? tpot / several * 1e3 : 0, e2e / requests.size(), steps_.size(),
                clocks_.empty() ? 0 : mhz / clocks_.size(), clocks_.empty() ? 0 : capped / clocks_.size() * 100);
  return text;
}

}  // namespace serving
