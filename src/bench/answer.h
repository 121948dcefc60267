// What a frame of the server says, found by scanning. A key with its quotes can't occur inside a JSON string (there
// its quotes are escaped), so the first `"seq":` is the field.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace parley::bench {

// Frames of one kind are laid out alike, so a field is looked for where it was the last time.
class Finder {
 public:
  explicit constexpr Finder(std::string_view key) : key_(key) {}
  // The place behind the key, or npos.
  [[nodiscard]] std::size_t find(std::string_view payload);

 private:
  std::string_view key_;
  std::size_t last_ = 0;
};

// The number that the text begins with.
[[nodiscard]] std::optional<std::uint64_t> number_in(std::string_view text);

enum class Kind : std::uint8_t { ok, error, message, synced, other };

class Scanner {
 public:
  [[nodiscard]] static Kind kind_of(std::string_view payload);
  [[nodiscard]] std::optional<std::uint64_t> seq(std::string_view payload);
  [[nodiscard]] std::optional<std::uint64_t> ref(std::string_view payload);
  // Empty if it has none.
  [[nodiscard]] std::string_view cursor(std::string_view payload);

 private:
  Finder seq_{R"("seq":)"};
  Finder ref_{R"("ref":")"};
  Finder cursor_{R"("cursor":")"};
};

// The server's refusal, and what to do about it where we know.
[[nodiscard]] std::string describe_error(std::string_view payload);
[[nodiscard]] std::string describe_close(std::string_view payload);

}  // namespace parley::bench
