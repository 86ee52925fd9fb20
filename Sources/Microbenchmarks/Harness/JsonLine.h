// One flat JSON object per line, fields in the order they were added.
#pragma once
#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

namespace harness {

class JsonLine {
 public:
  JsonLine& add(const std::string& key, const std::string& value);
  JsonLine& add(const std::string& key, const char* value) { return add(key, std::string(value)); }
  /// Six significant digits; a value that is not finite is left out, never written as 0.
  JsonLine& add(const std::string& key, double value);
  JsonLine& add(const std::string& key, int64_t value);
  JsonLine& add(const std::string& key, int value) { return add(key, static_cast<int64_t>(value)); }
  JsonLine& add(const std::string& key, bool value);
  JsonLine& add(const std::string& key, const std::vector<int64_t>& values);
  JsonLine& add(const std::string& key, const JsonLine& object);
  std::string text() const { return "{" + body_ + "}"; }

 private:
  JsonLine& addRaw(const std::string& key, const std::string& raw);
  std::string body_;
};

std::string quoted(const std::string& text);

/// Appends lines and flushes each, so that an interrupted run loses nothing it has measured.
class LineWriter {
 public:
  explicit LineWriter(const std::string& path);  ///< "" or "-" is standard output
  void write(const JsonLine& line);
  bool good() const;

 private:
  std::ofstream file_;
  bool standardOutput_;
};

}  // namespace harness
