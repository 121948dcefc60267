#include "net/ws_codec.h"

#include <simdjson.h>

#include <algorithm>

#include "net/deflate.h"
#include "net/ws_mask.h"

namespace parley::net {
namespace {

constexpr std::size_t control_bytes_max = 125;

std::uint64_t big_endian(const char* bytes, std::size_t count) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < count; ++i) value = value << 8 | static_cast<std::uint8_t>(bytes[i]);
  return value;
}

void put_big_endian(char* out, std::uint64_t value, std::size_t count) {
  for (std::size_t i = count; i-- > 0; value >>= 8) out[i] = static_cast<char>(value & 0xFF);
}

std::size_t length_bytes(const char* frame) {
  const unsigned small = static_cast<std::uint8_t>(frame[1]) & 0x7F;
  if (small == 126) return 2;
  return small == 127 ? 8 : 0;
}

bool is_control(Opcode opcode) { return (static_cast<unsigned>(opcode) & 8) != 0; }

bool is_known(unsigned opcode) { return opcode <= 2 || (opcode >= 8 && opcode <= 10); }

WsDecoder::Event failed(std::uint16_t code, std::string_view why) {
  return {.kind = WsDecoder::Kind::failed, .code = code, .payload = why};
}

bool is_utf8(std::string_view text) { return simdjson::validate_utf8(text.data(), text.size()); }

}  // namespace

std::size_t write_ws_header(char* out, Opcode opcode, Packing packing, std::size_t payload_bytes) {
  const unsigned rsv1 = packing == Packing::deflated ? 0x40 : 0;
  out[0] = static_cast<char>(0x80 | rsv1 | static_cast<unsigned>(opcode));
  if (payload_bytes < 126) {
    out[1] = static_cast<char>(payload_bytes);
    return 2;
  }
  const bool wide = payload_bytes > 0xFFFF;
  out[1] = wide ? 127 : 126;
  put_big_endian(out + 2, payload_bytes, wide ? 8 : 2);
  return wide ? 10 : 4;
}

bool close_code_is_valid(unsigned code) {
  if (code >= 3000) return code <= 4999;
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014);
}

WsDecoder::WsDecoder(std::uint32_t message_bytes_max, bool deflate)
    : message_bytes_max_(message_bytes_max), deflate_(deflate) {}

WsDecoder::Event WsDecoder::next(std::span<char>& input, Inflater& inflater) {
  forget_delivered();
  for (;;) {
    Event event;
    if (partial_ != nullptr && partial_->in_frame) {
      event = gather(input, inflater);
      if (event.kind != Kind::more || input.empty()) return event;
    }
    if (!begin_frame(input, event)) return event;
    if (is_control(head_.opcode)) return control(input, head_);
    event = data(input, head_, inflater);
    if (event.kind != Kind::more || input.empty()) return event;
  }
}

// True when the frame's head, and all of a control frame, is there: head_ says what it is. The head of a data frame is
// taken from the input, a control frame is left for control().
bool WsDecoder::begin_frame(std::span<char>& input, Event& event) {
  const char* bytes = piece(input, 2);
  if (bytes == nullptr) return false;
  const std::size_t head_bytes = 2 + length_bytes(bytes) + 4;
  bytes = piece(input, head_bytes);
  if (bytes == nullptr) return false;
  head_ = {};
  const char* wrong = read_head(bytes, head_);
  if (wrong == nullptr) wrong = misplaced(head_);
  if (wrong != nullptr) {
    event = failed(ws_code::protocol_error, wrong);
    return false;
  }
  if (is_control(head_.opcode)) return piece(input, head_bytes + head_.payload) != nullptr;
  if (too_large(head_)) {
    event = failed(ws_code::too_large, "the message is too large");
    return false;
  }
  consume(input, head_bytes);
  return true;
}

// The next bytes in one piece, still in the input where they lie there whole; null when they are not there yet, and
// what there is has been put aside.
char* WsDecoder::piece(std::span<char>& input, std::size_t bytes) {
  const bool put_aside = partial_ != nullptr && !partial_->raw.empty();
  if (!put_aside && input.size() >= bytes) return input.data();
  if (!put_aside && input.empty()) return nullptr;
  std::string& raw = partial().raw;
  if (raw.size() < bytes) {
    const std::size_t taken = std::min(bytes - raw.size(), input.size());
    raw.append(input.data(), taken);
    input = input.subspan(taken);
  }
  return raw.size() >= bytes ? raw.data() : nullptr;
}

void WsDecoder::consume(std::span<char>& input, std::size_t bytes) {
  if (partial_ != nullptr && !partial_->raw.empty())
    partial_->raw.clear();
  else
    input = input.subspan(bytes);
}

// Returns what is wrong with the bytes of the head, or null.
const char* WsDecoder::read_head(const char* bytes, Head& head) const {
  const unsigned first = static_cast<std::uint8_t>(bytes[0]);
  const unsigned small = static_cast<std::uint8_t>(bytes[1]) & 0x7F;
  if ((bytes[1] & 0x80) == 0) return "frames of a client must be masked";
  if (!is_known(first & 0x0F)) return "unknown opcode";
  if ((first & 0x30) != 0) return "reserved bits are set";
  const std::size_t extended = length_bytes(bytes);
  head.fin = (first & 0x80) != 0;
  head.compressed = (first & 0x40) != 0;
  head.opcode = static_cast<Opcode>(first & 0x0F);
  head.payload = extended == 0 ? small : big_endian(bytes + 2, extended);
  head.bytes = static_cast<std::uint8_t>(2 + extended + 4);
  std::memcpy(&head.mask, bytes + 2 + extended, sizeof head.mask);
  if (head.payload >> 63 != 0) return "the length has its highest bit set";
  if (extended == 2 && head.payload < 126) return "the length is not in its shortest form";
  if (extended == 8 && head.payload <= 0xFFFF) return "the length is not in its shortest form";
  return nullptr;
}

