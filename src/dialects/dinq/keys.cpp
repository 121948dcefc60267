#include "dialects/dinq/keys.h"

#include <algorithm>

#include "dialects/dinq/seen.h"
#include "dialects/dinq/wire.h"
#include "engine/missed.h"
#include "engine/unread_counts.h"
#include "outbox/redis/redis_sink.h"

namespace parley::dinq {
namespace {

constexpr std::string_view unread_topic = "unread_count";
constexpr std::string_view waiting_topic = "offline_messages";
constexpr std::string_view left_topic = "offline_msg";  // the original's own

constexpr const char* users_live = "300";
constexpr const char* user_lives = "30";
constexpr std::chrono::seconds between_renewals{10};
constexpr const char* newest_waiting = "999";  // the place of the last one that is kept
constexpr const char* waiting_lives = "604800";
constexpr std::chrono::hours waits_for{7 * 24};

// A conversation of more has no counts here: each message would write one for everybody.
constexpr std::size_t members_counted = 5'000;
// What is told later than this after it happened was held up; people may have come and gone meanwhile.
constexpr std::chrono::milliseconds told_late{100};

// Of a message that has been taken back.
constexpr const char* remove_by_id =
    "for _, one in ipairs(redis.call('LRANGE', KEYS[1], 0, -1)) do "
    "if string.find(one, ARGV[1], 1, true) then redis.call('LREM', KEYS[1], 0, one) end end "
    "return 1";

redis::Commands commands_of(const outbox::Out& one) {
  std::string key = one.topic + ':' + one.key;
  if (one.topic == unread_topic)
    return {one.body.empty() ? redis::Command{"DEL", key} : redis::Command{"SET", key, one.body}};
  if (one.id.empty()) return {{"DEL", key}};
  if (one.body.empty()) return {{"EVAL", remove_by_id, "1", key, one.id}};
  // A repeat takes the place of the first.
  return {{"LREM", key, "0", one.body},
          {"LPUSH", key, one.body},
          {"LTRIM", key, "0", newest_waiting},
          {"EXPIRE", key, waiting_lives}};
}

outbox::Out unread_told(const UserId& user, const ConversationId& where, std::string count) {
  outbox::Out out;
  out.topic = unread_topic;
  out.key = user.text + ':' + where.text();
  out.body = std::move(count);
  return out;
}

outbox::Out waiting_told(const UserId& user, const MessageId& id, std::string body) {
  outbox::Out out;
  out.topic = waiting_topic;
  out.key = user.text;
  out.id = id.text();
  out.body = std::move(body);
  return out;
}

class KeysWording final : public outbox::Wording {
 public:
  KeysWording(std::shared_ptr<hub::Presence> presence, const Clock& clock)
      : presence_(std::move(presence)), clock_(clock) {}

  Result<void> tell(store::Reader& reader, const store::TrailStep& step,
                    std::vector<outbox::Out>& out) const override {
    if (!step.event) return tell_reader(reader, step, out);
    const Event& event = *step.event;
    switch (event.kind) {
      case EventKind::message_created:
      case EventKind::message_deleted:
      case EventKind::message_recalled:
        return tell_members(reader, event, out);
      case EventKind::member_removed:
        out.push_back(unread_told(event.subject, event.conversation, {}));
        return {};
      default:
        return {};
    }
  }

 private:
  Result<void> tell_members(store::Reader& reader, const Event& event,
                            std::vector<outbox::Out>& out) const {
    TRY(conversation, reader.conversation(event.conversation));
    if (!conversation || conversation->members_count > members_counted) return {};
    TRY(members, reader.members(event.conversation, {}, members_counted));
    for (const Member& one : members) {
      out.push_back(unread_told(
          one.user, event.conversation,
          std::to_string(engine::unread_once_seen(
              *conversation, one, event, presence_->is_looking(one.user, event.conversation)))));
      if (one.user == event.actor || presence_->online(one.user)) continue;
      if (event.kind != EventKind::message_created) {
        out.push_back(waiting_told(one.user, event.target, {}));
        continue;
      }
      TRY(is_news, missed(reader, event, one));
      if (is_news)
        out.push_back(waiting_told(one.user, event.message->id, body_of(*event.message)));
    }
    return {};
  }

