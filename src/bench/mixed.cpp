// What a day is made of: people write to each other and to groups, read, type, look back, and lose their network now
// and then. Each of these is due at its own time, whatever the server does.
#include <fmt/core.h>

#include <array>
#include <unordered_map>

#include "bench/answer.h"
#include "bench/ledger.h"
#include "bench/own_log.h"
#include "bench/paced.h"
#include "bench/workloads.h"

namespace parley::bench {
namespace {

enum class Deed : std::uint8_t { direct, group, read, typing, history, reconnect };
struct Share {
  std::string_view name;
  unsigned percent;
};
// By Deed. A guess at people who chat, not a measurement of any.
constexpr std::array<Share, 6> shares{{{"direct", 30},
                                       {"group", 10},
                                       {"read", 25},
                                       {"typing", 20},
                                       {"history", 13},
                                       {"reconnect", 2}}};

constexpr std::size_t group_size = 20;
constexpr std::uint64_t behind_max_s = 5;
constexpr std::chrono::milliseconds turn_max{50};

Deed deed_of(std::uint64_t number) {
  std::uint64_t place = number * 37 % 100;  // every hundred have their shares, well mixed
  std::size_t deed = 0;
  while (place >= shares[deed].percent) place -= shares[deed++].percent;
  return static_cast<Deed>(deed);
}

class Mixed final : Swarm::Handler {
 public:
  explicit Mixed(const Context& context)
      : context_(context), swarm_(context.target, *this), pace_(context.options.mixed_rate) {}

  Result<Outcome> run();

 private:
  // A conversation as one of its members has it.
  struct Place {
    std::size_t conversation = 0;
    SendFrame frame;
    OwnLog log;
  };
  struct Conversation {
    std::string id;
    std::uint64_t end_seq = 0;  // behind the last message that was acknowledged
  };
  struct User {
    std::vector<Place> places;  // their direct conversation and their group
    std::string cursor;
    unsigned under_way = 0;
    bool away = false;
    Instant left_at{};  // when it was due to lose its network
  };
  struct Doing {
    std::size_t user = 0;
    std::size_t place = 0;
    Deed deed = Deed::direct;
  };

  Result<void> set_up();
  Result<void> meet(std::string_view type, std::size_t first, std::size_t end);
  Result<void> act_for(std::chrono::nanoseconds length);
  Result<void> turn(std::chrono::nanoseconds wait);
  Result<void> act(std::uint64_t number);
  Result<void> lose_network(std::size_t user, Instant due);
  void say(std::size_t user, std::uint64_t number, Deed deed);
  [[nodiscard]] std::optional<std::size_t> free_user(std::uint64_t number, Deed deed) const;
  [[nodiscard]] std::string name(std::size_t user) const { return context_.user("mixed", user); }
  Track& track(Deed deed) { return tracks_[static_cast<std::size_t>(deed)]; }

  void on_ready(std::size_t index, std::string_view payload, Instant now) override;
  void on_message(std::size_t index, std::string_view payload, Instant now) override;
  void on_answer(std::size_t index, std::string_view payload, Instant now);
  void on_event(User& user, std::string_view payload, Instant now);
  void came_back(User& user, Instant now);
  [[nodiscard]] std::optional<std::uint64_t> number_of(std::string_view payload);
  [[nodiscard]] bool all_have_all() const;
  Outcome report(const Meter& meter, std::uint64_t done);

