// Very many connections lose their network at once and come back with their cursors, while others go on talking.
#include <fmt/core.h>

#include "bench/flow.h"
#include "bench/workloads.h"

namespace parley::bench {
namespace {

// Above 100 members deliveries are not told to all of them, which would be a storm of another kind.
constexpr std::size_t group_size = 200;
constexpr std::uint64_t before_cut =
    1;  // messages to each group, so that cursors are those of a reader
constexpr std::uint64_t while_away = 5;  // messages to each group that all of it misses
constexpr std::size_t back_at_once =
    1024;  // handshakes under way; more would overflow listeners' backlogs
constexpr std::chrono::milliseconds warm_up{500};
constexpr std::chrono::milliseconds turn_max{50};
constexpr std::size_t writer =
    0;  // connection 0, the owner of all groups; socket n is connection n + 1

class Storm final : Swarm::Handler {
 public:
  explicit Storm(const Context& context)
      : context_(context), swarm_(context.target, *this), others_(context) {}

  Result<Outcome> run();

 private:
  struct Group {
    SendFrame frame;
    std::uint64_t end_seq = 0;  // behind the last message that was sent
  };
  struct One {
    std::string cursor;
    bool synced = false;
    bool caught_up = false;
  };

  Result<void> set_up();
  Result<void> open_group();
  Result<void> quiet_part();
  Result<void> storm_part();
  void send_to_all(std::uint64_t messages);
  Result<void> turn(std::uint64_t moved);
  Group& group_of(std::size_t socket) { return groups_[socket / group_size]; }
  [[nodiscard]] std::string user(std::size_t socket) const {
    return context_.user("storm", socket);
  }
  [[nodiscard]] std::size_t count() const { return context_.options.sockets; }

  void on_ready(std::size_t index, std::string_view payload, Instant now) override;
  void on_message(std::size_t index, std::string_view payload, Instant now) override;
  void on_answer(Kind kind, std::string_view payload);
  void see_if_caught_up(std::size_t socket, Instant now);
  Outcome report();

