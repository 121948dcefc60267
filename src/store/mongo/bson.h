// Documents as they are made and as they are read: a thin layer over libbson that owns what it makes.
#pragma once

#include <bson/bson.h>

#include <algorithm>
#include <concepts>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/id.h"
#include "base/time.h"
#include "model/names.h"

namespace parley::store::mongo {

class Doc;
class List;
class Fields;

// BSON's own date, in milliseconds: for others who read it. Ours are numbers of microseconds.
struct Date {
  Time at;
};
struct Bytes {
  std::string_view all;
};

void append(bson_t* to, std::string_view key, std::string_view text);
void append(bson_t* to, std::string_view key, std::int64_t number);
void append(bson_t* to, std::string_view key, const IdBytes& id);
void append(bson_t* to, std::string_view key, Date date);
void append(bson_t* to, std::string_view key, Bytes bytes);
void append(bson_t* to, std::string_view key, const Doc& doc);
void append(bson_t* to, std::string_view key, const List& list);
void append_flag(bson_t* to, std::string_view key, bool flag);

template <class T>
inline constexpr bool is_id = false;
template <class Kind>
inline constexpr bool is_id<Id<Kind>> = true;

template <class T>
void append_any(bson_t* to, std::string_view key, const T& value) {
  if constexpr (std::same_as<T, bool>)
    append_flag(to, key, value);
  else if constexpr (std::is_enum_v<T> || std::integral<T>)
    append(to, key, static_cast<std::int64_t>(value));
  else if constexpr (std::convertible_to<const T&, std::string_view>)
    append(to, key, std::string_view(value));
  else if constexpr (std::same_as<T, UserId>)
    append(to, key, std::string_view(value.text));
  else if constexpr (std::same_as<T, Seq> || std::same_as<T, Version>)
    append(to, key, static_cast<std::int64_t>(value.value));
  else if constexpr (std::same_as<T, Time>)
    append(to, key, std::int64_t{to_micros(value)});
  else if constexpr (is_id<T>)
    append(to, key, value.bytes);
  else
    append(to, key, value);
}

// Owns one. (A unique_ptr would lose the type's alignment.)
class Bson {
 public:
  explicit Bson(bson_t* bson) : bson_(bson) {}
  Bson(Bson&& other) noexcept : bson_(std::exchange(other.bson_, nullptr)) {}
  Bson& operator=(Bson&& other) noexcept {
    std::swap(bson_, other.bson_);
    return *this;
  }
  ~Bson() {
    if (bson_ != nullptr) bson_destroy(bson_);
  }
  [[nodiscard]] bson_t* get() const { return bson_; }

 private:
  bson_t* bson_;
};

class Doc {
 public:
  Doc() : bson_(bson_new()) {}
  explicit Doc(const Fields& copied);
  template <class T>
  Doc&& put(std::string_view key, const T& value) && {
    append_any(bson_.get(), key, value);
    return std::move(*this);
  }
  template <class T>
  Doc& put(std::string_view key, const T& value) & {
    append_any(bson_.get(), key, value);
    return *this;
  }
  // Left out where it is empty, or zero.
  template <class T>
  Doc& put_some(std::string_view key, const T& value) & {
    return value == T{} ? *this : put(key, value);
  }
  [[nodiscard]] const bson_t* raw() const { return bson_.get(); }
  [[nodiscard]] bool empty() const { return bson_empty(raw()); }
  [[nodiscard]] std::string_view bytes() const {
    return {reinterpret_cast<const char*>(bson_get_data(raw())), raw()->len};
  }

 private:
  Bson bson_;
};

class List {
 public:
  template <class T>
  List& add(const T& value) {
    append_any(bson_.get(), std::to_string(size_++), value);
    return *this;
  }
  [[nodiscard]] const bson_t* raw() const { return bson_.get(); }
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  Bson bson_{bson_new()};
  std::size_t size_ = 0;
};

// A document that is read; lives as long as what it was taken from. What is not there is zero, or empty.
class Fields {
 public:
  explicit Fields(const bson_t* doc) : Fields(bson_get_data(doc), doc->len) {}
  explicit Fields(std::string_view bytes)
      : Fields(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()) {}

  [[nodiscard]] bool has(std::string_view key) { return find(key); }
  [[nodiscard]] std::int64_t number(std::string_view key) {
    return find(key) ? bson_iter_as_int64(&at_) : 0;
  }
  [[nodiscard]] std::uint64_t count(std::string_view key) {
    return static_cast<std::uint64_t>(number(key));
  }
  [[nodiscard]] bool flag(std::string_view key) { return find(key) && bson_iter_as_bool(&at_); }
  [[nodiscard]] std::string text(std::string_view key) { return std::string(view(key)); }
  [[nodiscard]] std::string_view view(std::string_view key);
  [[nodiscard]] std::string_view bytes(std::string_view key);
  [[nodiscard]] UserId user(std::string_view key) { return UserId{text(key)}; }
  [[nodiscard]] Seq seq(std::string_view key) { return Seq{count(key)}; }
  [[nodiscard]] Time time(std::string_view key) { return from_micros(number(key)); }
  template <class T>
  [[nodiscard]] T id(std::string_view key) {
    T id;
    if (find(key) && BSON_ITER_HOLDS_OID(&at_))
      std::copy_n(bson_iter_oid(&at_)->bytes, id.bytes.size(), id.bytes.begin());
    return id;
  }
  template <class E>
  [[nodiscard]] E enumerated(std::string_view key) {
    return static_cast<E>(number(key));
  }
  // The document under that key; an empty one where there is none.
  [[nodiscard]] Fields in(std::string_view key);
  [[nodiscard]] std::string_view all() const {
    return {reinterpret_cast<const char*>(data_), size_};
  }
  [[nodiscard]] std::vector<std::string> texts(std::string_view key);
  template <class Take>
  void each(std::string_view key, Take take) {
    if (!find(key) || !BSON_ITER_HOLDS_ARRAY(&at_)) return;
    bson_iter_t elements;
    if (!bson_iter_recurse(&at_, &elements)) return;
    while (bson_iter_next(&elements)) {
      if (!BSON_ITER_HOLDS_DOCUMENT(&elements)) continue;
      std::uint32_t size = 0;
      const std::uint8_t* data = nullptr;
      bson_iter_document(&elements, &size, &data);
      take(Fields(data, size));
    }
  }

 private:
  Fields(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) { rewind(); }
  void rewind() { sound_ = bson_iter_init_from_data(&at_, data_, size_); }
  bool find(std::string_view key);

  const std::uint8_t* data_;
  std::size_t size_;
  bson_iter_t at_{};
  bool sound_ = false;
};

}  // namespace parley::store::mongo
