// Durable messages one to one, each sender with one under way, through one door of the server after the other.
#include <fmt/core.h>

#include "base/json.h"
#include "bench/answer.h"
#include "bench/door.h"
#include "bench/http.h"
#include "bench/ledger.h"
#include "bench/send_frame.h"
#include "bench/swarm.h"
#include "bench/workloads.h"
#include "identity/token.h"

namespace parley::bench {
namespace {

constexpr std::chrono::milliseconds warm_up{500};
constexpr std::chrono::milliseconds turn_max{50};
constexpr std::chrono::hours token_life{24};
constexpr std::size_t digits = 10;

class Doorway final : Swarm::Handler {
 public:
  Doorway(const Context& context, const Door& door)
      : context_(context),
        door_(door),
        swarm_(context.target, *this),
        text_(Finder(door.text_key)) {}

  Result<Outcome> run();

 private:
  struct Pair {
    std::string from, to, token, conversation;
    std::uint64_t next = 0;  // messages are numbered from 0
    bool waiting = false;
    Instant sent{};
  };

  Result<void> set_up();
  Result<void> open_pair(std::size_t number);
  Result<void> partners_write();
  Result<std::string> token(std::string_view user) const;
  [[nodiscard]] std::string user(std::size_t role, std::size_t number) const;
  [[nodiscard]] Opening socket_of(std::string_view token) const;
  Result<void> send_for(std::chrono::nanoseconds length);
  Result<void> turn();
  void send_next(Pair& pair);
  [[nodiscard]] std::size_t index_of(const Pair& pair) const {
    return static_cast<std::size_t>(&pair - pairs_.data());
  }
  // The number that the text of this frame begins with.
  [[nodiscard]] std::optional<std::uint64_t> number_of(std::string_view payload);
  void on_message(std::size_t index, std::string_view payload, Instant now) override;
  void on_answer(Pair& pair, std::string_view payload, Instant now);
  void on_post_answer(Pair& pair, std::string_view answer, Instant now);
  void acknowledged(Pair& pair, Instant now);
  Outcome report(const Meter& meter, std::uint64_t acks) const;

