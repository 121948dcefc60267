#include "dialects/echo/told.h"

#include <algorithm>
#include <functional>

#include "dialects/echo/figures.h"
#include "dialects/echo/wire.h"

namespace parley::echo {
namespace {

constexpr std::size_t all_of_them = 100'000;
constexpr std::size_t told_at_once = 200;

using Fields = std::function<void(JsonWriter&)>;

struct Heading {
  std::string_view type;
  std::string id;
  ConversationId where;
  Time at{};
};

// To the other instances.
outbox::Out for_instances(const Telling& telling, const Heading& heading, const Fields& payload) {
  outbox::Out out;
  out.topic = telling.topics.messages;
  out.key = heading.where.text();
  out.id = heading.id;
  out.at = heading.at;
  JsonWriter json(out.body);
  json.open();
  json.field("event_id", heading.id);
  json.field("instance_id", telling.instance);
  json.field("type", heading.type);
  json.field("conversation_id", heading.where);
  json.key("payload");
  payload(json);
  json.field("created_at", heading.at);
  json.close();
  return out;
}

bool names(const Message& message, const UserId& user) {
  return std::ranges::any_of(
      message.mentions, [&](const Mention& one) { return one.user.empty() || one.user == user; });
}

outbox::Out push(const Topics& topics, const Message& message, const UserId& recipient, Time now) {
  outbox::Out out;
  out.topic = topics.notifications;
  out.key = message.conversation.text();
  out.id = message.id.text() + ':' + recipient.text;
  out.at = message.created_at;
  out.headers = {{"type", "notification"}, {"message_id", message.id.text()}};
  JsonWriter json(out.body);
  json.open();
  json.field("type", "new_message");
  json.field("user_id", recipient.text);
  json.field("message_id", message.id);
  json.field("conversation_id", message.conversation);
  json.field("sender_id", message.sender.text);
  json.field("content", message.sealed ? std::string_view{} : message.text);
  json.field("message_type", type_name(message.type));
  json.field("mentioned", names(message, recipient));
  json.field("timestamp", message.created_at);
  json.field("created_at", now);
  json.close();
  return out;
}

class Told final : public outbox::Wording {
 public:
  explicit Told(Telling telling) : telling_(std::move(telling)) {}

  Result<void> tell(store::Reader& reader, const store::TrailStep& step,
                    std::vector<outbox::Out>& out) const override {
    if (!step.event) return tell_reading(reader, step, out);
    const Event& event = *step.event;
    const std::string_view type = type_name(event.kind);
    if (type.empty()) return {};
    out.push_back(for_instances(telling_, {type, event.id.text(), event.conversation, event.at},
                                [&](JsonWriter& json) { write_event(json, event); }));
    if (event.kind != EventKind::message_created) return {};
    return tell_the_absent(reader, *event.message, out);
  }

  void taken(std::span<const outbox::Out> out, std::chrono::duration<double> took) const override {
    publish_seconds().Observe(took.count());
    const auto pushed = std::ranges::count(out, telling_.topics.notifications, &outbox::Out::topic);
    offline_pushes().Increment(static_cast<double>(pushed));
  }

 private:
  // Who was there when it was said has it from their socket.
  Result<void> tell_the_absent(store::Reader& reader, const Message& message,
                               std::vector<outbox::Out>& out) const {
    TRY(members, reader.members(message.conversation, {}, all_of_them));
    for (const Member& one : members) {
      if (one.user == message.sender || one.joined_seq > message.seq) continue;
      const auto since = telling_.presence->online_since(one.user);
      if (since && *since <= message.created_at) continue;
      out.push_back(push(telling_.topics, message, one.user, message.created_at));
    }
    return {};
  }

  // Of the newest message that was read.
  Result<void> tell_reading(store::Reader& reader, const store::TrailStep& step,
                            std::vector<outbox::Out>& out) const {
    const Reading& reading = step.reading;
    TRY(newest, outbox::newest_read(reader, step));
    if (!newest) return {};
    const MessageId& id = newest->id;
    out.push_back(for_instances(
        telling_,
        {"message_read", id.text() + ":read:" + reading.user.text, step.conversation, reading.at},
        [&](JsonWriter& json) {
          write_state(json, id, step.conversation, reading.user, reading.at);
        }));
    return {};
  }

  Telling telling_;
};

}  // namespace

std::shared_ptr<const outbox::Wording> make_wording(Telling telling) {
  return std::make_shared<Told>(std::move(telling));
}

std::optional<outbox::Out> passing_told(const Telling& telling, const Signal& signal,
                                        std::string id, Time now) {
  if (signal.kind != Signal::Kind::typing) return std::nullopt;
  return for_instances(telling, {"typing", std::move(id), signal.conversation, now},
                       [&](JsonWriter& json) { write_typing(json, signal, now); });
}

Result<std::vector<outbox::Out>> delivery_told(const Telling& telling, store::Reader& reader,
                                               const Pointer& pointer, Time now) {
  std::vector<outbox::Out> all;
  TRY(messages, reader.messages(pointer.conversation, {store::MessageRange::Towards::newer,
                                                       pointer.delivered_before, told_at_once}));
  for (const Message& one : messages) {
    if (one.seq > pointer.delivered_seq || one.sender == pointer.user || one.gone()) continue;
    all.push_back(
        for_instances(telling,
                      {"message_delivered", one.id.text() + ":delivered:" + pointer.user.text,
                       pointer.conversation, now},
                      [&](JsonWriter& json) {
                        write_state(json, one.id, pointer.conversation, pointer.user, now);
                      }));
  }
  return all;
}

outbox::Out analytics_told(const Topics& topics, const Happening& what, std::string id, Time now) {
  outbox::Out out;
  out.topic = topics.analytics;
  out.key = what.where.empty() ? what.user.text : what.where.text();
  out.id = std::move(id);
  out.at = now;
  JsonWriter json(out.body);
  json.open();
  json.field("event", what.event);
  json.field("user_id", what.user.text);
  if (!what.where.empty()) json.field("conversation_id", what.where);
  if (!what.message.empty()) json.field("message_id", what.message);
  json.key("device");
  json.open();
  json.field("id", what.device.id);
  json.field("platform", what.device.platform);
  json.field("app_version", what.device.app_version);
  json.close();
  json.field("at", now);
  json.close();
  return out;
}

outbox::Out call_told(const Topics& topics, const ConversationId& where, const UserId& callee,
                      std::string_view call, std::string id, Time now) {
  outbox::Out out;
  out.topic = topics.notifications;
  out.key = where.text();
  out.id = std::move(id);
  out.at = now;
  out.headers = {{"type", "notification"}};
  JsonWriter json(out.body);
  json.open();
  json.field("type", "incoming_call");
  json.field("user_id", callee.text);
  json.field("conversation_id", where);
  json.raw_field("call", call);
  json.field("created_at", now);
  json.close();
  return out;
}

}  // namespace parley::echo