  const Context& context_;
  Swarm swarm_;
  Pace pace_;
  std::vector<Conversation> conversations_;
  std::vector<User> users_;
  std::unordered_map<std::uint64_t, Doing> doing_;  // by the number of what was asked
  Ledger ledger_;
  Scanner answers_;
  Scanner events_;
  Finder conversation_{R"("conversation_id":")"};
  Finder client_id_{R"("client_id":")"};
  Patience patience_;
  std::array<Track, shares.size()> tracks_;
  Track deliveries_;
  std::uint64_t began_with_ = 0;  // the first number of this part
  std::uint64_t next_ = 0;
  std::uint64_t done_ = 0;
  std::uint64_t away_ = 0;
};

Result<Outcome> Mixed::run() {
  wake_exactly();
  TRY_DO(set_up());
  context_.progress.begin("mixed", "deeds");
  std::uint64_t before = 0;
  TRY(meter, measured(
                 context_, [this](std::chrono::nanoseconds length) { return act_for(length); },
                 [&] {
                   for (Track& one : tracks_) one.clear();
                   deliveries_.clear();
                   before = done_;
                 }));
  while (ledger_.intact() && !all_have_all()) TRY_DO(turn(turn_max));
  if (ledger_.intact()) TRY_DO(swarm_.turn(turn_max));  // what comes twice would come now
  return report(meter, done_ - before);
}

Result<void> Mixed::set_up() {
  const std::size_t count = std::size_t{context_.options.users} / 2 * 2;  // everybody has a partner
  TRY_DO(allow_descriptors(count));
  users_.resize(count);
  context_.progress.begin("mixed: opening", "users");
  for (std::size_t first = 0; first < count; first += 2) {
    TRY_DO(meet("direct", first, first + 2));
    context_.progress.tick(first, nullptr);
  }
  for (std::size_t first = 0; first < count; first += group_size) {
    TRY_DO(meet("group", first, std::min(first + group_size, count)));
  }
  for (std::size_t user = 0; user < count; ++user) {
    TRY(opening, context_.opening(name(user)));
    swarm_.add(std::move(opening));
  }
  context_.progress.begin("mixed: connecting", "connections");
  return swarm_.connect_all(context_.progress);
}

Result<void> Mixed::meet(std::string_view type, std::size_t first, std::size_t end) {
  std::vector<std::string> members;
  for (std::size_t user = first + 1; user < end; ++user) members.push_back(name(user));
  TRY(opened, open_conversation(context_, type, name(first), members));
  for (std::size_t user = first; user < end; ++user) {
    users_[user].places.push_back(
        {.conversation = conversations_.size(),
         .frame = SendFrame(opened.id, name(user), context_.options.text_bytes),
         .log = OwnLog(opened.next_seq)});
  }
  conversations_.push_back({opened.id, opened.next_seq});
  return {};
}

Result<void> Mixed::act_for(std::chrono::nanoseconds length) {
  const Instant began = std::chrono::steady_clock::now();
  pace_.begin(began);
  began_with_ = next_;
  const auto due = [this] { return pace_.due(next_ - began_with_); };
  while (ledger_.intact() && due() < began + length) {
    const Instant now = std::chrono::steady_clock::now();
    for (; due() <= now && due() < began + length; ++next_) TRY_DO(act(next_));
    TRY_DO(turn(std::max(std::chrono::nanoseconds(0), due() - now)));
    if (doing_.size() > pace_.per_second() * behind_max_s) {
      ledger_.note(fmt::format("the server does not keep up with {}/s", pace_.per_second()));
    }
  }
  while (ledger_.intact() && (!doing_.empty() || away_ > 0)) TRY_DO(turn(turn_max));
  return {};
}

Result<void> Mixed::turn(std::chrono::nanoseconds wait) {
  TRY_DO(swarm_.turn(wait));
  context_.progress.tick(done_, &track(Deed::direct).all());
  if (patience_.ends(done_, std::chrono::steady_clock::now())) {
    ledger_.note(
        fmt::format("{} commands were not answered, {} connections not back, or somebody "
                    "lacks a message, and nothing more came for 10 s",
                    doing_.size(), away_));
  }
  return {};
}

// Who comes next by the number and can do that now. None: all are away.
std::optional<std::size_t> Mixed::free_user(std::uint64_t number, Deed deed) const {
  constexpr std::uint64_t stride = 7'919;  // a prime, so that neighbours in time are strangers
  for (std::size_t tried = 0; tried < users_.size(); ++tried) {
    const std::size_t user = (number * stride + tried) % users_.size();
    const bool can_leave = users_[user].under_way == 0;  // else nobody would hear its answers
    if (!users_[user].away && (deed != Deed::reconnect || can_leave)) return user;
  }
  return std::nullopt;
}

Result<void> Mixed::act(std::uint64_t number) {
  const Deed deed = deed_of(number);
  const auto user = free_user(number, deed);
  if (!user) return {};
  if (deed == Deed::reconnect) return lose_network(*user, pace_.due(number - began_with_));
  say(*user, number, deed);
  return {};
}

Result<void> Mixed::lose_network(std::size_t user, Instant due) {
  TRY(opening, context_.opening(name(user), users_[user].cursor));
  users_[user].away = true;
  users_[user].left_at = due;
  ++away_;
  swarm_.cut(user);
  swarm_.reopen(user, std::move(opening));
  return {};
}

void Mixed::say(std::size_t user, std::uint64_t number, Deed deed) {
  User& self = users_[user];
  const std::size_t chosen =
      deed == Deed::group ? 1 : (deed == Deed::direct ? 0 : number / 100 % 2);
  Place& place = self.places[chosen];
  doing_[number] = {user, chosen, deed};
  ++self.under_way;
  if (deed == Deed::direct || deed == Deed::group)
    return swarm_.send(user, place.frame.numbered(number));
  constexpr std::array<std::string_view, shares.size()> types{"",       "",        "message.read",
                                                              "typing", "history", ""};
  const std::string more = deed == Deed::read     ? fmt::format(R"("seq":{})", place.log.next() - 1)
                           : deed == Deed::typing ? R"("is_typing":true)"
                                                  : R"("limit":50)";
  std::string frame;
  append_frame(frame,
               fmt::format(R"({{"id":"{}","type":"{}","data":{{"conversation_id":"{}",{}}}}})",
                           number, types[static_cast<std::size_t>(deed)],
                           conversations_[place.conversation].id, more));
  swarm_.send(user, frame);
}

void Mixed::on_ready(std::size_t index, std::string_view payload, Instant) {
  if (users_[index].cursor.empty()) users_[index].cursor = answers_.cursor(payload);
}

void Mixed::on_message(std::size_t index, std::string_view payload, Instant now) {
  const Kind kind = Scanner::kind_of(payload);
  if (kind == Kind::error) return swarm_.give_up(describe_error(payload));
  if (kind == Kind::ok) return on_answer(index, payload, now);
  if (kind == Kind::message) return on_event(users_[index], payload, now);
  if (kind == Kind::synced) came_back(users_[index], now);
}

void Mixed::on_answer(std::size_t index, std::string_view payload, Instant now) {
  const auto number = answers_.ref(payload);
  const auto found = number ? doing_.find(*number) : doing_.end();
  if (found == doing_.end() || found->second.user != index)
    return ledger_.note(fmt::format("an ok to nothing asked: {}", payload.substr(0, 120)));
  const Doing doing = found->second;
  doing_.erase(found);
  User& user = users_[index];
  --user.under_way;
  ++done_;
  track(doing.deed).add(now, now - pace_.due(*number - began_with_));
  if (doing.deed != Deed::direct && doing.deed != Deed::group) return;
  const auto seq = answers_.seq(payload);
  Place& place = user.places[doing.place];
  if (!seq || !place.log.acknowledged(*seq))
    return ledger_.note(fmt::format("user {} got its own seq {} twice", index, seq.value_or(0)));
  std::uint64_t& end = conversations_[place.conversation].end_seq;
  end = std::max(end, *seq + 1);
}

void Mixed::on_event(User& user, std::string_view payload, Instant now) {
  const auto seq = events_.seq(payload);
  const std::size_t at = conversation_.find(payload);
  if (!seq || at == payload.npos) return ledger_.note("an event without its place");
  const bool in_direct =
      payload.substr(at).starts_with(conversations_[user.places[0].conversation].id);
  if (!user.places[in_direct ? 0 : 1].log.event(*seq))
    ledger_.note(fmt::format("user {} got seq {} twice or late", &user - users_.data(), *seq));
  user.cursor = events_.cursor(payload);
  const auto number = number_of(payload);
  if (!user.away && number && *number >= began_with_)
    deliveries_.add(now, now - pace_.due(*number - began_with_));
}

// Its client_id ends with it.
std::optional<std::uint64_t> Mixed::number_of(std::string_view payload) {
  const std::size_t begin = client_id_.find(payload);
  if (begin == payload.npos) return std::nullopt;
  const std::string_view id = payload.substr(begin, payload.find('"', begin) - begin);
  return number_in(id.substr(id.rfind('-') + 1));
}

void Mixed::came_back(User& user, Instant now) {
  if (!user.away) return ledger_.note("a connection was told twice that it is synced");
  user.away = false;
  --away_;
  ++done_;
  track(Deed::reconnect).add(now, now - user.left_at);
}

bool Mixed::all_have_all() const {
  return std::ranges::all_of(users_, [this](const User& user) {
    return std::ranges::all_of(user.places, [this](const Place& place) {
      return place.log.has_all(conversations_[place.conversation].end_seq);
    });
  });
}

Outcome Mixed::report(const Meter& meter, std::uint64_t done) {
  Outcome outcome("mixed");
  outcome.parameters = {{"users", users_.size()},
                        {"rate", static_cast<double>(pace_.per_second())},
                        {"text_bytes", context_.options.text_bytes}};
  for (const auto& [name, percent] : shares)
    outcome.parameters.emplace_back(fmt::format("{}_percent", name), percent);
  outcome.add("deeds_per_s", static_cast<double>(done) / meter.seconds());
  meter.add_cost(outcome, done);
  for (std::size_t deed = 0; deed < shares.size(); ++deed)
    outcome.add_latency(std::string(shares[deed].name), tracks_[deed]);
  outcome.add_latency("delivery", deliveries_);
  outcome.failures = ledger_.failures();
  return outcome;
}

}  // namespace

Result<Outcome> run_mixed(const Context& context) { return Mixed(context).run(); }

}  // namespace parley::bench
