#include "bench/pairs.h"

#include <fmt/core.h>

namespace parley::bench {
namespace {
constexpr std::chrono::milliseconds turn_max{50};
}

Result<void> Pairs::set_up() {
  const std::size_t wanted = context_.options.senders;
  TRY_DO(allow_descriptors(2 * wanted));
  context_.progress.begin(role_ + ": opening conversations", "conversations");
  for (std::size_t pair = 0; pair < wanted; ++pair) {
    TRY_DO(open_pair(pair));
    context_.progress.tick(pair, nullptr);
  }
  // Connections: first all senders, then all receivers, in the same order.
  for (const char* side : {"sender", "receiver"}) {
    for (std::size_t pair = 0; pair < wanted; ++pair) {
      TRY(opening, context_.opening(context_.user(role_ + side, pair)));
      swarm_.add(std::move(opening));
    }
  }
  context_.progress.begin(role_ + ": connecting", "connections");
  return swarm_.connect_all(context_.progress);
}

Result<void> Pairs::open_pair(std::size_t number) {
  const std::string from = context_.user(role_ + "sender", number);
  const std::string to = context_.user(role_ + "receiver", number);
  TRY(conversation, open_conversation(context_, "direct", from, {to}));
  pairs_.push_back(
      {SendFrame(conversation.id, from, context_.options.text_bytes), conversation.next_seq, 0});
  ledger_.add_reader(conversation.next_seq);
  return {};
}

void Pairs::send(std::size_t pair) {
  Pair& self = pairs_[pair];
  swarm_.send(pair, self.frame.numbered(self.next++));
  ++sent_;
}

Result<void> Pairs::turn(std::chrono::nanoseconds wait) {
  TRY_DO(swarm_.turn(wait));
  context_.progress.tick(delivered_, &latency_.all());
  if (patience_.ends(acked_ + delivered_, std::chrono::steady_clock::now())) {
    ledger_.note(fmt::format("of {} messages {} were not acknowledged and {} not delivered in 10 s",
                             sent_, sent_ - acked_, sent_ - delivered_));
  }
  return {};
}

Result<void> Pairs::drain() {
  while (ledger_.intact() && (acked_ < sent_ || delivered_ < sent_)) TRY_DO(turn(turn_max));
  return {};
}

void Pairs::on_message(std::size_t index, std::string_view payload, Instant now) {
  const Kind kind = Scanner::kind_of(payload);
  if (index < count())
    answered(index, kind, payload, now);
  else if (kind == Kind::message)
    delivered(index - count(), payload, now);
}

void Pairs::answered(std::size_t pair, Kind kind, std::string_view payload, Instant now) {
  if (kind == Kind::error) return swarm_.give_up(describe_error(payload));
  if (kind == Kind::message) ledger_.note("a sender's connection got its own message");
  if (kind != Kind::ok) return;
  const Pair& self = pairs_[pair];
  const auto number = answers_.ref(payload);
  const auto seq = answers_.seq(payload);
  if (!number || *number >= self.next || seq != self.first_seq + *number) {
    return ledger_.note(fmt::format("an ok with the wrong ref or seq: {}", payload.substr(0, 120)));
  }
  ++acked_;
  on_ack(pair, *number, now);
}

void Pairs::delivered(std::size_t pair, std::string_view payload, Instant now) {
  const auto seq = deliveries_.seq(payload);
  if (!seq || !ledger_.arrived(pair, *seq)) return;
  ++delivered_;
  on_delivery(pair, *seq - pairs_[pair].first_seq, now);
}

}  // namespace parley::bench