  Result<bool> missed(store::Reader& reader, const Event& event, const Member& member) const {
    const Time now = clock_.now();
    if (!engine::is_missed(event, member.user, member.joined_seq, now - waits_for)) return false;
    if (now - event.at < told_late) return true;
    TRY(record, reader.record(std::string(seen_space), member.user.text, std::string(seen_key)));
    const auto seen = cursor_in(record);
    return !seen || !seen->has_seen(event.position);
  }

  static std::string body_of(const Message& message) {
    std::string body;
    JsonWriter json(body);
    write(json, message);
    return body;
  }

  static Result<void> tell_reader(store::Reader& reader, const store::TrailStep& step,
                                  std::vector<outbox::Out>& out) {
    TRY(conversation, reader.conversation(step.conversation));
    TRY(member, reader.member(step.conversation, step.reading.user));
    if (!conversation || !member || !member->present()) return {};
    out.push_back(unread_told(member->user, step.conversation,
                              std::to_string(unread_count(*conversation, *member))));
    return {};
  }

  std::shared_ptr<hub::Presence> presence_;
  const Clock& clock_;
};

}  // namespace

PresenceKeys::PresenceKeys(std::shared_ptr<redis::Redis> redis, hub::Presence& presence,
                           const Clock& clock)
    : presence_(presence), clock_(clock), redis_(std::move(redis)) {
  redis_->when_back([this] { return all_commands(); });
  presence.observe([redis = redis_.get()](const UserId& user, bool online) {
    const std::string key = "online:" + user.text;
    if (online)
      redis->tell({{"SADD", "online_users", user.text},
                   {"EXPIRE", "online_users", users_live},
                   {"SET", key, "1", "EX", user_lives}});
    else
      redis->tell({{"SREM", "online_users", user.text}, {"DEL", key}});
  });
  redis_->tell({{"PING"}});
}

redis::Commands PresenceKeys::all_commands() const {
  redis::Commands all;
  for (const UserId& user : presence_.all_online()) {
    all.push_back({"SADD", "online_users", user.text});
    all.push_back({"SET", "online:" + user.text, "1", "EX", user_lives});
    all.push_back({"DEL", std::string(waiting_topic) + ':' + user.text});
  }
  all.push_back({"EXPIRE", "online_users", users_live});
  return all;
}

Task<bool> PresenceKeys::written() {
  redis::Commands nothing;
  co_return co_await redis_->told(std::move(nothing));
}

Task<std::vector<std::string>> PresenceKeys::left_for(UserId user) {
  auto left = co_await redis_->list(std::string(left_topic) + ':' + user.text);
  co_return std::move(left).value_or(std::vector<std::string>{});
}

void PresenceKeys::shown(const UserId& user, std::size_t count) {
  redis_->tell({{"LTRIM", std::string(left_topic) + ':' + user.text, std::to_string(count), "-1"}});
}

Task<bool> PresenceKeys::is_there(UserId user) {
  redis::Commands commands{{"SADD", "online_users", user.text},
                           {"EXPIRE", "online_users", users_live},
                           {"SET", "online:" + user.text, "1", "EX", user_lives}};
  co_return co_await redis_->told(std::move(commands));
}

void PresenceKeys::renew() {
  const Instant now = clock_.instant();
  if (now - renewed_at_ < between_renewals) return;
  renewed_at_ = now;
  redis_->tell(all_commands());
}

std::shared_ptr<const outbox::Wording> make_keys_wording(std::shared_ptr<hub::Presence> presence,
                                                         const Clock& clock) {
  return std::make_shared<KeysWording>(std::move(presence), clock);
}

std::unique_ptr<outbox::Sink> make_keys_sink(std::shared_ptr<redis::Redis> redis) {
  return outbox::make_redis_sink(std::move(redis), {.commands_of = commands_of});
}

outbox::Out nothing_waits_for(const UserId& user) {
  outbox::Out out;
  out.topic = waiting_topic;
  out.key = user.text;
  return out;
}

}  // namespace parley::dinq