// Returns why such a frame may not stand here, or null.
const char* WsDecoder::misplaced(const Head& head) const {
  if (is_control(head.opcode)) {
    if (!head.fin) return "control frames must not be fragmented";
    if (head.payload > control_bytes_max) return "a control frame is longer than 125 bytes";
    return head.compressed ? "reserved bits are set" : nullptr;
  }
  const bool begun = partial_ != nullptr && partial_->opcode != Opcode::continuation;
  const bool continues = head.opcode == Opcode::continuation;
  if (continues && !begun) return "nothing to continue";
  if (!continues && begun) return "the message before is not finished";
  if (head.compressed && (continues || !deflate_)) return "reserved bits are set";
  return nullptr;
}

bool WsDecoder::too_large(const Head& head) const {
  const std::uint64_t before = partial_ != nullptr ? partial_->message.size() : 0;
  return head.payload > message_bytes_max_ || before + head.payload > message_bytes_max_;
}

WsDecoder::Event WsDecoder::control(std::span<char>& input, const Head& head) {
  const std::size_t whole = head.bytes + head.payload;
  char* payload = piece(input, whole) + head.bytes;
  if (partial_ != nullptr && !partial_->raw.empty())
    partial_->raw_used = true;
  else
    input = input.subspan(whole);
  apply_mask(payload, head.payload, head.mask);
  const std::string_view text(payload, head.payload);
  if (head.opcode == Opcode::close) return close_frame(text);
  return {.kind = head.opcode == Opcode::ping ? Kind::ping : Kind::pong, .payload = text};
}

WsDecoder::Event WsDecoder::close_frame(std::string_view payload) const {
  if (payload.empty()) return {.kind = Kind::close, .code = ws_code::none};
  const auto code = payload.size() < 2 ? 0U : static_cast<unsigned>(big_endian(payload.data(), 2));
  if (!close_code_is_valid(code)) return failed(ws_code::protocol_error, "invalid close code");
  const std::string_view reason = payload.substr(2);
  if (!is_utf8(reason)) return failed(ws_code::bad_text, "the close reason is not UTF-8");
  return {.kind = Kind::close, .code = static_cast<std::uint16_t>(code), .payload = reason};
}

WsDecoder::Event WsDecoder::data(std::span<char>& input, const Head& head, Inflater& inflater) {
  const bool alone = head.fin && head.opcode != Opcode::continuation;
  if (alone && input.size() >= head.payload) {
    const std::string_view payload(input.data(), head.payload);
    apply_mask(input.data(), head.payload, head.mask);
    input = input.subspan(head.payload);
    return message(payload, head.opcode, head.compressed, inflater);
  }
  Partial& mine = partial();
  mine.frame = head;
  mine.in_frame = true;
  if (head.opcode != Opcode::continuation) {
    mine.opcode = head.opcode;
    mine.compressed = head.compressed;
  }
  return gather(input, inflater);
}

WsDecoder::Event WsDecoder::gather(std::span<char>& input, Inflater& inflater) {
  Partial& mine = *partial_;
  const std::size_t taken = std::min<std::size_t>(mine.frame.payload, input.size());
  const std::size_t before = mine.message.size();
  mine.message.append(input.data(), taken);
  apply_mask(mine.message.data() + before, taken, mine.frame.mask);
  mine.frame.mask = turn_mask(mine.frame.mask, taken);
  mine.frame.payload -= taken;
  input = input.subspan(taken);
  if (mine.frame.payload > 0) return {};
  mine.in_frame = false;
  if (!mine.frame.fin) return {};
  mine.delivered = true;
  mine.message.reserve(mine.message.size() + slack_bytes);
  return message(mine.message, mine.opcode, mine.compressed, inflater);
}

WsDecoder::Event WsDecoder::message(std::string_view payload, Opcode opcode, bool compressed,
                                    Inflater& inflater) const {
  if (compressed) {
    const auto inflated = inflater.inflate(payload, message_bytes_max_);
    if (inflated.outcome == Inflater::Outcome::too_large)
      return failed(ws_code::too_large, "the message is too large");
    if (inflated.outcome == Inflater::Outcome::broken)
      return failed(ws_code::bad_text, "the message can't be inflated");
    payload = inflated.bytes;
  }
  if (opcode == Opcode::text && !is_utf8(payload))
    return failed(ws_code::bad_text, "the text is not UTF-8");
  return {.kind = Kind::message, .binary = opcode == Opcode::binary, .payload = payload};
}

void WsDecoder::forget_delivered() {
  if (partial_ == nullptr) return;
  if (partial_->raw_used) {
    partial_->raw.clear();
    partial_->raw_used = false;
  }
  // A fragmented message in which a control frame stood is still being gathered.
  const bool gathering = partial_->opcode != Opcode::continuation && !partial_->delivered;
  if (!gathering && partial_->raw.empty()) partial_.reset();
}

WsDecoder::Partial& WsDecoder::partial() {
  if (partial_ == nullptr) partial_ = std::make_unique<Partial>();
  return *partial_;
}

}  // namespace parley::net
