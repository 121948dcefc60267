#include <fmt/core.h>

#include "bench/answer.h"
#include "bench/peer_wire.h"

// Core NATS keeps nothing. JetStream acknowledges what is in its file, which it syncs every two minutes
// (sync_interval), so neither is durable against a power cut.
namespace parley::bench {
namespace {

constexpr std::string_view line_end = "\r\n";
constexpr std::string_view ping = "PING\r\n";

std::string hello(std::string_view who) {
  return fmt::format("CONNECT {{\"verbose\":false,\"pedantic\":false,\"name\":\"{}\"}}\r\n{}", who,
                     ping);
}

std::string subscribe(std::string_view topic) { return fmt::format("SUB {} 1\r\n", topic); }

std::string publish(std::string_view topic, std::string_view, std::string_view text) {
  return fmt::format("PUB {} {}\r\n{}\r\n{}", topic, text.size(), text, ping);
}

std::string publish_with_answer(std::string_view topic, std::string_view answer_topic,
                                std::string_view text) {
  return fmt::format("PUB {} {} {}\r\n{}\r\n", topic, answer_topic, text.size(), text);
}

std::string make_stream(std::string_view answer_topic) {
  return publish_with_answer("$JS.API.STREAM.CREATE.BENCH", answer_topic,
                             R"({"name":"BENCH","subjects":["bench.>"],"storage":"file"})");
}

// MSG topic sid [reply] size, a line, and the body with its own line end.
std::optional<std::size_t> packet_size(std::string_view bytes) {
  const auto head = bytes.find(line_end);
  if (head == bytes.npos) return std::nullopt;
  std::size_t size = head + line_end.size();
  if (bytes.starts_with("MSG ")) {
    const std::string_view line = bytes.substr(0, head);
    const auto body = number_in(line.substr(line.rfind(' ') + 1));
    size += static_cast<std::size_t>(body.value_or(0)) + line_end.size();
  }
  return bytes.size() < size ? std::nullopt : std::optional{size};
}

Packet read(std::string_view packet) {
  if (packet.starts_with("PONG")) return {.what = Heard::pong, .text = {}, .reply = {}};
  if (packet.starts_with("PING")) return {.what = Heard::ping, .text = {}, .reply = "PONG\r\n"};
  if (packet.starts_with("-ERR")) return {.what = Heard::refusal, .text = packet, .reply = {}};
  if (!packet.starts_with("MSG ")) return {};
  const std::string_view text = packet.substr(packet.find(line_end) + line_end.size());
  if (!packet.starts_with("MSG ack.")) return {.what = Heard::message, .text = text, .reply = {}};
  const bool refused = text.find(R"("error":)") != text.npos;
  return {.what = refused ? Heard::refusal : Heard::acknowledged, .text = text, .reply = {}};
}

}  // namespace

const PeerWire nats_wire{.name = "nats",
                         .durable = false,
                         .ping = ping,
                         .ping_after_each = true,
                         .hello = hello,
                         .prepare = nullptr,
                         .subscribe = subscribe,
                         .publish = publish,
                         .packet_size = packet_size,
                         .read = read};

const PeerWire jetstream_wire{.name = "jetstream",
                              .durable = false,
                              .ping = ping,
                              .ping_after_each = false,
                              .hello = hello,
                              .prepare = make_stream,
                              .subscribe = subscribe,
                              .publish = publish_with_answer,
                              .packet_size = packet_size,
                              .read = read};

}  // namespace parley::bench
