#include "bench/answer.h"

#include <fmt/core.h>

#include <charconv>
#include <cstring>

#include "base/json.h"

namespace parley::bench {
namespace {

constexpr std::string_view type_key = R"({"type":")";

std::optional<std::uint64_t> number_at(std::string_view payload, std::size_t at) {
  if (at == std::string_view::npos) return std::nullopt;
  return number_in(payload.substr(at));
}

Kind kind_anywhere(std::string_view payload) {
  if (payload.find(R"("type":"message.created")") != payload.npos) return Kind::message;
  if (payload.find(R"("type":"ok")") != payload.npos) return Kind::ok;
  if (payload.find(R"("type":"error")") != payload.npos) return Kind::error;
  if (payload.find(R"("type":"synced")") != payload.npos) return Kind::synced;
  return Kind::other;
}

std::string text_of(const JsonObject& object, std::string_view name) {
  const auto text = object.text(name);
  return text && *text ? std::string(**text) : std::string();
}

}  // namespace

std::optional<std::uint64_t> number_in(std::string_view text) {
  std::uint64_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  return read.ec == std::errc{} ? std::optional{number} : std::nullopt;
}

std::size_t Finder::find(std::string_view payload) {
  if (payload.substr(std::min(last_, payload.size())).starts_with(key_)) {
    return last_ + key_.size();
  }
  const void* found = ::memmem(payload.data(), payload.size(), key_.data(), key_.size());
  if (found == nullptr) return std::string_view::npos;
  last_ = static_cast<std::size_t>(static_cast<const char*>(found) - payload.data());
  return last_ + key_.size();
}

Kind Scanner::kind_of(std::string_view payload) {
  if (!payload.starts_with(type_key)) return kind_anywhere(payload);
  const std::string_view type = payload.substr(type_key.size());
  if (type.starts_with("message.created\"")) return Kind::message;
  if (type.starts_with("ok\"")) return Kind::ok;
  if (type.starts_with("error\"")) return Kind::error;
  if (type.starts_with("synced\"")) return Kind::synced;
  return Kind::other;
}

std::optional<std::uint64_t> Scanner::seq(std::string_view payload) {
  return number_at(payload, seq_.find(payload));
}

std::optional<std::uint64_t> Scanner::ref(std::string_view payload) {
  return number_at(payload, ref_.find(payload));
}

std::string_view Scanner::cursor(std::string_view payload) {
  const std::size_t at = cursor_.find(payload);
  if (at == payload.npos) return {};
  return payload.substr(at, payload.find('"', at) - at);
}

std::string describe_error(std::string_view payload) {
  std::string code;
  std::string message;
  if (const auto whole = parse_json_object(payload)) {
    if (const auto error = whole->object("error"); error && *error) {
      code = text_of(**error, "code");
      message = text_of(**error, "message");
    }
  }
  if (code.empty()) return fmt::format("the server refused: {}", payload.substr(0, 200));
  const char* hint = code == "rate_limited" ? "; start the server with --rate-limit off" : "";
  return fmt::format("the server refused: {} ({}){}", code, message, hint);
}

std::string describe_close(std::string_view payload) {
  if (payload.size() < 2) return "the server closed a connection without a reason";
  const unsigned code = static_cast<unsigned>(static_cast<unsigned char>(payload[0])) << 8U |
                        static_cast<unsigned char>(payload[1]);
  return fmt::format("the server closed a connection: {} {}", code, payload.substr(2));
}

}  // namespace parley::bench
