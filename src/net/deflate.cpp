#include "net/deflate.h"

#include <zlib.h>

#include <algorithm>
#include <array>

#include "base/assert.h"
#include "net/ws_codec.h"

namespace parley::net {
namespace {

constexpr int window_bits = -15;  // raw deflate: no zlib header
// Frames are some hundred bytes and each starts afresh: a small hash table is cleared faster, and more effort than
// level 3 finds nothing more in them.
constexpr int level = 3;
constexpr int memory_level = 6;
constexpr std::size_t keep_bytes = 256 * 1024;  // of the buffer between messages
constexpr std::string_view tail{"\x00\x00\xff\xff", 4};

Bytef* bytes_of(const char* data) { return reinterpret_cast<Bytef*>(const_cast<char*>(data)); }

class Deflater {
 public:
  Deflater() {
    const int made =
        deflateInit2(&stream_, level, Z_DEFLATED, window_bits, memory_level, Z_DEFAULT_STRATEGY);
    PARLEY_ASSERT(made == Z_OK);
  }
  ~Deflater() { deflateEnd(&stream_); }
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;

  std::string deflate(std::string_view payload) {
    std::string out(payload.size() + tail.size(), '\0');
    deflateReset(&stream_);
    stream_.next_in = bytes_of(payload.data());
    stream_.avail_in = static_cast<uInt>(payload.size());
    stream_.next_out = bytes_of(out.data());
    stream_.avail_out = static_cast<uInt>(out.size());
    ::deflate(&stream_, Z_SYNC_FLUSH);
    // No room left: it may not be complete, and is not smaller.
    if (stream_.avail_in != 0 || stream_.avail_out == 0) return {};
    out.resize(out.size() - stream_.avail_out);
    if (!out.ends_with(tail)) return {};
    out.resize(out.size() - tail.size());
    return out;
  }

 private:
  z_stream stream_{};
};

}  // namespace

class Inflater::Stream {
 public:
  Stream() {
    const int made = inflateInit2(&z, window_bits);
    PARLEY_ASSERT(made == Z_OK);
  }
  ~Stream() { inflateEnd(&z); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  // False: not deflate. Stops early when `out` has more than `bytes_max`.
  bool add(std::string_view input, std::string& out, std::size_t bytes_max) {
    z.next_in = bytes_of(input.data());
    z.avail_in = static_cast<uInt>(input.size());
    do {
      if (out.size() == out.capacity()) out.reserve(out.size() * 2);
      const std::size_t before = out.size();
      const std::size_t room = std::min(out.capacity(), bytes_max + 1 + slack_bytes) - before;
      out.resize(before + room);
      z.next_out = bytes_of(out.data() + before);
      z.avail_out = static_cast<uInt>(room);
      const int step = ::inflate(&z, Z_SYNC_FLUSH);
      out.resize(before + room - z.avail_out);
      if (step == Z_STREAM_END) return z.avail_in == 0 || input.data() == tail.data();
      if (step != Z_OK && step != Z_BUF_ERROR) return false;
    } while ((z.avail_in > 0 || z.avail_out == 0) && out.size() <= bytes_max);
    return true;
  }

  z_stream z{};
};

Inflater::Inflater() = default;
Inflater::~Inflater() = default;

Inflater::Inflated Inflater::inflate(std::string_view message, std::size_t bytes_max) {
  if (stream_ == nullptr) stream_ = std::make_unique<Stream>();
  if (out_.capacity() > keep_bytes) out_ = {};
  out_.clear();
  out_.reserve(4096);
  inflateReset(&stream_->z);
  const bool fine = stream_->add(message, out_, bytes_max) && stream_->add(tail, out_, bytes_max);
  if (out_.size() > bytes_max) return {.outcome = Outcome::too_large};
  if (!fine) return {.outcome = Outcome::broken};
  out_.reserve(out_.size() + slack_bytes);
  return {.bytes = out_};
}

std::string deflate_message(std::string_view payload) {
  // Frames know no loop; a thread runs at most one.
  thread_local Deflater deflater;
  return deflater.deflate(payload);
}

}  // namespace parley::net
