#include "JsonLine.h"

#include <cmath>
#include <cstdio>
#include <iostream>

namespace harness {

std::string quoted(const std::string& text) {
  std::string result = "\"";
  for (unsigned char c : text) {
    switch (c) {
      case '"': result += "\\\""; break;
      case '\\': result += "\\\\"; break;
      case '\n': result += "\\n"; break;
      case '\t': result += "\\t"; break;
      default:
        if (c < 0x20) {
          char escape[8];
          std::snprintf(escape, sizeof escape, "\\u%04x", c);
          result += escape;
        } else {
          result += static_cast<char>(c);
        }
    }
  }
  return result + "\"";
}

JsonLine& JsonLine::addRaw(const std::string& key, const std::string& raw) {
  if (!body_.empty()) body_ += ",";
  body_ += quoted(key) + ":" + raw;
  return *this;
}

JsonLine& JsonLine::add(const std::string& key, const std::string& value) { return addRaw(key, quoted(value)); }

JsonLine& JsonLine::add(const std::string& key, double value) {
  if (!std::isfinite(value)) return *this;
  char text[40];
  std::snprintf(text, sizeof text, "%.6g", value);
  return addRaw(key, text);
}

JsonLine& JsonLine::add(const std::string& key, int64_t value) { return addRaw(key, std::to_string(value)); }

JsonLine& JsonLine::add(const std::string& key, bool value) { return addRaw(key, value ? "true" : "false"); }

JsonLine& JsonLine::add(const std::string& key, const std::vector<int64_t>& values) {
  std::string raw = "[";
  for (size_t i = 0; i < values.size(); ++i) raw += (i ? "," : "") + std::to_string(values[i]);
  return addRaw(key, raw + "]");
}

JsonLine& JsonLine::add(const std::string& key, const JsonLine& object) { return addRaw(key, object.text()); }

LineWriter::LineWriter(const std::string& path) : standardOutput_(path.empty() || path == "-") {
  if (!standardOutput_) file_.open(path, std::ios::app);
}

void LineWriter::write(const JsonLine& line) {
  std::ostream& stream = standardOutput_ ? std::cout : file_;
  stream << line.text() << std::endl;
}

bool LineWriter::good() const { return standardOutput_ || file_.good(); }

}  // namespace harness
