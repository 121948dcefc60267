// Whatever bytes come, in whatever reads: the decoder neither reads nor writes out of bounds, keeps its limits, and says
// the same as when all bytes come at once.
#include <string>
#include <vector>

#include "base/assert.h"
#include "net/deflate.h"
#include "net/ws_codec.h"

namespace {

using parley::net::WsDecoder;
constexpr std::uint32_t message_bytes_max = 4096;

// Every read is a heap block of exactly its size, so the sanitizer sees a step outside it.
std::vector<std::string> decode(std::string_view bytes, std::size_t read_bytes) {
  std::vector<std::string> said;
  WsDecoder decoder(message_bytes_max, true);
  parley::net::Inflater inflater;
  for (std::size_t at = 0; at < bytes.size(); at += read_bytes) {
    const std::string_view part = bytes.substr(at, read_bytes);
    std::vector<char> read(part.begin(), part.end());
    std::span<char> input(read);
    for (;;) {
      const auto event = decoder.next(input, inflater);
      if (event.kind == WsDecoder::Kind::more) break;
      PARLEY_ASSERT(event.payload.size() <= message_bytes_max);
      said.push_back(std::to_string(static_cast<int>(event.kind)) + std::to_string(event.code) +
                     std::string(event.payload));
      if (event.kind == WsDecoder::Kind::failed) return said;
    }
    PARLEY_ASSERT(input.empty());
  }
  return said;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto whole = decode(bytes, bytes.size() + 1);
  const auto parts = decode(bytes, 1 + data[0]);
  PARLEY_ASSERT(whole == parts);
  return 0;
}
