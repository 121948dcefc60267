// What a message, a page and a hello cost when there is more of everything.
#include <fmt/core.h>

#include "bench/answer.h"
#include "bench/report.h"
#include "bench/swarm.h"
#include "bench/workloads.h"

namespace parley::bench {
namespace {

constexpr unsigned online = 10;
constexpr unsigned window = 16;
constexpr std::uint64_t few_stored = 10'000;
constexpr std::uint64_t hellos_min = 5;
constexpr std::chrono::milliseconds turn_max{50};
constexpr std::chrono::seconds patience{10};

// One user connects again and again: anew, and from the cursor of now.
class Hellos final : Swarm::Handler {
 public:
  Hellos(const Context& context, unsigned conversations)
      : context_(context), conversations_(conversations), swarm_(context.target, *this) {}

  Result<Outcome> run();

 private:
  Result<void> open_conversations();
  // From before connecting to the answer of hello, or with a cursor to `synced`.
  Result<void> connect(std::string_view cursor, Track& track);
  Result<void> many(std::string_view cursor, Track& track, Meter& meter);
  [[nodiscard]] std::string user() const {
    return context_.user(fmt::format("g{}", conversations_), 0);
  }
  void on_ready(std::size_t, std::string_view payload, Instant now) override {
    cursor_ = scanner_.cursor(payload);
    greeted_ = now;
  }
  void on_message(std::size_t, std::string_view payload, Instant now) override {
    if (Scanner::kind_of(payload) == Kind::synced) synced_ = now;
  }

  const Context& context_;
  unsigned conversations_;
  Swarm swarm_;
  Scanner scanner_;
  std::string cursor_;
  Instant greeted_{};
  std::optional<Instant> synced_;
};

Result<Outcome> Hellos::run() {
  TRY_DO(open_conversations());
  Track anew;
  Track resumed;
  Meter hello_cost(context_.processes);
  Meter resume_cost(context_.processes);
  TRY_DO(connect({}, anew));  // the first one warms what the others share
  anew.clear();
  TRY_DO(many({}, anew, hello_cost));
  TRY_DO(many(cursor_, resumed, resume_cost));
  Outcome outcome("growth", fmt::format("in {}", shown_count(conversations_)));
  outcome.parameters = {{"conversations", conversations_}};
  outcome.add_latency("hello", anew);
  outcome.add_latency("resume", resumed);
  if (context_.processes.known()) {
    const auto ms_each = [](const CpuSeconds& cpu, const Track& times) {
      return (cpu.server + cpu.others) * 1e3 / static_cast<double>(times.all().count());
    };
    outcome.add("hello_cpu_ms", ms_each(hello_cost.cpu(), anew));
    outcome.add("resume_cpu_ms", ms_each(resume_cost.cpu(), resumed));
  }
  return outcome;
}

Result<void> Hellos::open_conversations() {
  context_.progress.begin("growth: opening", "conversations");
  for (unsigned number = 0; number < conversations_; ++number) {
    const std::string partner = context_.user(fmt::format("g{}-partner", conversations_), number);
    TRY_DO(open_conversation(context_, "direct", user(), {partner}));
    context_.progress.tick(number, nullptr);
  }
  return {};
}

Result<void> Hellos::many(std::string_view cursor, Track& track, Meter& meter) {
  const std::string from(cursor);
  context_.progress.begin("growth: hello", "hellos");
  TRY_DO(meter.start());
  const Instant end = std::chrono::steady_clock::now() + context_.length();
  while (track.all().count() < hellos_min || std::chrono::steady_clock::now() < end) {
    TRY_DO(connect(from, track));
    context_.progress.tick(track.all().count(), &track.all());
  }
  return meter.stop();
}

Result<void> Hellos::connect(std::string_view cursor, Track& track) {
  TRY(opening, context_.opening(user(), cursor));
  synced_.reset();
  const Instant began = std::chrono::steady_clock::now();
  swarm_.add(std::move(opening));
  TRY_DO(swarm_.connect_all(context_.progress));
  while (!cursor.empty() && !synced_) {
    TRY_DO(swarm_.turn(turn_max));
    if (std::chrono::steady_clock::now() > began + patience)
      return fail(Code::unavailable, "a resume was not synced within 10 s");
  }
  const Instant done = cursor.empty() ? greeted_ : *synced_;
  track.add(done, done - began);
  swarm_.close_all();
  return {};
}

void append(std::vector<Outcome>& outcomes, std::vector<Outcome> more) {
  std::ranges::move(more, std::back_inserter(outcomes));
}

}  // namespace

Result<std::vector<Outcome>> run_growth(const Context& context) {
  std::vector<Outcome> outcomes;
  for (const unsigned members : context.options.members) {
    TRY(outcome, run_crowd(context, {.workload = "growth",
                                     .variant = fmt::format("of {}", shown_count(members)),
                                     .window = window,
                                     .online = std::min(online, members),
                                     .members = members}));
    outcomes.push_back(std::move(outcome));
  }
  std::vector<std::uint64_t> stored{std::min<std::uint64_t>(few_stored, context.options.stored)};
  if (context.options.stored > few_stored) stored.push_back(context.options.stored);
  TRY(histories, run_stored(context, stored));
  append(outcomes, std::move(histories));
  for (const unsigned conversations : {1U, context.options.conversations}) {
    TRY(outcome, Hellos(context, conversations).run());
    outcomes.push_back(std::move(outcome));
  }
  return outcomes;
}

}  // namespace parley::bench
