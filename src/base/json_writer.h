// Writes JSON straight into a string: no tree, no allocation but the string's.
//   JsonWriter w(out); w.open(); w.field("id", id); w.key("tags"); w.open_list(); w.value("a"); w.close_list(); w.close();
#pragma once

#include <concepts>
#include <string>
#include <string_view>

#include "base/id.h"
#include "base/time.h"

namespace parley {

// Appends the text with quotes, escaped; the text must be UTF-8.
void append_json_string(std::string& out, std::string_view text);

class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}
  // How many digits of a second times have: 0, 3 or 6.
  void time_digits(int digits) { time_digits_ = digits; }

  void open() {
    before();
    out_ += '{';
    fresh_ = true;
  }
  void close() {
    out_ += '}';
    fresh_ = false;
  }
  void open_list() {
    before();
    out_ += '[';
    fresh_ = true;
  }
  void close_list() {
    out_ += ']';
    fresh_ = false;
  }
  void key(std::string_view name) {
    before();
    out_ += '"';
    out_ += name;  // names are ours and need no escape
    out_ += "\":";
    fresh_ = true;
  }

  void value(std::string_view text) {
    before();
    append_json_string(out_, text);
  }
  void value(const std::string& text) { value(std::string_view(text)); }
  void value(const char* text) { value(std::string_view(text)); }
  void value(bool yes) {
    before();
    out_ += yes ? "true" : "false";
  }
  void value(double number);
  void value(std::integral auto number) {
    before();
    out_ += std::to_string(number);
  }
  void value(Time at) {
    before();
    out_ += '"';
    append_rfc3339(out_, at, time_digits_);
    out_ += '"';
  }
  template <class Kind>
  void value(const Id<Kind>& id) {
    before();
    out_ += '"';
    append_uuid8(out_, id.bytes);
    out_ += '"';
  }
  void null() {
    before();
    out_ += "null";
  }
  // A whole, valid JSON document, as it is.
  void raw(std::string_view json) {
    before();
    out_ += json;
  }

  template <class V>
  void field(std::string_view name, const V& what) {
    key(name);
    value(what);
  }
  void raw_field(std::string_view name, std::string_view json) {
    key(name);
    raw(json);
  }
  void null_field(std::string_view name) {
    key(name);
    null();
  }

 private:
  void before() {
    if (!fresh_) out_ += ',';
    fresh_ = false;
  }
  std::string& out_;
  bool fresh_ = true;
  int time_digits_ = 3;
};

}  // namespace parley
