// Durable messages one to one, through one door of the server after the other.
#include <fmt/core.h>

#include "bench/answer.h"
#include "bench/door.h"
#include "bench/exchange.h"
#include "bench/http.h"
#include "bench/workloads.h"
#include "identity/token.h"

namespace parley::bench {
namespace {

constexpr std::chrono::hours token_life{24};

class Doorway final : public Exchange {
 public:
  Doorway(const Context& context, const Door& door, std::string workload = "doors")
      : Exchange(context, std::move(workload), door.name),
        door_(door),
        text_(Finder(door.text_key)),
        answer_(Finder(door.ack_key.empty() ? door.text_key : door.ack_key)) {}

 private:
  struct Names {
    std::string from, to, token, conversation;
  };

  Result<void> set_up() override;
  Result<void> open_pair(std::size_t number);
  Result<void> partners_write();
  std::string message(std::size_t pair, std::string_view number, std::string_view text) override;
  bool durable() const override { return door_.durable; }
  Result<std::string> token(std::string_view user) const;
  [[nodiscard]] std::string user(std::size_t role, std::size_t number) const;
  [[nodiscard]] Opening socket_of(std::string_view token) const;
  // The number that the text of this frame begins with.
  [[nodiscard]] static std::optional<std::uint64_t> number_in_it(Finder& key,
                                                                 std::string_view payload);
  void on_message(std::size_t index, std::string_view payload, Instant now) override;
  void on_answer(std::size_t pair, std::string_view payload, Instant now);
  void on_post_answer(std::size_t pair, std::string_view answer, Instant now);

  const Door& door_;
  std::vector<Names> names_;  // of the pairs
  Finder text_;
  Finder answer_;
};

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
  context_.progress.begin(fmt::format("doors: {}: opening", door_.name), "conversations");
  for (std::size_t number = 0; number < count(); ++number) {
    TRY_DO(open_pair(number));
    context_.progress.tick(number, nullptr);
  }
  for (const Names& names : names_) {
    swarm_.add(door_.sending == Sending::frames ? socket_of(names.token)
                                                : Opening{.packet_size = http_answer_size});
  }
  for (const Names& names : names_) {
    TRY(theirs, token(names.to));
    swarm_.add(socket_of(theirs));
  }
  TRY_DO(swarm_.connect_all(context_.progress));
  return door_.partner_first ? partners_write() : Result<void>{};
}

Result<void> Doorway::partners_write() {
  for (std::size_t pair = 0; pair < count(); ++pair) {
    const Names& names = names_[pair];
    std::string frame;
    append_frame(frame, filled(door_.send, {.from = names.to, .to = names.from, .text = "hello"}));
    swarm_.send(pair + count(), frame);
  }
  return await_seen(count());
}

Result<void> Doorway::open_pair(std::size_t number) {
  Names names{.from = user(1, number), .to = user(2, number), .token = {}, .conversation = {}};
  TRY(theirs, token(names.from));
  names.token = theirs;
  if (!door_.open_path.empty()) {
    const std::string body = filled(door_.open_body, {.from = names.from, .to = names.to});
    TRY(answer, post(context_.target, door_.open_path, names.token, body));
    if (answer.status / 100 != 2) return fail(unexpected_answer("making a conversation", answer));
    constexpr std::string_view key = R"("id":")";
    const auto at = answer.body.find(key);
    if (at == answer.body.npos) return fail(unexpected_answer("its id is missing", answer));
    const auto begin = at + key.size();
    names.conversation = answer.body.substr(begin, answer.body.find('"', begin) - begin);
  }
  names_.push_back(std::move(names));
  return {};
}

std::string Doorway::message(std::size_t pair, std::string_view number, std::string_view text) {
  const Names& names = names_[pair];
  const std::string said = filled(door_.send, {.from = names.from,
                                               .to = names.to,
                                               .conversation = names.conversation,
                                               .number = number,
                                               .text = text});
  if (door_.sending == Sending::posts)
    return post_request(context_.target, door_.send_path, names.token, said);
  std::string frame;
  append_frame(frame, said);
  return frame;
}

std::optional<std::uint64_t> Doorway::number_in_it(Finder& key, std::string_view payload) {
  const std::size_t at = key.find(payload);
  return at == payload.npos ? std::nullopt : number_in(payload.substr(at, digits));
}

void Doorway::on_message(std::size_t index, std::string_view payload, Instant now) {
  if (index < count()) {
    if (door_.sending == Sending::posts) return on_post_answer(index, payload, now);
    return on_answer(index, payload, now);
  }
  if (payload.find(door_.delivered) == payload.npos) return;
  if (const auto number = number_in_it(text_, payload))
    delivered(index - count(), *number);
  else
    seen();  // its own, of partners_write()
}

void Doorway::on_answer(std::size_t pair, std::string_view payload, Instant now) {
  if (payload.find(R"("type":"error")") != payload.npos)
    return swarm_.give_up(describe_error(payload));
  if (payload.find(door_.acknowledged) == payload.npos) return;
  if (const auto number = number_in_it(answer_, payload)) acknowledged(pair, number, now);
}

void Doorway::on_post_answer(std::size_t pair, std::string_view answer, Instant now) {
  if (const auto read = parse_http_answer(answer); !read || read->status / 100 != 2) {
    return swarm_.give_up((read ? unexpected_answer("sending", *read) : read.error()).detail);
  }
  acknowledged(pair, {}, now);
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

Result<Outcome> run_routed(const Context& context) {
  return Doorway(context, passing_on(), "routed").run();
}

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
