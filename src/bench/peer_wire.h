// The wires of peer servers, as far as one message to one reader needs them; no I/O.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace parley::bench {

enum class Heard : std::uint8_t {
  pong,          // whatever was sent before has been taken
  acknowledged,  // the message under way is where the server keeps messages
  message,
  ping,
  refusal,
  other
};
struct Packet {
  Heard what = Heard::other;
  std::string_view text;  // of a message, or of a refusal
  std::string reply;      // what the wire wants to be answered
};

struct PeerWire {
  std::string_view name;
  bool durable;  // is it synced to disk before it is acknowledged?
  std::string_view ping;
  bool ping_after_each;  // no acknowledgement of its own: the pong behind a message stands for it
  std::string (*hello)(std::string_view who);  // ends with something that a pong answers
  std::string (*prepare)(
      std::string_view run);  // once, of the first sender; acknowledged; may be null
  std::string (*subscribe)(std::string_view topic);
  std::string (*publish)(std::string_view topic, std::string_view answer_topic,
                         std::string_view text);
  std::optional<std::size_t> (*packet_size)(std::string_view bytes);
  Packet (*read)(std::string_view packet);
};

// nats, jetstream, mqtt0, mqtt1; null: there is none of this name.
[[nodiscard]] const PeerWire* find_peer_wire(std::string_view name);

// nats.cpp and mqtt.cpp
extern const PeerWire nats_wire;
extern const PeerWire jetstream_wire;
extern const PeerWire mqtt0_wire;
extern const PeerWire mqtt1_wire;

}  // namespace parley::bench
