// What the serving engine decides, without a GPU: traces, batches, pages, who served how.
//
// The rules are those of the simulator's `PrefillFirstPolicy`, `FCFSPrefillPolicy` and `FCFSDecodePolicy` with whole prompts:
// first come, first served; prefill batches of up to 8,192 prompt tokens, at least one request; at most 256 sequences decode.
#pragma once
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace serving {

constexpr int sequencesMax = 256, promptTokensMax = 8192;

struct Request {
  double arrival = 0;  ///< seconds
  int prompt = 0, output = 0;
};

/// Reads a trace with the columns arrival_s, prompt_tokens and output_tokens, in order of arrival.
/// Throws with file and line.
std::vector<Request> readTrace(const std::string& path);

/// Requests per second between the first arrival and the last.
double rateOf(const std::vector<Request>& requests);

/// How a run is served.
struct Policy {
  enum Kind { unified, semiPD, disaggregated } kind = unified;
  int prefillSMs = 0, decodeSMs = 0;  ///< of semi-PD: two green contexts of one GPU
  /// "unified", "semi-pd:88+44" or "disaggregated"; throws otherwise.
  static Policy parse(const std::string& text);
  std::string name() const;
};

/// How many of the waiting requests the next prefill batch takes. `room`: sequences that may still be added.
int promptBatch(const std::deque<int>& waiting, const std::vector<Request>& requests, int room);

/// The batch that a decode step is padded to: 1, 2, 4, 8, then multiples of 16.
int graphBatch(int sequences);
std::vector<int> graphBatches();

/// Hands out runs of pages one behind the other, around and around. Page 0 is kept for what padding writes. Workers may
/// share it.
class PageRing {
 public:
  explicit PageRing(int64_t pages) : pages_(pages) {}
  /// First page of the run; throws when it is still in use.
  int64_t take(int64_t count);
  void giveBack(int64_t first);

 private:
  std::mutex mutex_;
  int64_t pages_, next_ = 1;
  std::map<int64_t, int64_t> live_;  // first page and the one behind the last
};

}  // namespace serving
