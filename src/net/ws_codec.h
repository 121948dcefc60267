// The WebSocket protocol (RFC 6455, RFC 7692) without any I/O: bytes in, whole messages out, as views.
//
// Messages that arrive whole are unmasked where they lie. Only what is cut by the end of a read, or sent in fragments,
// is gathered in memory of the decoder's own, which is given back as soon as the message is done: a connection at rest
// holds no buffer.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace parley::net {

class Inflater;

enum class Opcode : std::uint8_t {
  continuation = 0,
  text = 1,
  binary = 2,
  close = 8,
  ping = 9,
  pong = 10
};

// Behind every message handed out there are this many readable bytes (simdjson reads in place).
inline constexpr std::size_t slack_bytes = 64;

inline constexpr std::size_t ws_header_bytes_max = 10;  // as a server writes it: without a mask
enum class Packing : std::uint8_t { plain, deflated };
// Writes the header of a whole, unmasked frame; returns its length.
std::size_t write_ws_header(char* out, Opcode opcode, Packing packing, std::size_t payload_bytes);

// May this code stand in a close frame?
[[nodiscard]] bool close_code_is_valid(unsigned code);

namespace ws_code {
inline constexpr std::uint16_t normal = 1000, going_away = 1001, protocol_error = 1002, none = 1005,
                               abnormal = 1006, bad_text = 1007, too_large = 1009,
                               slow_reader = 4008;
}

class WsDecoder {
 public:
  enum class Kind : std::uint8_t { more, message, ping, pong, close, failed };
  struct Event {
    Kind kind = Kind::more;
    bool binary = false;
    std::uint16_t code = 0;         // close: the peer's, or 1005; failed: what we close with
    std::string_view payload = {};  // close: the reason; failed: what was wrong
  };

  // What a client's side may send: `deflate` if it was negotiated.
  WsDecoder(std::uint32_t message_bytes_max, bool deflate);

  // Takes what it needs from the front of `input` and says what that was; `more` when all is taken. The payload is
  // valid until the next call and as long as the memory of `input` is. After `failed` it must not be called again.
  [[nodiscard]] Event next(std::span<char>& input, Inflater& inflater);
  // Nothing is held that waits for further bytes.
  [[nodiscard]] bool at_rest() const { return partial_ == nullptr; }

 private:
  struct Head {  // of a frame
    std::uint64_t payload = 0;
    std::uint32_t mask = 0;  // in the order of the bytes on the wire
    std::uint8_t bytes = 0;
    Opcode opcode = Opcode::continuation;
    bool fin = false, compressed = false;
  };
  struct Partial {
    std::string raw;                       // a header or control frame whose end is still to come
    std::string message;                   // the payload that has come so far
    Head frame;                            // what of its payload is missing
    Opcode opcode = Opcode::continuation;  // of the message; continuation: none is begun
    bool compressed = false;
    bool in_frame = false;
    bool raw_used = false;   // raw has been handed out
    bool delivered = false;  // message has been handed out
  };

  char* piece(std::span<char>& input, std::size_t bytes);
  void consume(std::span<char>& input, std::size_t bytes);
  [[nodiscard]] const char* read_head(const char* bytes, Head& head) const;
  [[nodiscard]] const char* misplaced(const Head& head) const;
  [[nodiscard]] bool too_large(const Head& head) const;
  bool begin_frame(std::span<char>& input, Event& event);
  Event control(std::span<char>& input, const Head& head);
  Event close_frame(std::string_view payload) const;
  Event data(std::span<char>& input, const Head& head, Inflater& inflater);
  Event gather(std::span<char>& input, Inflater& inflater);
  Event message(std::string_view payload, Opcode opcode, bool compressed, Inflater& inflater) const;
  void forget_delivered();
  Partial& partial();

  std::unique_ptr<Partial> partial_;
  Head head_;  // of the frame that begin_frame() found
  std::uint32_t message_bytes_max_;
  bool deflate_;
};

}  // namespace parley::net
