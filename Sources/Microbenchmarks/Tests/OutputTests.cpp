#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <limits>
#include <sstream>

#include "Check.h"
#include "Harness/JsonLine.h"

using namespace harness;

namespace {
std::string temporaryPath() {
  char path[] = "/tmp/harness-test-XXXXXX";
  const int file = mkstemp(path);
  if (file >= 0) close(file);
  return path;
}
}  // namespace

TEST("fields keep their order") {
  JsonLine line;
  line.add("family", "gemm").add("m", 16).add("median_us", 12.5).add("graph", true);
  CHECK_EQUAL(line.text(), std::string(R"({"family":"gemm","m":16,"median_us":12.5,"graph":true})"));
}
TEST("quotes, backslashes and control characters are escaped") {
  CHECK_EQUAL(quoted("a\"b\\c\nd\x01"), std::string("\"a\\\"b\\\\c\\nd\\u0001\""));
}
TEST("a value that is not finite is left out") {
  JsonLine line;
  line.add("a", std::numeric_limits<double>::quiet_NaN()).add("b", std::numeric_limits<double>::infinity()).add("c", 1);
  CHECK_EQUAL(line.text(), std::string(R"({"c":1})"));
}
TEST("large counts of bytes stay readable numbers") {
  CHECK_EQUAL(JsonLine().add("bytes", 34359738368.0).text(), std::string(R"({"bytes":3.43597e+10})"));
  CHECK_EQUAL(JsonLine().add("bytes", int64_t{34359738368}).text(), std::string(R"({"bytes":34359738368})"));
}
TEST("lists and objects nest") {
  JsonLine inner, line;
  inner.add("name", "x");
  line.add("q_lens", std::vector<int64_t>{1, 2, 3}).add("device", inner);
  CHECK_EQUAL(line.text(), std::string(R"({"q_lens":[1,2,3],"device":{"name":"x"}})"));
}
TEST("every line is on disk before the next is measured") {
  const std::string path = temporaryPath();
  LineWriter writer(path);
  writer.write(JsonLine().add("a", 1));
  std::ifstream file(path);
  std::string text;
  std::getline(file, text);
  CHECK_EQUAL(text, std::string(R"({"a":1})"));
  std::remove(path.c_str());
}
TEST("a second writer appends") {
  const std::string path = temporaryPath();
  LineWriter(path).write(JsonLine().add("a", 1));
  LineWriter(path).write(JsonLine().add("a", 2));
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  CHECK_EQUAL(text.str(), std::string("{\"a\":1}\n{\"a\":2}\n"));
  std::remove(path.c_str());
}
