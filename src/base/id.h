// 12-byte ids: 4 bytes of Unix seconds, 8 that are unique. Shown as a UUID of version 8, or as 24 hex digits,
// both of the same 96 bits, so no table is needed to read them back and they sort by time.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/random.h"
#include "base/time.h"

namespace parley {

using IdBytes = std::array<std::uint8_t, 12>;

[[nodiscard]] std::string hex24(const IdBytes& bytes);
[[nodiscard]] std::string uuid8(const IdBytes& bytes);
void append_uuid8(std::string& out, const IdBytes& bytes);
// Reads either form; nothing else is an id of ours.
[[nodiscard]] std::optional<IdBytes> parse_id(std::string_view text);

// An id of one kind of thing: ids of different kinds don't mix.
template <class Kind>
struct Id {
  IdBytes bytes{};

  [[nodiscard]] static std::optional<Id> parse(std::string_view text) {
    auto bytes = parse_id(text);
    return bytes ? std::optional{Id{*bytes}} : std::nullopt;
  }
  [[nodiscard]] static Id from_raw(std::string_view raw) {
    Id id;
    std::memcpy(id.bytes.data(), raw.data(), raw.size() < 12 ? raw.size() : 12);
    return id;
  }
  [[nodiscard]] std::string_view raw() const {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  [[nodiscard]] std::string text() const { return uuid8(bytes); }
  [[nodiscard]] bool empty() const { return bytes == IdBytes{}; }
  friend auto operator<=>(const Id&, const Id&) = default;
};

// Makes ids: time, then a random start that is counted up, so that ids of one maker sort in the order made.
class IdMaker {
 public:
  IdMaker(const Clock& clock, Random& random)
      : clock_(clock), first_(random.next()), next_(first_) {}
  [[nodiscard]] IdBytes make();
  template <class Kind>
  [[nodiscard]] Id<Kind> make() {
    return Id<Kind>{make()};
  }
  // From any thread. That it says so of another maker's is as likely as 1 in 16 million.
  [[nodiscard]] bool made(const IdBytes& id) const;

 private:
  const Clock& clock_;
  const std::uint64_t first_;
  std::uint64_t next_;
};

}  // namespace parley

template <class Kind>
struct std::hash<parley::Id<Kind>> {
  std::size_t operator()(const parley::Id<Kind>& id) const noexcept {
    std::uint64_t tail = 0;
    std::uint32_t head = 0;
    std::memcpy(&tail, id.bytes.data() + 4, sizeof tail);
    std::memcpy(&head, id.bytes.data(), sizeof head);
    return static_cast<std::size_t>((tail ^ head) * 0x9E3779B97F4A7C15ULL);
  }
};
