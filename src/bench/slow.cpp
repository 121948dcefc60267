// A group that is busy at a fixed rate, first with readers who all keep up, then with one more who reads a kilobyte a
// second: what the others notice of it, what the server keeps for it, and whether it has everything in the end.
#include <fmt/core.h>

#include "bench/paced.h"
#include "bench/workloads.h"

namespace parley::bench {
namespace {

constexpr unsigned text_bytes_min = 2'000;  // shorter ones would fill no queue within a run
constexpr int small_buffer = 4'096;         // the kernel must not read ahead for the slow one
constexpr std::chrono::milliseconds slow_step{100};
constexpr std::chrono::milliseconds memory_step{500};
constexpr std::chrono::milliseconds warm_up{500};
constexpr std::chrono::milliseconds turn_max{20};
constexpr std::chrono::seconds settle{1};
constexpr std::size_t sender =
    0;  // connection 0; reader n is connection n + 1, the slow one is the last reader

class Slow final : Swarm::Handler {
 public:
  explicit Slow(const Context& context)
      : context_(context), swarm_(context.target, *this), pace_(context.options.group_rate) {}

  Result<Outcome> run();

 private:
  Result<void> set_up();
  Result<void> slow_comes();
  Result<void> slow_part();
  Result<void> slow_catches_up();
  // Sends at the rate until it is enough, then waits until the others have everything.
  template <class Enough>
  Result<void> send_until(Enough enough, Track& latency);
  Result<void> turn(std::chrono::nanoseconds wait);
  void read_slowly(Instant now);
  Result<void> look_at_memory();
  [[nodiscard]] std::size_t others() const { return context_.options.receivers - 1; }
  [[nodiscard]] std::size_t slow() const { return others() + 1; }  // its connection
  [[nodiscard]] std::string user(std::size_t reader) const { return context_.user("slow", reader); }
  [[nodiscard]] bool slow_has_all() const {
    return ledger_.next_seq(others()) == first_seq_ + next_;
  }
  [[nodiscard]] double mib_to_each() const {
    return static_cast<double>((next_ - slow_came_) * frame_bytes_) / (1U << 20U);
  }

  void on_ready(std::size_t index, std::string_view payload, Instant now) override;
  bool on_closed(std::size_t index, std::string_view why) override;
  void on_message(std::size_t index, std::string_view payload, Instant now) override;
  Outcome report();

