// Values on their way to PostgreSQL and back, in its text form.
#pragma once

#include <charconv>
#include <string>
#include <string_view>

#include "model/event.h"
#include "store/postgres/connection.h"

namespace parley::store::postgres {

[[nodiscard]] inline std::string text_of(std::int64_t value) { return std::to_string(value); }
[[nodiscard]] inline std::string text_of(std::uint64_t value) {
  return std::to_string(static_cast<std::int64_t>(value));
}
[[nodiscard]] inline std::string text_of(Seq seq) { return text_of(seq.value); }
[[nodiscard]] inline std::string text_of(Time at) { return text_of(std::int64_t{to_micros(at)}); }
[[nodiscard]] inline std::string text_of(const UserId& user) { return user.text; }
template <class Kind>
[[nodiscard]] std::string text_of(const Id<Kind>& id) {
  return id.text();
}
template <class E>
  requires std::is_enum_v<E>
[[nodiscard]] std::string text_of(E value) {
  return std::to_string(static_cast<int>(value));
}

// '{1,"a b"}': the elements of one column of many rows.
class Array {
 public:
  template <class T>
  void add(const T& value) {
    add_plain(text_of(value));
  }
  void add(const std::string& text) { add_quoted(text); }
  void add(const UserId& user) { add_quoted(user.text); }
  void add_none() { add_plain("NULL"); }
  void add(bool value) { add_plain(value ? "t" : "f"); }
  [[nodiscard]] bool empty() const { return empty_; }
  [[nodiscard]] std::string take() { return std::move(out_) + (empty_ ? "{}" : "}"); }

 private:
  void add_plain(std::string_view text) {
    out_ += empty_ ? '{' : ',';
    out_ += text;
    empty_ = false;
  }
  void add_quoted(std::string_view text) {
    out_ += empty_ ? "{\"" : ",\"";
    for (char c : text) {
      if (c == '"' || c == '\\') out_ += '\\';
      out_ += c;
    }
    out_ += '"';
    empty_ = false;
  }
  std::string out_;
  bool empty_ = true;
};

// The columns of one row, in order.
class Row {
 public:
  Row(const Table& table, int row) : table_(table), row_(row) {}
  [[nodiscard]] std::string_view view() { return table_.at(row_, column_++); }
  [[nodiscard]] std::string text() { return std::string(view()); }
  [[nodiscard]] std::int64_t number() {
    std::string_view digits = view();
    std::int64_t value = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return value;
  }
  [[nodiscard]] std::uint64_t count() { return static_cast<std::uint64_t>(number()); }
  [[nodiscard]] bool flag() { return view() == "t"; }
  [[nodiscard]] Seq seq() { return Seq{count()}; }
  [[nodiscard]] Time time() { return from_micros(number()); }
  [[nodiscard]] UserId user() { return UserId{text()}; }
  template <class T>
  [[nodiscard]] T id() {
    return T::parse(view()).value_or(T{});
  }
  template <class E>
  [[nodiscard]] E enumerated() {
    return static_cast<E>(number());
  }

 private:
  const Table& table_;
  int row_;
  int column_ = 0;
};

}  // namespace parley::store::postgres
