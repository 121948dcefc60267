#include "dialects/echo/keys.h"

#include <algorithm>

#include "dialects/echo/wire.h"
#include "store/extras.h"

namespace parley::echo {
namespace {

constexpr std::string_view prefix = "echo:recent:";
constexpr std::size_t newest = 50;
constexpr const char* last_place = "49";
constexpr const char* lives = "3600";
constexpr std::chrono::minutes written_anew_after{30};
constexpr std::size_t known_max = 20'000;
// Of more members it is not said how far a message has come with each.
constexpr std::size_t members_max = 1'000;
constexpr std::size_t looked_back = 200;

constexpr std::string_view one_more = "one";
constexpr std::string_view whole = "all";
constexpr char between = '\n';  // never in JSON as it is written here

outbox::Out told(std::string_view topic, const ConversationId& where, std::string body) {
  outbox::Out out;
  out.topic = topic;
  out.key = where.text();
  out.body = std::move(body);
  return out;
}

std::string body_of(const Message& message, const std::vector<Member>& members) {
  std::string body;
  JsonWriter json(body);
  write_message(json, message, delivery_of(message, members));
  return body;
}

}  // namespace

void Keys::asked(const UserId& user, const RateLimiter::Verdict& verdict) {
  if (verdict.limit == 0) return;
  const std::string key = "echo:rl:" + user.text;
  const auto full = std::chrono::ceil<std::chrono::seconds>(verdict.until_full);
  presence_.redis().tell({{"HSET", key, "limit", std::to_string(verdict.limit), "remaining",
                           std::to_string(verdict.remaining)},
                          {"EXPIRE", key, std::to_string(std::max<long>(full.count(), 1))}});
}

redis::Commands Recents::commands_of(const outbox::Out& one) {
  const std::string key = std::string(prefix) + one.key;
  if (one.topic == one_more)
    return {{"LPUSHX", key, one.body}, {"LTRIM", key, "0", last_place}, {"EXPIRE", key, lives}};
  redis::Commands commands{{"DEL", key}};
  redis::Command push{"RPUSH", key};
  for (std::string_view rest = one.body; !rest.empty();) {
    const auto end = std::min(rest.find(between), rest.size());
    push.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  if (push.size() == 2) return commands;
  commands.push_back(std::move(push));
  commands.push_back({"EXPIRE", key, lives});
  return commands;
}

Result<void> Recents::tell(store::Reader& reader, const store::TrailStep& step,
                           std::vector<outbox::Out>& out) const {
  if (!step.event) return {};
  const Event& event = *step.event;
  switch (event.kind) {
    case EventKind::message_created: {
      const auto known = written(event.conversation);
      if (!known) return tell_all(reader, event.conversation, out);
      // What was written by then was read as it stood: it may have this one.
      if (event.seq > known->upto)
        out.push_back(told(one_more, event.conversation, body_of(*event.message, {})));
      return {};
    }
    case EventKind::message_updated:
    case EventKind::message_deleted:
    case EventKind::message_recalled:
    case EventKind::reaction_added:
    case EventKind::reaction_removed:
      return tell_all(reader, event.conversation, out);
    case EventKind::conversation_deleted:
      out.push_back(told(whole, event.conversation, {}));
      return {};
    default:
      return {};
  }
}

Result<void> Recents::tell_all(store::Reader& reader, const ConversationId& where,
                               std::vector<outbox::Out>& out) const {
  TRY(messages, reader.messages(where, {store::MessageRange::Towards::older, Seq{}, looked_back}));
  const Seq upto = messages.empty() ? Seq{} : messages.front().seq;
  std::erase_if(messages, [](const Message& one) { return one.gone(); });
  if (messages.size() > newest) messages.resize(newest);
  TRY_DO(store::add_extras(reader, messages));
  TRY_DO(store::add_readers(reader, messages));
  TRY(members, reader.members(where, {}, members_max));
  std::string body;
  for (const Message& one : messages) {
    if (!body.empty()) body += between;
    body += body_of(one, members);
  }
  out.push_back(told(whole, where, std::move(body)));
  std::lock_guard lock(mutex_);
  if (written_.size() >= known_max) written_.clear();
  written_[where] = {clock_.instant(), upto};
  return {};
}

std::optional<Recents::Written> Recents::written(const ConversationId& where) const {
  std::lock_guard lock(mutex_);
  auto at = written_.find(where);
  const bool fresh = at != written_.end() && clock_.instant() - at->second.at < written_anew_after;
  return fresh ? std::optional{at->second} : std::nullopt;
}

void Recents::forget() const {
  std::lock_guard lock(mutex_);
  written_.clear();
}

}  // namespace parley::echo