  const Context& context_;
  Swarm swarm_;
  Pace pace_;
  std::optional<SendFrame> frame_;
  Ledger ledger_;
  Scanner scanner_;
  Patience patience_;
  Track alone_;
  Track beside_;
  Track* latency_ = &alone_;
  std::uint64_t first_seq_ = 0;
  std::uint64_t next_ = 0;        // the number of the next message
  std::uint64_t part_began_ = 0;  // the number of the first message of this part
  std::uint64_t acked_ = 0;
  std::uint64_t deliveries_ = 0;  // to the others
  std::uint64_t frame_bytes_ = 0;
  std::uint64_t slow_came_ = 0;  // the number of the first message that it gets
  std::string slow_cursor_;
  bool slow_holds_ = false;
  Instant read_at_{};
  std::uint64_t closed_ = 0;
  double caught_up_s_ = 0;
  Instant looked_{};
  Memory before_;
  Memory most_;
  Memory after_;
  Meter meter_{context_.processes};
};

Result<Outcome> Slow::run() {
  wake_exactly();
  TRY_DO(set_up());
  const auto for_time = [](std::chrono::nanoseconds length) {
    const Instant end = std::chrono::steady_clock::now() + length;
    return [end] { return std::chrono::steady_clock::now() >= end; };
  };
  context_.progress.begin("slow: all keep up", "deliveries");
  TRY_DO(send_until(for_time(warm_up), alone_));
  alone_.clear();
  TRY_DO(send_until(for_time(context_.length()), alone_));
  TRY_DO(slow_comes());
  if (ledger_.intact()) TRY_DO(slow_part());
  if (ledger_.intact()) TRY_DO(slow_catches_up());
  return report();
}

Result<void> Slow::set_up() {
  TRY_DO(allow_descriptors(context_.options.receivers + 1));
  const std::string owner = context_.user("slow-sender", 0);
  std::vector<std::string> readers;
  for (std::size_t reader = 0; reader <= others(); ++reader) readers.push_back(user(reader));
  TRY(group, open_conversation(context_, "group", owner, readers));
  frame_.emplace(group.id, owner, std::max(context_.options.text_bytes, text_bytes_min));
  first_seq_ = group.next_seq;
  readers.pop_back();
  readers.insert(readers.begin(), owner);
  for (const std::string& one : readers) {
    TRY(opening, context_.opening(one));
    swarm_.add(std::move(opening));
  }
  for (std::size_t reader = 0; reader < others(); ++reader) ledger_.add_reader(first_seq_);
  context_.progress.begin("slow: connecting", "connections");
  return swarm_.connect_all(context_.progress);
}

template <class Enough>
Result<void> Slow::send_until(Enough enough, Track& latency) {
  latency_ = &latency;
  part_began_ = next_;
  pace_.begin(std::chrono::steady_clock::now());
  while (ledger_.intact() && !enough()) {
    const Instant now = std::chrono::steady_clock::now();
    for (; pace_.due(next_ - part_began_) <= now; ++next_) {
      swarm_.send(sender, frame_->numbered(next_));
    }
    TRY_DO(turn(std::max(std::chrono::nanoseconds(0), pace_.due(next_ - part_began_) - now)));
  }
  while (ledger_.intact() && (acked_ < next_ || deliveries_ < next_ * others())) {
    TRY_DO(turn(turn_max));
  }
  return {};
}

Result<void> Slow::turn(std::chrono::nanoseconds wait) {
  TRY_DO(swarm_.turn(std::min<std::chrono::nanoseconds>(wait, turn_max)));
  const Instant now = std::chrono::steady_clock::now();
  if (slow_holds_) read_slowly(now);
  context_.progress.tick(deliveries_, &latency_->all());
  const bool slow_reads = slow_came_ > 0 && !slow_holds_;
  if (patience_.ends(deliveries_ + acked_ + (slow_reads ? ledger_.next_seq(others()) : 0), now)) {
    ledger_.note(fmt::format("of {} deliveries to the others {} came, then nothing for 10 s",
                             next_ * others(), deliveries_));
  }
  return look_at_memory();
}

void Slow::read_slowly(Instant now) {
  const auto bytes = context_.options.slow_bytes_per_s * slow_step / std::chrono::seconds(1);
  for (; read_at_ <= now; read_at_ += slow_step) {
    swarm_.read_some(slow(), static_cast<std::size_t>(bytes));
  }
}

Result<void> Slow::look_at_memory() {
  const Instant now = std::chrono::steady_clock::now();
  if (!context_.processes.known() || slow_came_ == 0 || now - looked_ < memory_step) return {};
  looked_ = now;
  TRY(memory, context_.processes.memory());
  if (memory.rss_kib > most_.rss_kib) most_ = memory;
  return {};
}

Result<void> Slow::slow_comes() {
  if (context_.processes.known()) {
    TRY(memory, context_.processes.memory());
    before_ = most_ = memory;
  }
  slow_came_ = next_;
  ledger_.add_reader(first_seq_ + next_);
  TRY(opening, context_.opening(user(others())));
  opening.receive_buffer = small_buffer;
  swarm_.add(std::move(opening));
  return swarm_.connect_all(context_.progress);
}

Result<void> Slow::slow_part() {
  context_.progress.begin("slow: one does not", "deliveries");
  slow_holds_ = true;
  read_at_ = std::chrono::steady_clock::now();
  swarm_.hold(slow());
  const Instant end = read_at_ + context_.length();
  TRY_DO(meter_.start());
  TRY_DO(send_until(
      [&] {
        return std::chrono::steady_clock::now() >= end &&
               mib_to_each() >= context_.options.slow_mib;
      },
      beside_));
  return meter_.stop();
}

// It reads on where it is. Where it was closed it comes back with its cursor.
Result<void> Slow::slow_catches_up() {
  context_.progress.begin("slow: it catches up", "deliveries");
  const Instant began = std::chrono::steady_clock::now();
  slow_holds_ = false;
  swarm_.release(slow());
  while (ledger_.intact() && !slow_has_all()) TRY_DO(turn(turn_max));
  caught_up_s_ = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  const Instant end = std::chrono::steady_clock::now() + settle;
  while (std::chrono::steady_clock::now() < end) TRY_DO(swarm_.turn(turn_max));
  if (!context_.processes.known()) return {};
  TRY(memory, context_.processes.memory());
  after_ = memory;
  return {};
}

void Slow::on_ready(std::size_t index, std::string_view payload, Instant) {
  if (index != slow()) return;
  if (slow_cursor_.empty()) slow_cursor_ = scanner_.cursor(payload);
  if (slow_holds_) swarm_.hold(index);
}

bool Slow::on_closed(std::size_t index, std::string_view) {
  if (index != slow()) return false;
  ++closed_;
  auto opening = context_.opening(user(others()), slow_cursor_);
  if (!opening) return false;
  if (slow_holds_) opening->receive_buffer = small_buffer;
  swarm_.reopen(index, std::move(*opening));
  return true;
}

void Slow::on_message(std::size_t index, std::string_view payload, Instant now) {
  const Kind kind = Scanner::kind_of(payload);
  if (kind == Kind::error) return swarm_.give_up(describe_error(payload));
  if (index == sender) {
    if (kind == Kind::ok) ++acked_;
    return;
  }
  if (kind != Kind::message) return;
  const auto seq = scanner_.seq(payload);
  if (!seq || !ledger_.arrived(index - 1, *seq)) return;
  frame_bytes_ = payload.size() + 4;  // with its header
  if (index == slow()) {
    slow_cursor_ = scanner_.cursor(payload);
    return;
  }
  ++deliveries_;
  latency_->add(now, now - pace_.due(*seq - first_seq_ - part_began_));
}

Outcome Slow::report() {
  Outcome outcome("slow");
  outcome.parameters = {{"readers", context_.options.receivers},
                        {"rate", context_.options.group_rate},
                        {"slow_bytes_per_s", context_.options.slow_bytes_per_s},
                        {"mib_to_each", mib_to_each()}};
  outcome.add_latency("without_slow", alone_);
  outcome.add_latency("with_slow", beside_);
  if (alone_.all().count() > 0 && beside_.all().count() > 0) {
    outcome.add("p99_times",
                as_ms(beside_.all().percentile(0.99)) / as_ms(alone_.all().percentile(0.99)));
  }
  outcome.add("slow_was_closed", static_cast<double>(closed_));
  outcome.add("slow_caught_up_s", caught_up_s_);
  meter_.add_cost(outcome, beside_.all().count());
  if (context_.processes.known()) {
    outcome.add("rss_before_kib", before_.rss_kib);
    outcome.add("rss_most_kib", most_.rss_kib);
    outcome.add("rss_after_kib", after_.rss_kib);
  }
  outcome.failures = ledger_.failures();
  return outcome;
}

}  // namespace

Result<Outcome> run_slow(const Context& context) { return Slow(context).run(); }

}  // namespace parley::bench
