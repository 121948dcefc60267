#include "store/mongo/bson.h"

#include <array>

#include "base/assert.h"

namespace parley::store::mongo {
namespace {

int length(std::string_view text) { return static_cast<int>(text.size()); }

constexpr std::array<std::uint8_t, 5> no_fields{5, 0, 0, 0, 0};

}  // namespace

// A document of 2 GiB is the only one that can't grow: no limit lets one get near.
void append(bson_t* to, std::string_view key, std::string_view text) {
  PARLEY_ASSERT(
      bson_append_utf8(to, key.data(), length(key), text.data() ? text.data() : "", length(text)));
}
void append(bson_t* to, std::string_view key, std::int64_t number) {
  PARLEY_ASSERT(bson_append_int64(to, key.data(), length(key), number));
}
void append(bson_t* to, std::string_view key, const IdBytes& id) {
  bson_oid_t oid;
  bson_oid_init_from_data(&oid, id.data());
  PARLEY_ASSERT(bson_append_oid(to, key.data(), length(key), &oid));
}
void append(bson_t* to, std::string_view key, Date date) {
  PARLEY_ASSERT(bson_append_date_time(to, key.data(), length(key), to_micros(date.at) / 1'000));
}
void append(bson_t* to, std::string_view key, Bytes bytes) {
  PARLEY_ASSERT(bson_append_binary(to, key.data(), length(key), BSON_SUBTYPE_BINARY,
                                   reinterpret_cast<const std::uint8_t*>(bytes.all.data()),
                                   static_cast<std::uint32_t>(bytes.all.size())));
}
void append(bson_t* to, std::string_view key, const Doc& doc) {
  PARLEY_ASSERT(bson_append_document(to, key.data(), length(key), doc.raw()));
}
void append(bson_t* to, std::string_view key, const List& list) {
  PARLEY_ASSERT(bson_append_array(to, key.data(), length(key), list.raw()));
}
void append_flag(bson_t* to, std::string_view key, bool flag) {
  PARLEY_ASSERT(bson_append_bool(to, key.data(), length(key), flag));
}

Doc::Doc(const Fields& copied)
    : bson_(bson_new_from_data(reinterpret_cast<const std::uint8_t*>(copied.all().data()),
                               copied.all().size())) {
  if (bson_.get() == nullptr) bson_ = Bson(bson_new());
}

// They are mostly asked for in the order in which they stand: the search goes on where the last one ended.
bool Fields::find(std::string_view key) {
  for (int round = 0; round < 2 && sound_; ++round) {
    while (bson_iter_next(&at_))
      if (key == std::string_view(bson_iter_key(&at_), bson_iter_key_len(&at_))) return true;
    rewind();
  }
  return false;
}

std::string_view Fields::view(std::string_view key) {
  if (!find(key) || !BSON_ITER_HOLDS_UTF8(&at_)) return {};
  std::uint32_t size = 0;
  const char* text = bson_iter_utf8(&at_, &size);
  return {text, size};
}

std::string_view Fields::bytes(std::string_view key) {
  if (!find(key) || !BSON_ITER_HOLDS_BINARY(&at_)) return {};
  bson_subtype_t subtype{};
  std::uint32_t size = 0;
  const std::uint8_t* data = nullptr;
  bson_iter_binary(&at_, &subtype, &size, &data);
  return {reinterpret_cast<const char*>(data), size};
}

Fields Fields::in(std::string_view key) {
  if (!find(key) || !BSON_ITER_HOLDS_DOCUMENT(&at_)) return {no_fields.data(), no_fields.size()};
  std::uint32_t size = 0;
  const std::uint8_t* data = nullptr;
  bson_iter_document(&at_, &size, &data);
  return {data, size};
}

std::vector<std::string> Fields::texts(std::string_view key) {
  std::vector<std::string> all;
  bson_iter_t elements;
  if (!find(key) || !BSON_ITER_HOLDS_ARRAY(&at_) || !bson_iter_recurse(&at_, &elements)) return all;
  while (bson_iter_next(&elements)) {
    if (!BSON_ITER_HOLDS_UTF8(&elements)) continue;
    std::uint32_t size = 0;
    const char* text = bson_iter_utf8(&elements, &size);
    all.emplace_back(text, size);
  }
  return all;
}

}  // namespace parley::store::mongo
