// The same exchange with another server, to set ours beside it.
#include <fmt/core.h>

#include <array>

#include "bench/answer.h"
#include "bench/exchange.h"
#include "bench/peer_wire.h"
#include "bench/workloads.h"

namespace parley::bench {
namespace {

class Peer final : public Exchange {
 public:
  Peer(const Context& context, const PeerWire& wire)
      : Exchange(context, "peer", wire.name), wire_(wire) {}

 private:
  Result<void> set_up() override;
  std::string message(std::size_t pair, std::string_view, std::string_view text) override {
    return wire_.publish(topic(pair), answer_topic(pair), text);
  }
  bool durable() const override { return wire_.durable; }
  [[nodiscard]] std::string topic(std::size_t pair) const {
    return fmt::format("bench.{}.{}", context_.run, pair);
  }
  [[nodiscard]] std::string answer_topic(std::size_t pair) const {
    return fmt::format("ack.{}.{}", context_.run, pair);
  }
  void on_message(std::size_t index, std::string_view bytes, Instant now) override;

  const PeerWire& wire_;
  bool ready_ = false;
};

Result<void> Peer::set_up() {
  for (std::size_t index = 0; index < 2 * count(); ++index)
    swarm_.add({.packet_size = wire_.packet_size});
  TRY_DO(swarm_.connect_all(context_.progress));
  for (std::size_t index = 0; index < 2 * count(); ++index)
    swarm_.send(index, wire_.hello(context_.user("peer", index)));
  TRY_DO(await_seen(2 * count()));
  for (std::size_t pair = 0; pair < count(); ++pair) {
    if (wire_.prepare != nullptr) swarm_.send(pair, wire_.subscribe(answer_topic(pair)));
    swarm_.send(pair + count(), wire_.subscribe(topic(pair)) + std::string(wire_.ping));
  }
  TRY_DO(await_seen(3 * count()));
  if (wire_.prepare != nullptr) {
    swarm_.send(0, wire_.prepare(answer_topic(0)));
    TRY_DO(await_seen(3 * count() + 1));
  }
  ready_ = ledger_.intact();
  return {};
}

void Peer::on_message(std::size_t index, std::string_view bytes, Instant now) {
  const Packet packet = wire_.read(bytes);
  if (!packet.reply.empty()) swarm_.send(index, packet.reply);
  if (packet.what == Heard::refusal) return swarm_.give_up(std::string(packet.text));
  if (packet.what == Heard::message) {
    if (const auto number = number_in(packet.text.substr(0, digits)))
      delivered(index - count(), *number);
  }
  const bool answered = packet.what == Heard::pong || packet.what == Heard::acknowledged;
  if (answered && !ready_) return seen();
  if (packet.what == (wire_.ping_after_each ? Heard::pong : Heard::acknowledged))
    acknowledged(index, {}, now);
}

}  // namespace

const PeerWire* find_peer_wire(std::string_view name) {
  for (const PeerWire* wire : {&nats_wire, &jetstream_wire, &mqtt0_wire, &mqtt1_wire}) {
    if (wire->name == name) return wire;
  }
  return nullptr;
}

Result<Outcome> run_peer(const Context& context) {
  return Peer(context, *find_peer_wire(context.options.wire)).run();
}

}  // namespace parley::bench
