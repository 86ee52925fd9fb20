#include "Rules.h"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace serving {
namespace {

std::vector<std::string> cells(const std::string& line) {
  std::vector<std::string> result;
  std::stringstream stream(line);
  for (std::string cell; std::getline(stream, cell, ',');) result.push_back(cell);
  if (!result.empty() && !result.back().empty() && result.back().back() == '\r') result.back().pop_back();
  return result;
}

}  // namespace

std::vector<Request> readTrace(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot read " + path);
  std::string line;
  std::getline(file, line);
  const auto header = cells(line);
  auto column = [&](const char* name) {
    const auto place = std::find(header.begin(), header.end(), name);
    if (place == header.end()) throw std::runtime_error(path + ":1: no column " + name);
    return static_cast<size_t>(place - header.begin());
  };
  const size_t arrival = column("arrival_s"), prompt = column("prompt_tokens"), output = column("output_tokens");
  std::vector<Request> requests;
  for (int number = 2; std::getline(file, line); ++number) {
    if (line.empty()) continue;
    const auto row = cells(line);
    auto fail = [&](const std::string& what) { throw std::runtime_error(path + ":" + std::to_string(number) + ": " + what); };
    if (row.size() != header.size()) fail("expected " + std::to_string(header.size()) + " cells, found " + std::to_string(row.size()));
    Request request;
    try {
      request = {std::stod(row[arrival]), std::stoi(row[prompt]), std::stoi(row[output])};
    } catch (const std::exception&) {
      fail("expected numbers, found '" + line + "'");
    }
    if (request.prompt < 1 || request.output < 1) fail("expected at least one token each");
    if (!requests.empty() && request.arrival < requests.back().arrival) fail("expected an arrival not before the last");
    requests.push_back(request);
  }
  if (requests.empty()) throw std::runtime_error(path + ": no requests");
  return requests;
}

double rateOf(const std::vector<Request>& requests) {
  const double span = requests.back().arrival - requests.front().arrival;
  return span > 0 ? (requests.size() - 1) / span : 0;
}

Policy Policy::parse(const std::string& text) {
  if (text == "unified") return {unified, 0, 0};
  if (text == "disaggregated") return {disaggregated, 0, 0};
  Policy policy{semiPD, 0, 0};
  int read = 0;
  if (std::sscanf(text.c_str(), "semi-pd:%d+%d%n", &policy.prefillSMs, &policy.decodeSMs, &read) == 2 && read == static_cast<int>(text.size()) &&
      policy.prefillSMs > 0 && policy.decodeSMs > 0)
    return policy;
  throw std::runtime_error("expected unified, semi-pd:PREFILL+DECODE (numbers of SMs) or disaggregated, found '" + text + "'");
}

std::string Policy::name() const { return kind == unified ? "unified" : kind == disaggregated ? "disagg" : "semi-pd-green"; }

int promptBatch(const std::deque<int>& waiting, const std::vector<Request>& requests, int room) {
  int count = 0, tokens = 0;
  for (int request : waiting) {
    const int more = requests[request].prompt;
    if (count == room || (count > 0 && tokens + more > promptTokensMax)) break;
    tokens += more;
    ++count;
  }
  return count;
}

int graphBatch(int sequences) {
  for (int small : {1, 2, 4, 8})
    if (sequences <= small) return small;
  return (sequences + 15) / 16 * 16;
}

std::vector<int> graphBatches() {
  std::vector<int> batches = {1, 2, 4, 8};
  for (int batch = 16; batch <= sequencesMax; batch += 16) batches.push_back(batch);
  return batches;
}

int64_t PageRing::take(int64_t count) {
  std::lock_guard lock(mutex_);
  if (next_ + count > pages_) next_ = 1;
  const auto after = live_.lower_bound(next_);
  const bool overlaps = (after != live_.end() && after->first < next_ + count) || (after != live_.begin() && std::prev(after)->second > next_);
  if (overlaps || next_ + count > pages_) throw std::runtime_error("the KV pool of " + std::to_string(pages_) + " pages is too small for this trace");
  live_[next_] = next_ + count;
  next_ += count;
  return next_ - count;
}

void PageRing::giveBack(int64_t first) {
  std::lock_guard lock(mutex_);
  live_.erase(first);
}

}  // namespace serving
