// Options of the `microbenchmarks` binary.
#pragma once
#include <string>
#include <vector>

namespace harness {

struct Options {
  bool list = false;
  bool help = false;
  bool quick = false;
  std::vector<std::string> only;  ///< empty: every family
  double budgetSeconds = 600;
  std::string output = "-";
  std::string date;  ///< written into each line; the binary itself reads no calendar
  int device = 0;
  std::vector<std::string> serve;     ///< traces to serve; then `output` is a folder
  std::vector<std::string> policies;  ///< how they are served
  std::string workerRole;  ///< internal: the part this process plays under MPS
  std::string workerFile;
  std::string error;  ///< not empty: what was wrong, and what was expected
};

Options parseOptions(const std::vector<std::string>& arguments, const std::vector<std::string>& families);

/// "300s", "5m", "1.5m" or plain seconds; negative when it is none of these.
double parseDuration(const std::string& text);

std::vector<std::string> splitCommas(const std::string& text);

std::string usage();

}  // namespace harness
