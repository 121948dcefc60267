#include "files/zip.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "base/assert.h"

namespace parley::files {
namespace {

// PKWARE's APPNOTE 6.3. Sizes are not known when an entry begins: they follow it (bit 3), eight bytes each, as its head
// has the field of large entries. The list at the end uses that field only where a number needs it.
constexpr std::uint32_t local_mark = 0x04034b50, sizes_mark = 0x08074b50, listed_mark = 0x02014b50,
                        end_mark = 0x06054b50, large_end_mark = 0x06064b50,
                        large_place_mark = 0x07064b50;
constexpr std::uint16_t version = 45, sizes_follow_and_names_are_utf8 = 0x0808, large_field = 1;
constexpr std::uint32_t no_longer_fits = 0xFFFFFFFF;
constexpr std::uint16_t too_many = 0xFFFF;
constexpr int level = 3;
constexpr int raw_window_bits = -15;

class Bytes {
 public:
  Bytes& u16(std::uint64_t value) { return number(value, 2); }
  Bytes& u32(std::uint64_t value) { return number(value, 4); }
  Bytes& u64(std::uint64_t value) { return number(value, 8); }
  Bytes& text(std::string_view text) {
    out_ += text;
    return *this;
  }
  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  Bytes& number(std::uint64_t value, int size) {
    for (int i = 0; i < size; ++i, value >>= 8) out_ += static_cast<char>(value & 255);
    return *this;
  }
  std::string out_;
};

std::uint32_t dos_time_of(Time at) {
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{std::chrono::floor<std::chrono::seconds>(at - day)};
  const int year = std::clamp(static_cast<int>(date.year()), 1980, 2107) - 1980;
  return static_cast<std::uint32_t>(year) << 25 | static_cast<unsigned>(date.month()) << 21 |
         static_cast<unsigned>(date.day()) << 16 |
         static_cast<std::uint32_t>(clock.hours().count()) << 11 |
         static_cast<std::uint32_t>(clock.minutes().count()) << 5 |
         static_cast<std::uint32_t>(clock.seconds().count() / 2);
}

std::uint16_t method_of(Zip::Pack pack) { return pack == Zip::Pack::smaller ? Z_DEFLATED : 0; }

}  // namespace

struct Zip::Deflater {
  z_stream stream{};
  Deflater() {
    const int made =
        deflateInit2(&stream, level, Z_DEFLATED, raw_window_bits, 8, Z_DEFAULT_STRATEGY);
    PARLEY_ASSERT(made == Z_OK);
  }
  ~Deflater() { deflateEnd(&stream); }
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;
};

Zip::Zip() : deflater_(std::make_unique<Deflater>()) {}
Zip::~Zip() = default;
Zip::Zip(Zip&&) noexcept = default;

std::string Zip::out(std::string bytes) {
  written_ += bytes.size();
  return bytes;
}

std::string Zip::begin(std::string name, Pack pack, Time at) {
  entries_.push_back({.name = std::move(name), .pack = pack, .dos_time = dos_time_of(at)});
  Entry& entry = entries_.back();
  entry.at = written_;
  if (pack == Pack::smaller) deflateReset(&deflater_->stream);
  Bytes head;
  head.u32(local_mark).u16(version).u16(sizes_follow_and_names_are_utf8).u16(method_of(pack));
  head.u32(entry.dos_time).u32(0).u32(no_longer_fits).u32(no_longer_fits);
  head.u16(entry.name.size()).u16(20).text(entry.name);
  head.u16(large_field).u16(16).u64(0).u64(0);
  return out(head.take());
}

std::string Zip::deflated(std::string_view bytes, bool last) {
  z_stream& stream = deflater_->stream;
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  std::string packed;
  std::array<char, 16 * 1024> room{};
  for (;;) {
    stream.next_out = reinterpret_cast<Bytef*>(room.data());
    stream.avail_out = room.size();
    ::deflate(&stream, last ? Z_FINISH : Z_NO_FLUSH);
    packed.append(room.data(), room.size() - stream.avail_out);
    if (stream.avail_out != 0) return packed;
  }
}

std::string Zip::add(std::string_view bytes) {
  Entry& entry = entries_.back();
  entry.bytes += bytes.size();
  entry.crc = static_cast<std::uint32_t>(
      crc32_z(entry.crc, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
  std::string packed = entry.pack == Pack::smaller ? deflated(bytes, false) : std::string(bytes);
  entry.packed += packed.size();
  return out(std::move(packed));
}

std::string Zip::end() {
  Entry& entry = entries_.back();
  std::string rest = entry.pack == Pack::smaller ? deflated({}, true) : std::string{};
  entry.packed += rest.size();
  Bytes sizes;
  sizes.u32(sizes_mark).u32(entry.crc).u64(entry.packed).u64(entry.bytes);
  return out(std::move(rest) + sizes.take());
}

std::string Zip::finish() {
  const std::uint64_t list_at = written_;
  Bytes list;
  for (const Entry& entry : entries_) {
    const bool large = std::max({entry.bytes, entry.packed, entry.at}) >= no_longer_fits;
    list.u32(listed_mark).u16(version).u16(version).u16(sizes_follow_and_names_are_utf8);
    list.u16(method_of(entry.pack)).u32(entry.dos_time).u32(entry.crc);
    list.u32(large ? no_longer_fits : entry.packed).u32(large ? no_longer_fits : entry.bytes);
    list.u16(entry.name.size()).u16(large ? 28 : 0).u16(0).u16(0).u16(0).u32(0);
    list.u32(large ? no_longer_fits : entry.at).text(entry.name);
    if (large) list.u16(large_field).u16(24).u64(entry.bytes).u64(entry.packed).u64(entry.at);
  }
  std::string all = list.take();
  const std::uint64_t list_bytes = all.size(), count = entries_.size();
  Bytes tail;
  const bool large = count >= too_many || list_at >= no_longer_fits || list_bytes >= no_longer_fits;
  if (large) {
    tail.u32(large_end_mark).u64(44).u16(version).u16(version).u32(0).u32(0).u64(count).u64(count);
    tail.u64(list_bytes).u64(list_at);
    tail.u32(large_place_mark).u32(0).u64(list_at + list_bytes).u32(1);
  }
  const std::uint64_t shown = large ? too_many : count;
  tail.u32(end_mark).u16(0).u16(0).u16(shown).u16(shown);
  tail.u32(large ? no_longer_fits : list_bytes).u32(large ? no_longer_fits : list_at).u16(0);
  return out(std::move(all) + tail.take());
}

}  // namespace parley::files
