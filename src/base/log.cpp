#include "base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <chrono>

#include "base/json_writer.h"
#include "base/time.h"

namespace parley::log {
namespace {

std::atomic<Format> chosen_format{Format::console};

spdlog::level::level_enum theirs(Level level) {
  switch (level) {
    case Level::debug:
      return spdlog::level::debug;
    case Level::info:
      return spdlog::level::info;
    case Level::warn:
      return spdlog::level::warn;
    case Level::error:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

spdlog::logger& logger() {
  static auto instance = [] {
    auto made = std::make_shared<spdlog::logger>("parley",
                                                 std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%v");
    return made;
  }();
  return *instance;
}

std::string as_json(Level level, std::string_view what, Fields fields) {
  std::string line;
  JsonWriter json(line);
  json.open();
  json.field("time", SystemClock{}.now());
  json.field("level", spdlog::level::to_short_c_str(theirs(level)) == std::string_view("I") ? "info"
                      : level == Level::debug ? "debug"
                      : level == Level::warn  ? "warn"
                                              : "error");
  json.field("message", what);
  for (const Field& field : fields) {
    if (field.quoted)
      json.field(field.name, field.value);
    else
      json.raw_field(field.name, field.value);
  }
  json.close();
  return line;
}

std::string for_people(Level level, std::string_view what, Fields fields) {
  static constexpr std::string_view marks[] = {"debug", "info ", "warn ", "error"};
  std::string line = rfc3339(SystemClock{}.now());
  line += ' ';
  line += marks[static_cast<std::size_t>(level)];
  line += ' ';
  line += what;
  for (const Field& field : fields) {
    line += ' ';
    line += field.name;
    line += '=';
    if (field.quoted && field.value.find_first_of(" \"\n") != std::string::npos)
      append_json_string(line, field.value);
    else
      line += field.value;
  }
  return line;
}

}  // namespace

void configure(Format format, Level level) {
  chosen_format = format;
  set_level(level);
}

void set_level(Level level) { logger().set_level(theirs(level)); }
bool enabled(Level level) { return logger().should_log(theirs(level)); }

void write(Level level, std::string_view what, Fields fields) {
  if (!enabled(level)) return;
  logger().log(theirs(level), "{}",
               chosen_format == Format::json ? as_json(level, what, fields)
                                             : for_people(level, what, fields));
}

}  // namespace parley::log
