// The kinds of values that options take: how each is read from a text, shown, and called in the help.
// An error of parse() goes on the end of "--flag: "value" …".
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "app/config/settings.h"
#include "app/config/units.h"

namespace parley::config {

struct Text {
  using Value = std::string;
  static constexpr std::string_view sign = "TEXT";
  static Result<Value> parse(std::string_view text) { return Value(text); }
  static std::string show(const Value& value) { return value; }
};
struct File : Text {
  static constexpr std::string_view sign = "FILE";
};
struct Folder : Text {
  static constexpr std::string_view sign = "DIR";
};
struct FolderOrS3 : Text {
  static constexpr std::string_view sign = "DIR|s3://…";
  static Result<Value> parse(std::string_view text);
};
struct FileOrUrl : Text {
  static constexpr std::string_view sign = "FILE|URL";
  static Result<Value> parse(std::string_view text);
};
struct HttpUrl : Text {
  static constexpr std::string_view sign = "URL";
  static Result<Value> parse(std::string_view text);
};
struct PostgresUrl : Text {
  static constexpr std::string_view sign = "postgres://…";
  static Result<Value> parse(std::string_view text);
};

struct Origin : Text {
  static constexpr std::string_view sign = "ORIGIN";
  static Result<Value> parse(std::string_view text);
};

struct Count {
  using Value = std::size_t;
  static constexpr std::string_view sign = "N";
  static Result<Value> parse(std::string_view text) { return parse_count(text); }
  static std::string show(Value value) { return std::to_string(value); }
};

struct Bytes {
  using Value = std::size_t;
  static constexpr std::string_view sign = "SIZE";
  static Result<Value> parse(std::string_view text) { return parse_bytes(text); }
  static std::string show(Value value) { return show_bytes(value); }
};

struct Duration {
  using Value = std::chrono::milliseconds;
  static constexpr std::string_view sign = "TIME";
  static Result<Value> parse(std::string_view text) { return parse_duration(text); }
  static std::string show(Value value) { return show_duration(value); }
};

struct OnOff {
  using Value = bool;
  static constexpr std::string_view sign = "on|off";
  static Result<Value> parse(std::string_view text);
  static std::string show(Value value) { return value ? "on" : "off"; }
};

// [ADDR:]PORT[=DIALECT]
struct ListenAt {
  using Value = Listen;
  static constexpr std::string_view sign = "[ADDR:]PORT[=DIALECT]";
  static Result<Value> parse(std::string_view text);
  static std::string show(const Value& value);
};

// off | COMMANDS[/s][:BURST]
struct Rate {
  using Value = RateLimiter::Rate;
  static constexpr std::string_view sign = "off|COMMANDS[/s][:BURST]";
  static Result<Value> parse(std::string_view text);
  static std::string show(const Value& value);
};

struct Store {
  using Value = StoreAt;
  static constexpr std::string_view sign = "sqlite[:PATH]|postgres://…|mongodb://…|memory:";
  static Result<Value> parse(std::string_view text);
  static std::string show(const Value& value);
};

// One of a few names; Names is a struct with a table `all` of {name, value} and the sign.
template <class Names>
struct Choice {
  using Value = decltype(Names::all.front().second);
  static constexpr std::string_view sign = Names::sign;
  static Result<Value> parse(std::string_view text) {
    for (const auto& [name, value] : Names::all)
      if (name == text) return value;
    return fail(Code::bad_request, "is none of " + std::string(sign));
  }
  static std::string show(Value value) {
    for (const auto& [name, other] : Names::all)
      if (other == value) return std::string(name);
    return {};
  }
};

template <class Value>
using Row = std::pair<std::string_view, Value>;

struct LogFormats {
  static constexpr std::string_view sign = "console|json";
  static constexpr auto all = std::to_array<Row<log::Format>>(
      {{"console", log::Format::console}, {"json", log::Format::json}});
};
struct LogLevels {
  static constexpr std::string_view sign = "debug|info|warn|error";
  static constexpr auto all = std::to_array<Row<log::Level>>({{"debug", log::Level::debug},
                                                              {"info", log::Level::info},
                                                              {"warn", log::Level::warn},
                                                              {"error", log::Level::error}});
};

// Given several times, or with commas, or both.
template <class Item>
struct List {
  using Of = Item;
  using Value = std::vector<typename Item::Value>;
  static constexpr std::string_view sign = Item::sign;
  static std::string show(const Value& values) {
    std::string text;
    for (const auto& value : values) text += (text.empty() ? "" : ",") + Item::show(value);
    return text;
  }
};

}  // namespace parley::config
