// Structured logs: a short fixed sentence and named values. Never a secret, a token or a message's text.
//   log::info("listening", {{"port", 8080}, {"dialect", "native"}});
#pragma once

#include <concepts>
#include <initializer_list>
#include <string>
#include <string_view>

namespace parley::log {

enum class Level { debug, info, warn, error };
enum class Format { console, json };

struct Field {
  Field(std::string_view n, std::string_view v) : name(n), value(v), quoted(true) {}
  Field(std::string_view n, const char* v) : name(n), value(v), quoted(true) {}
  Field(std::string_view n, const std::string& v) : name(n), value(v), quoted(true) {}
  Field(std::string_view n, bool v) : name(n), value(v ? "true" : "false") {}
  Field(std::string_view n, std::integral auto v) : name(n), value(std::to_string(v)) {}
  Field(std::string_view n, std::floating_point auto v) : name(n), value(std::to_string(v)) {}

  std::string_view name;
  std::string value;
  bool quoted = false;
};
using Fields = std::initializer_list<Field>;

// Before the threads start; the level may be changed at any time.
void configure(Format format, Level level);
void set_level(Level level);
[[nodiscard]] bool enabled(Level level);

void write(Level level, std::string_view what, Fields fields);
inline void debug(std::string_view what, Fields fields = {}) { write(Level::debug, what, fields); }
inline void info(std::string_view what, Fields fields = {}) { write(Level::info, what, fields); }
inline void warn(std::string_view what, Fields fields = {}) { write(Level::warn, what, fields); }
inline void error(std::string_view what, Fields fields = {}) { write(Level::error, what, fields); }

}  // namespace parley::log