  const Context& context_;
  Swarm swarm_;
  Flow others_;
  std::vector<Group> groups_;
  std::vector<One> sockets_;
  Ledger ledger_;
  Scanner scanner_;
  Patience patience_;
  std::uint64_t sent_ = 0;
  std::uint64_t acked_ = 0;
  std::uint64_t deliveries_ = 0;
  std::size_t caught_up_ = 0;
  bool away_ = false;  // the cut has been: who is ready now has resumed
  Instant cut_at_{};
  Track back_;
  Meter quiet_{context_.processes};
  Meter storm_{context_.processes};
};

Result<Outcome> Storm::run() {
  TRY_DO(set_up());
  TRY_DO(others_.start());
  TRY_DO(quiet_part());
  if (ledger_.intact()) TRY_DO(storm_part());
  TRY_DO(others_.stop());
  if (ledger_.intact()) TRY_DO(swarm_.turn(turn_max));  // what comes twice would come now
  return report();
}

Result<void> Storm::set_up() {
  TRY_DO(allow_descriptors(count() + 1 + 2 * std::size_t{context_.options.senders}));
  TRY(opening, context_.opening(context_.user("storm-writer", 0)));
  swarm_.add(std::move(opening));
  sockets_.resize(count());
  context_.progress.begin("storm: opening groups", "groups");
  while (groups_.size() * group_size < count()) {
    TRY_DO(open_group());
    context_.progress.tick(groups_.size(), nullptr);
  }
  for (std::size_t socket = 0; socket < count(); ++socket) {
    TRY(theirs, context_.opening(user(socket)));
    swarm_.add(std::move(theirs));
  }
  context_.progress.begin("storm: connecting", "connections");
  TRY_DO(swarm_.connect_all(context_.progress));
  send_to_all(before_cut);
  while (ledger_.intact() && (deliveries_ < before_cut * count() || acked_ < sent_)) {
    TRY_DO(turn(deliveries_ + acked_));
  }
  return {};
}

Result<void> Storm::open_group() {
  const std::size_t first = groups_.size() * group_size;
  const std::size_t end = std::min(first + group_size, count());
  const std::string owner = context_.user("storm-writer", 0);
  std::vector<std::string> members;
  for (std::size_t socket = first; socket < end; ++socket) members.push_back(user(socket));
  TRY(opened, open_conversation(context_, "group", owner, members));
  groups_.push_back({SendFrame(opened.id, fmt::format("{}-{}", owner, groups_.size()),
                               context_.options.text_bytes),
                     opened.next_seq});
  for (std::size_t socket = first; socket < end; ++socket) ledger_.add_reader(opened.next_seq);
  return {};
}

void Storm::send_to_all(std::uint64_t messages) {
  for (std::uint64_t message = 0; message < messages; ++message) {
    for (Group& group : groups_) {
      swarm_.send(writer, group.frame.numbered(sent_++));
      ++group.end_seq;
    }
  }
}

// The server's CPU of the others alone, to be taken off that of the storm.
Result<void> Storm::quiet_part() {
  context_.progress.begin("storm: quiet before", "deliveries");
  const Instant warm = std::chrono::steady_clock::now() + warm_up;
  while (std::chrono::steady_clock::now() < warm) TRY_DO(swarm_.turn(turn_max));
  others_.enter(Flow::Part::quiet);
  TRY_DO(quiet_.start());
  const Instant end = std::chrono::steady_clock::now() + context_.length();
  while (std::chrono::steady_clock::now() < end) TRY_DO(swarm_.turn(turn_max));
  return quiet_.stop();
}

Result<void> Storm::storm_part() {
  context_.progress.begin("storm: coming back", "caught up");
  others_.enter(Flow::Part::loud);
  TRY_DO(storm_.start());
  cut_at_ = std::chrono::steady_clock::now();
  away_ = true;
  for (std::size_t socket = 0; socket < count(); ++socket) swarm_.cut(socket + 1);
  send_to_all(while_away);
  swarm_.begin_at_once(back_at_once);
  for (std::size_t socket = 0; socket < count(); ++socket) {
    TRY(opening, context_.opening(user(socket), sockets_[socket].cursor));
    swarm_.reopen(socket + 1, std::move(opening));
  }
  while (ledger_.intact() && (caught_up_ < count() || acked_ < sent_)) {
    TRY_DO(turn(caught_up_ + deliveries_ + swarm_.ready()));
    context_.progress.tick(caught_up_, &back_.all());
  }
  return storm_.stop();
}

Result<void> Storm::turn(std::uint64_t moved) {
  TRY_DO(swarm_.turn(turn_max));
  if (patience_.ends(moved, std::chrono::steady_clock::now())) {
    ledger_.note(
        fmt::format("{} of {} connections had not caught up when nothing more came for 10 s",
                    count() - caught_up_, count()));
  }
  return {};
}

void Storm::on_ready(std::size_t index, std::string_view payload, Instant) {
  if (index == writer || away_) return;
  sockets_[index - 1].cursor = scanner_.cursor(payload);
}

void Storm::on_message(std::size_t index, std::string_view payload, Instant now) {
  const Kind kind = Scanner::kind_of(payload);
  if (index == writer) return on_answer(kind, payload);
  const std::size_t socket = index - 1;
  if (kind == Kind::synced) {
    if (sockets_[socket].synced) ledger_.note("a connection was told twice that it is synced");
    sockets_[socket].synced = true;
  } else if (kind == Kind::message) {
    const auto seq = scanner_.seq(payload);
    if (!seq || !ledger_.arrived(socket, *seq)) return;
    ++deliveries_;
    sockets_[socket].cursor = scanner_.cursor(payload);
  }
  see_if_caught_up(socket, now);
}

void Storm::on_answer(Kind kind, std::string_view payload) {
  if (kind == Kind::error) return swarm_.give_up(describe_error(payload));
  if (kind == Kind::ok) ++acked_;
}

void Storm::see_if_caught_up(std::size_t socket, Instant now) {
  One& one = sockets_[socket];
  if (!one.synced || one.caught_up || ledger_.next_seq(socket) < group_of(socket).end_seq) return;
  one.caught_up = true;
  ++caught_up_;
  back_.add(now, now - cut_at_);
}

Outcome Storm::report() {
  Outcome outcome("storm");
  outcome.parameters = {{"sockets", count()},
                        {"others_rate", context_.options.others_rate},
                        {"missed_by_each", while_away},
                        {"text_bytes", context_.options.text_bytes}};
  outcome.add("caught_up", static_cast<double>(caught_up_));
  outcome.add("all_caught_up_s", storm_.seconds());
  if (context_.processes.known()) {
    const double used = storm_.cpu().server + storm_.cpu().others;
    const double quiet = (quiet_.cpu().server + quiet_.cpu().others) / quiet_.seconds();
    outcome.add("quiet_server_cpu_per_s", quiet);
    outcome.add("storm_server_cpu_s", used);
    outcome.add("without_the_others_cpu_s", used - quiet * storm_.seconds());
  }
  outcome.add_latency("caught_up", back_);
  outcome.failures = ledger_.failures();
  add_before_and_meanwhile(outcome, others_);
  return outcome;
}

}  // namespace

Result<Outcome> run_storm(const Context& context) { return Storm(context).run(); }

}  // namespace parley::bench
