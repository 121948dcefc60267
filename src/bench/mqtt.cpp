#include <utility>

#include "bench/peer_wire.h"

// MQTT 3.1.1. With quality 1 the broker answers PUBACK once it has taken the message over; mosquitto keeps it in memory
// and saves its database every half hour (autosave_interval), so it is not durable either.
namespace parley::bench {
namespace {

constexpr char connect = 0x10;
constexpr char connack = 0x20;
constexpr char publishing = 0x30;
constexpr char puback = 0x40;
constexpr char subscribing = '\x82';
constexpr std::string_view pinging("\xC0\x00", 2);
constexpr char pong = '\xD0';
constexpr char quality_1 = 0x02;                       // in the first byte of PUBLISH
constexpr std::string_view one_packet("\x00\x01", 2);  // one is under way, so one number is enough

std::string as_text(std::string_view text) {
  std::string out;
  out += static_cast<char>(text.size() >> 8U);
  out += static_cast<char>(text.size() & 0xFFU);
  return out.append(text);
}

std::string packet(char kind, std::string_view body) {
  std::string out(1, kind);
  std::size_t size = body.size();
  do {
    const std::size_t rest = size >> 7U;
    out += static_cast<char>((size & 0x7FU) | (rest > 0 ? 0x80U : 0U));
    size = rest;
  } while (size > 0);
  return out.append(body);
}

// The size of the header and of what follows it.
std::optional<std::pair<std::size_t, std::size_t>> sizes(std::string_view bytes) {
  std::size_t body = 0;
  for (std::size_t at = 1; at < bytes.size() && at <= 4; ++at) {
    const auto byte = static_cast<unsigned char>(bytes[at]);
    body |= static_cast<std::size_t>(byte & 0x7FU) << (7 * (at - 1));
    if ((byte & 0x80U) == 0) return std::pair{at + 1, body};
  }
  return std::nullopt;
}

std::string hello(std::string_view who) {
  constexpr std::string_view clean_and_without_keepalive("\x04\x02\x00\x00", 4);
  return packet(connect, as_text("MQTT") + std::string(clean_and_without_keepalive) + as_text(who));
}

template <char quality>
std::string subscribe(std::string_view topic) {
  return packet(subscribing, std::string(one_packet) + as_text(topic) + quality);
}

std::string publish(std::string_view topic, std::string_view, std::string_view text) {
  return packet(publishing, as_text(topic) + std::string(text)) + std::string(pinging);
}

std::string publish_1(std::string_view topic, std::string_view, std::string_view text) {
  return packet(publishing | quality_1,
                as_text(topic) + std::string(one_packet) + std::string(text));
}

std::optional<std::size_t> packet_size(std::string_view bytes) {
  const auto size = sizes(bytes);
  if (!size || bytes.size() < size->first + size->second) return std::nullopt;
  return size->first + size->second;
}

Packet read_publish(std::string_view whole, std::string_view body) {
  const std::size_t topic =
      std::size_t{static_cast<unsigned char>(body[0])} << 8U | static_cast<unsigned char>(body[1]);
  std::string_view rest = body.substr(2 + topic);
  if ((whole[0] & quality_1) == 0) return {.what = Heard::message, .text = rest, .reply = {}};
  return {
      .what = Heard::message, .text = rest.substr(2), .reply = packet(puback, rest.substr(0, 2))};
}

Packet read(std::string_view whole) {
  const std::string_view body = whole.substr(sizes(whole)->first);
  const char kind = static_cast<char>(static_cast<unsigned char>(whole[0]) & 0xF0U);
  if (kind == publishing && body.size() >= 4) return read_publish(whole, body);
  if (kind == connack && body != std::string_view("\x00\x00", 2))
    return {.what = Heard::refusal, .text = "the broker refuses the connection", .reply = {}};
  if (kind == connack || kind == pong) return {.what = Heard::pong, .text = {}, .reply = {}};
  if (kind == puback) return {.what = Heard::acknowledged, .text = {}, .reply = {}};
  return {};
}

}  // namespace

const PeerWire mqtt0_wire{.name = "mqtt0",
                          .durable = false,
                          .ping = pinging,
                          .ping_after_each = true,
                          .hello = hello,
                          .prepare = nullptr,
                          .subscribe = subscribe<0>,
                          .publish = publish,
                          .packet_size = packet_size,
                          .read = read};

const PeerWire mqtt1_wire{.name = "mqtt1",
                          .durable = false,
                          .ping = pinging,
                          .ping_after_each = false,
                          .hello = hello,
                          .prepare = nullptr,
                          .subscribe = subscribe<1>,
                          .publish = publish_1,
                          .packet_size = packet_size,
                          .read = read};

}  // namespace parley::bench
