// One member of a group sends; a message is done when every receiver has it and the sender its acknowledgement.
#include <fmt/core.h>

#include "bench/answer.h"
#include "bench/bare_sender.h"
#include "bench/ledger.h"
#include "bench/send_frame.h"
#include "bench/swarm.h"
#include "bench/workloads.h"

namespace parley::bench {
namespace {

constexpr std::chrono::milliseconds turn_max{50};
constexpr std::chrono::milliseconds bare_sender_time{1'000};
constexpr std::size_t sender = 0;  // connection 0; receiver n is connection n + 1

class Fanout final : Swarm::Handler {
 public:
  Fanout(const Context& context, Crowd crowd)
      : context_(context),
        crowd_(std::move(crowd)),
        swarm_(context.target, *this),
        slots_(crowd_.window) {}

  Result<Outcome> run();

 private:
  // A message under way; its number modulo the window is its place.
  struct Slot {
    std::size_t awaited = 0;  // receivers that lack it, and the sender's ok
    Instant sent{};
  };

  Result<void> set_up();
  Result<void> add(std::string_view user);
  Result<void> send_for(std::chrono::nanoseconds length);
  Result<void> turn();
  void on_message(std::size_t index, std::string_view payload, Instant now) override;
  void on_answer(Kind kind, std::string_view payload);
  void on_delivery(std::size_t receiver, std::string_view payload, Instant now);
  void one_less(Slot& slot);
  void fill();
  Result<void> add_limit(Outcome& outcome);
  Outcome report(const Meter& meter);

  const Context& context_;
  Crowd crowd_;
  Swarm swarm_;
  std::vector<Slot> slots_;
  Ledger ledger_;
  Scanner scanner_;
  Patience patience_;
  std::optional<SendFrame> frame_;
  std::uint64_t first_seq_ = 0;
  std::uint64_t next_ = 0;  // the number of the next message
  std::uint64_t done_ = 0;
  std::uint64_t measured_from_ = 0;
  std::uint64_t deliveries_ = 0;
  bool sending_ = false;
  Track latency_;
  std::size_t frame_bytes_ = 0;  // of the last delivery
};

Result<Outcome> Fanout::run() {
  TRY_DO(set_up());
  context_.progress.begin(fmt::format("{} {}", crowd_.workload, crowd_.variant), "deliveries");
  TRY(meter, measured(
                 context_, [this](std::chrono::nanoseconds length) { return send_for(length); },
                 [&] {
                   latency_.clear();
                   deliveries_ = 0;
                   measured_from_ = done_;
                 }));
  if (ledger_.intact()) TRY_DO(swarm_.turn(turn_max));  // what comes twice would come now
  swarm_.close_all();
  Outcome outcome = report(meter);
  if (ledger_.intact() && crowd_.beside_bare_sender) TRY_DO(add_limit(outcome));
  return outcome;
}

Result<void> Fanout::set_up() {
  const std::string role = fmt::format("f{}-{}", crowd_.window, crowd_.members);
  const std::string owner = context_.user(role + "-sender", 0);
  std::vector<std::string> others;
  others.reserve(crowd_.members);
  for (unsigned number = 1; number < crowd_.members; ++number) {
    others.push_back(context_.user(role, number));
  }
  TRY_DO(allow_descriptors(crowd_.online));
  context_.progress.begin(crowd_.workload + ": making a group", "members");
  TRY(group, open_conversation(context_, "group", owner, others));
  frame_.emplace(group.id, owner, context_.options.text_bytes);
  first_seq_ = group.next_seq;
  TRY_DO(add(owner));
  for (unsigned receiver = 0; receiver + 1 < crowd_.online; ++receiver) {
    TRY_DO(add(others[receiver]));
    ledger_.add_reader(first_seq_);
  }
  context_.progress.begin(crowd_.workload + ": connecting", "connections");
  return swarm_.connect_all(context_.progress);
}

Result<void> Fanout::add(std::string_view user) {
  TRY(opening, context_.opening(user));
  swarm_.add(std::move(opening));
  return {};
}

Result<void> Fanout::send_for(std::chrono::nanoseconds length) {
  const Instant end = std::chrono::steady_clock::now() + length;
  sending_ = true;
  fill();
  while (ledger_.intact() && std::chrono::steady_clock::now() < end) TRY_DO(turn());
  sending_ = false;
  while (ledger_.intact() && done_ < next_) TRY_DO(turn());
  return {};
}

Result<void> Fanout::turn() {
  TRY_DO(swarm_.turn(turn_max));
  context_.progress.tick(deliveries_, &latency_.all());
  if (patience_.ends(deliveries_, std::chrono::steady_clock::now())) {
    ledger_.note(fmt::format("{} of {} messages were not delivered to all within 10 s",
                             next_ - done_, next_));
  }
  return {};
}

void Fanout::fill() {
  while (sending_ && slots_[next_ % slots_.size()].awaited == 0) {
    slots_[next_ % slots_.size()] = {swarm_.size(), std::chrono::steady_clock::now()};
    swarm_.send(sender, frame_->numbered(next_++));
  }
}

void Fanout::on_message(std::size_t index, std::string_view payload, Instant now) {
  const Kind kind = Scanner::kind_of(payload);
  if (index == sender)
    on_answer(kind, payload);
  else if (kind == Kind::message)
    on_delivery(index - 1, payload, now);
}

void Fanout::on_answer(Kind kind, std::string_view payload) {
  if (kind == Kind::error) return swarm_.give_up(describe_error(payload));
  if (kind == Kind::message) ledger_.note("the sender's connection got its own message");
  if (kind != Kind::ok) return;
  const auto number = scanner_.ref(payload);
  const auto seq = scanner_.seq(payload);
  if (!number || *number >= next_ || seq != first_seq_ + *number) {
    return ledger_.note(fmt::format("an ok with the wrong ref or seq: {}", payload.substr(0, 120)));
  }
  one_less(slots_[*number % slots_.size()]);
}

void Fanout::on_delivery(std::size_t receiver, std::string_view payload, Instant now) {
  const auto seq = scanner_.seq(payload);
  if (!seq || !ledger_.arrived(receiver, *seq)) return;
  Slot& slot = slots_[(*seq - first_seq_) % slots_.size()];
  latency_.add(now, now - slot.sent);
  frame_bytes_ = payload.size() + 4;  // with its header
  ++deliveries_;
  one_less(slot);
}

void Fanout::one_less(Slot& slot) {
  if (slot.awaited == 0) return ledger_.note("a message was acknowledged twice or from nowhere");
  if (--slot.awaited > 0) return;
  ++done_;
  fill();
}

// What frames of this size cost at least, sent as many at a time.
Result<void> Fanout::add_limit(Outcome& outcome) {
  TRY(cost, bare_sender_cost({.receivers = crowd_.online - 1,
                              .frames_per_send = slots_.size(),
                              .frame_bytes = frame_bytes_,
                              .duration = bare_sender_time}));
  outcome.add("bare_sender_cpu_s_per_million", cost);
  outcome.add("frame_bytes", static_cast<double>(frame_bytes_));
  return {};
}

Outcome Fanout::report(const Meter& meter) {
  Outcome outcome(crowd_.workload, crowd_.variant);
  outcome.parameters = {{"window", slots_.size()},
                        {"receivers", crowd_.online - 1},
                        {"members", crowd_.members},
                        {"text_bytes", context_.options.text_bytes}};
  const std::uint64_t messages = done_ - measured_from_;
  outcome.add("deliveries", static_cast<double>(deliveries_));
  outcome.add("deliveries_per_s", static_cast<double>(deliveries_) / meter.seconds());
  outcome.add("messages_per_s", static_cast<double>(messages) / meter.seconds());
  meter.add_cost(outcome, crowd_.cost_of == Crowd::Cost::delivery ? deliveries_ : messages);
  outcome.add_latency("delivery", latency_);
  outcome.failures = ledger_.failures();
  return outcome;
}

}  // namespace

Result<Outcome> run_crowd(const Context& context, Crowd crowd) {
  return Fanout(context, std::move(crowd)).run();
}

Result<Outcome> run_fanout(const Context& context, unsigned window) {
  const unsigned all = context.options.receivers + 1;
  return run_crowd(context, {.workload = "fanout",
                             .variant = fmt::format("w{}", window),
                             .window = window,
                             .online = all,
                             .members = all,
                             .cost_of = Crowd::Cost::delivery,
                             .beside_bare_sender = true});
}

}  // namespace parley::bench
