#include "net/frame.h"

#include <cstring>

#include "base/assert.h"
#include "net/deflate.h"
#include "net/ws_codec.h"

namespace parley::net {
namespace {
// Below this, what is saved is not worth the time.
constexpr std::size_t deflate_bytes_min = 128;
}  // namespace

Frame::Frame(Opcode opcode, std::string_view payload, std::size_t header_bytes)
    : size_(static_cast<std::uint32_t>(header_bytes + payload.size())),
      header_bytes_(static_cast<std::uint8_t>(header_bytes)),
      opcode_(opcode) {
  PARLEY_ASSERT(payload.size() < UINT32_MAX - ws_header_bytes_max);
  if (!payload.empty()) std::memcpy(bytes() + header_bytes, payload.data(), payload.size());
}

Frame::~Frame() = default;

FrameRef Frame::make(Opcode opcode, std::string_view payload) {
  char header[ws_header_bytes_max];
  const std::size_t header_bytes = write_ws_header(header, opcode, Packing::plain, payload.size());
  auto* frame = new (Behind{header_bytes + payload.size()}) Frame(opcode, payload, header_bytes);
  std::memcpy(frame->bytes(), header, header_bytes);
  return FrameRef(frame);
}

FrameRef Frame::text(std::string_view payload) { return make(Opcode::text, payload); }
FrameRef Frame::binary(std::string_view payload) { return make(Opcode::binary, payload); }
FrameRef Frame::control(Opcode opcode, std::string_view payload) { return make(opcode, payload); }
FrameRef Frame::raw(std::string_view bytes) {
  return FrameRef(new (Behind{bytes.size()}) Frame(Opcode::continuation, bytes, 0));
}

std::string_view Frame::deflated() const {
  if (!deflate_tried_) {
    deflate_tried_ = true;
    const bool message = opcode_ == Opcode::text || opcode_ == Opcode::binary;
    const std::string_view payload = plain().substr(header_bytes_);
    const std::string packed =
        message && payload.size() >= deflate_bytes_min ? deflate_message(payload) : std::string();
    if (!packed.empty()) {
      char header[ws_header_bytes_max];
      const std::size_t header_bytes =
          write_ws_header(header, opcode_, Packing::deflated, packed.size());
      deflated_ = std::make_unique<std::string>(header, header_bytes);
      *deflated_ += packed;
    }
  }
  return deflated_ != nullptr ? std::string_view(*deflated_) : plain();
}

std::string_view Frame::packed(Packing packing) const {
  return packing == Packing::deflated ? deflated() : plain();
}

}  // namespace parley::net