  const Context& context_;
  const Door& door_;
  Swarm swarm_;
  std::vector<Pair> pairs_;
  Finder text_;
  Ledger ledger_;
  Patience patience_;
  Track latency_;
  std::string filler_ = filler_text(context_.options.text_bytes);
  bool sending_ = false;
  std::uint64_t partners_wrote_ = 0;
  std::uint64_t sent_ = 0;
  std::uint64_t acked_ = 0;
  std::uint64_t delivered_ = 0;
};

Result<Outcome> Doorway::run() {
  TRY_DO(set_up());
  context_.progress.begin(fmt::format("doors: {}", door_.name), "acks");
  TRY_DO(send_for(warm_up));
  latency_.clear();
  const std::uint64_t before = acked_;
  Meter meter(context_.processes);
  TRY_DO(meter.start());
  TRY_DO(send_for(context_.length()));
  TRY_DO(meter.stop());
  if (ledger_.intact()) TRY_DO(swarm_.turn(turn_max));  // what comes twice would come now
  return report(meter, acked_ - before);
}

std::string Doorway::user(std::size_t role, std::size_t number) const {
  if (door_.users == Ids::names) return context_.user(fmt::format("door{}", role), number);
  return fmt::format("{}-0000-4000-8{:03x}-{:012x}", context_.run, role, number);
}

Result<std::string> Doorway::token(std::string_view user) const {
  return identity::make_token(context_.options.jwt_secret, user, identity::TokenRole::user,
                              token_life, SystemClock().now(), door_.claim);
}

Opening Doorway::socket_of(std::string_view token) const {
  const std::string path = filled(door_.socket_path, {.token = token});
  return {.request = upgrade_request(context_.target, path),
          .greeting = std::string(door_.greeting)};
}

Result<void> Doorway::set_up() {
  const std::size_t wanted = context_.options.senders;
  TRY_DO(allow_descriptors(2 * wanted));
  context_.progress.begin(fmt::format("doors: {}: opening", door_.name), "conversations");
  for (std::size_t number = 0; number < wanted; ++number) {
    TRY_DO(open_pair(number));
    context_.progress.tick(number, nullptr);
  }
  for (const Pair& pair : pairs_) {
    swarm_.add(door_.sending == Sending::frames ? socket_of(pair.token) : Opening{});
  }
  for (const Pair& pair : pairs_) {
    TRY(theirs, token(pair.to));
    swarm_.add(socket_of(theirs));
    ledger_.add_reader(0);
  }
  TRY_DO(swarm_.connect_all(context_.progress));
  return door_.partner_first ? partners_write() : Result<void>{};
}

Result<void> Doorway::partners_write() {
  for (const Pair& pair : pairs_) {
    std::string frame;
    append_frame(frame, filled(door_.send, {.from = pair.to, .to = pair.from, .text = "hello"}));
    swarm_.send(index_of(pair) + pairs_.size(), frame);
  }
  while (ledger_.intact() && partners_wrote_ < pairs_.size()) TRY_DO(turn());
  return {};
}

Result<void> Doorway::open_pair(std::size_t number) {
  Pair pair{.from = user(1, number), .to = user(2, number), .token = {}, .conversation = {}};
  TRY(theirs, token(pair.from));
  pair.token = theirs;
  if (!door_.open_path.empty()) {
    const std::string body = filled(door_.open_body, {.from = pair.from, .to = pair.to});
    TRY(answer, post(context_.target, door_.open_path, pair.token, body));
    if (answer.status / 100 != 2) return fail(unexpected_answer("making a conversation", answer));
    constexpr std::string_view key = R"("id":")";
    const auto at = answer.body.find(key);
    if (at == answer.body.npos) return fail(unexpected_answer("its id is missing", answer));
    const auto begin = at + key.size();
    pair.conversation = answer.body.substr(begin, answer.body.find('"', begin) - begin);
  }
  pairs_.push_back(std::move(pair));
  return {};
}

Result<void> Doorway::send_for(std::chrono::nanoseconds length) {
  const Instant end = std::chrono::steady_clock::now() + length;
  sending_ = true;
  for (Pair& pair : pairs_) send_next(pair);
  while (ledger_.intact() && std::chrono::steady_clock::now() < end) TRY_DO(turn());
  sending_ = false;
  while (ledger_.intact() && (acked_ < sent_ || delivered_ < sent_)) TRY_DO(turn());
  return {};
}

Result<void> Doorway::turn() {
  TRY_DO(swarm_.turn(turn_max));
  context_.progress.tick(acked_, &latency_.all());
  if (patience_.ends(acked_ + delivered_ + partners_wrote_, std::chrono::steady_clock::now())) {
    ledger_.note(fmt::format("of {} messages {} were not acknowledged and {} not delivered in 10 s",
                             sent_, sent_ - acked_, sent_ - delivered_));
  }
  return {};
}

void Doorway::send_next(Pair& pair) {
  if (!sending_ || pair.waiting) return;
  const std::string number = fmt::format("{:0{}}", pair.next, digits);
  const std::string text = number + ' ' + filler_;
  const std::string said = filled(door_.send, {.from = pair.from,
                                               .to = pair.to,
                                               .conversation = pair.conversation,
                                               .number = number,
                                               .text = text});
  std::string bytes;
  if (door_.sending == Sending::frames)
    append_frame(bytes, said);
  else
    bytes = post_request(context_.target, door_.send_path, pair.token, said);
  pair.waiting = true;
  pair.sent = std::chrono::steady_clock::now();
  ++pair.next;
  ++sent_;
  swarm_.send(index_of(pair), bytes);
}

std::optional<std::uint64_t> Doorway::number_of(std::string_view payload) {
  const std::size_t at = text_.find(payload);
  return at == payload.npos ? std::nullopt : number_in(payload.substr(at, digits));
}

void Doorway::on_message(std::size_t index, std::string_view payload, Instant now) {
  if (index < pairs_.size()) {
    Pair& pair = pairs_[index];
    if (door_.sending == Sending::posts) return on_post_answer(pair, payload, now);
    return on_answer(pair, payload, now);
  }
  if (payload.find(door_.delivered) == payload.npos) return;
  const auto number = number_of(payload);
  if (!number) ++partners_wrote_;
  if (number && ledger_.arrived(index - pairs_.size(), *number)) ++delivered_;
}

void Doorway::on_answer(Pair& pair, std::string_view payload, Instant now) {
  if (payload.find(R"("type":"error")") != payload.npos)
    return swarm_.give_up(describe_error(payload));
  if (payload.find(door_.acknowledged) == payload.npos) return;
  const auto number = number_of(payload);
  if (!number) return;  // the partner's
  if (*number + 1 != pair.next)
    return ledger_.note(fmt::format("acknowledged was {}", payload.substr(0, 200)));
  acknowledged(pair, now);
}

void Doorway::on_post_answer(Pair& pair, std::string_view answer, Instant now) {
  if (const auto read = parse_http_answer(answer); !read || read->status / 100 != 2) {
    return swarm_.give_up((read ? unexpected_answer("sending", *read) : read.error()).detail);
  }
  acknowledged(pair, now);
}

void Doorway::acknowledged(Pair& pair, Instant now) {
  if (!pair.waiting) return ledger_.note("a message was acknowledged twice");
  pair.waiting = false;
  ++acked_;
  latency_.add(now, now - pair.sent);
  send_next(pair);
}

Outcome Doorway::report(const Meter& meter, std::uint64_t acks) const {
  Outcome outcome("doors", std::string(door_.name));
  outcome.parameters = {{"senders", pairs_.size()},
                        {"text_bytes", context_.options.text_bytes},
                        {"durable", door_.durable ? 1 : 0}};
  outcome.add("acks", static_cast<double>(acks));
  outcome.add("acks_per_s", static_cast<double>(acks) / meter.seconds());
  meter.add_cost(outcome, acks);
  outcome.add_latency("ack", latency_);
  outcome.failures = ledger_.failures();
  return outcome;
}

Result<Outcome> through(const Context& context, const Door& door, const std::string& url) {
  TRY(target, resolve(url));
  const Context there{context.options, target, context.processes, context.progress, context.run};
  return Doorway(there, door).run();
}

double cpu_of(const Outcome& outcome) {
  return outcome.figure("server_cpu_s_per_million").value_or(0) +
         outcome.figure("store_cpu_s_per_million").value_or(0);
}

void add_times_native(Outcome& outcome, const Outcome& native) {
  if (cpu_of(native) > 0) outcome.add("native_cpu_times", cpu_of(outcome) / cpu_of(native));
  const auto ours = native.figure("ack_p50_ms");
  const auto theirs = outcome.figure("ack_p50_ms");
  if (ours && theirs && *ours > 0) outcome.add("native_p50_times", *theirs / *ours);
}

}  // namespace

Result<std::vector<Outcome>> run_doors(const Context& context) {
  std::vector<Outcome> outcomes;
  TRY(native, through(context, all_doors().front(), context.options.url));
  outcomes.push_back(std::move(native));
  for (const DoorUrl& one : context.options.doors) {
    auto outcome = through(context, *find_door(one.door), one.url);
    if (!outcome) {  // one that is shut does not hide the others
      outcomes.emplace_back("doors", one.door).failures.push_back(outcome.error().detail);
      continue;
    }
    add_times_native(*outcome, outcomes.front());
    outcomes.push_back(std::move(*outcome));
  }
  return outcomes;
}

}  // namespace parley::bench
