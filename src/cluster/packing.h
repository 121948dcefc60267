// Values one after the other in a string: what nodes of one version say to each other.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "model/names.h"

namespace parley::cluster {

class Packer {
 public:
  explicit Packer(std::string& out) : out_(out) {}

  void number(std::uint64_t value);
  void flag(bool value) { number(value ? 1 : 0); }
  void time(Time at) { number(static_cast<std::uint64_t>(to_micros(at))); }
  void text(std::string_view value);
  void user(const UserId& user) { text(user.text); }
  template <class Kind>
  void id(const Id<Kind>& id) {
    out_.append(id.raw());
  }
  template <class List, class Each>
  void list(const List& all, Each each) {
    number(all.size());
    for (const auto& one : all) each(one);
  }

 private:
  std::string& out_;
};

// Never reads beyond the end: what is missing is zero or empty, and good() says so.
class Unpacker {
 public:
  explicit Unpacker(std::string_view in) : in_(in) {}

  [[nodiscard]] std::uint64_t number();
  [[nodiscard]] bool flag() { return number() != 0; }
  [[nodiscard]] Time time() { return from_micros(static_cast<std::int64_t>(number())); }
  [[nodiscard]] std::string_view text();
  [[nodiscard]] std::string string() { return std::string(text()); }
  [[nodiscard]] UserId user() { return {string()}; }
  template <class I>
  [[nodiscard]] I id() {
    const std::string_view raw = bytes(IdBytes{}.size());
    return raw.empty() ? I{} : I::from_raw(raw);
  }
  // One of an enumeration whose last value is this.
  template <class E>
  [[nodiscard]] E one_of(E last) {
    const std::uint64_t value = number();
    if (value <= static_cast<std::uint64_t>(last)) return static_cast<E>(value);
    good_ = false;
    return last;
  }
  // Each element takes at least a byte, so a claimed length can't ask for more memory than was sent.
  template <class Each>
  void list(Each each) {
    const std::uint64_t size = number();
    if (size > in_.size()) good_ = false;
    for (std::uint64_t i = 0; good_ && i < size; ++i) each();
  }

  [[nodiscard]] bool good() const { return good_; }
  [[nodiscard]] bool at_end() const { return in_.empty(); }

 private:
  std::string_view bytes(std::uint64_t count);

  std::string_view in_;
  bool good_ = true;
};

}  // namespace parley::cluster
