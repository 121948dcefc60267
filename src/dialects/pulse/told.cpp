#include "dialects/pulse/told.h"

#include <functional>

#include "dialects/pulse/wire.h"

namespace parley::pulse {
namespace {

constexpr std::size_t all_of_them = 100'000;
constexpr std::size_t messages_looked_at = 1'000;

outbox::Out told(std::string_view type, std::string key, std::string id, Time at,
                 const std::function<void(JsonWriter&)>& data) {
  outbox::Out out;
  out.topic = type;
  out.key = std::move(key);
  out.id = std::move(id);
  out.at = at;
  JsonWriter json(out.body);
  json.open();
  json.field("type", type);
  json.field("timestamp", at);
  json.key("data");
  json.open();
  data(json);
  json.close();
  json.close();
  return out;
}

class Told final : public outbox::Wording {
 public:
  explicit Told(Recipients recipients) : recipients_(recipients) {}

  Result<void> tell(store::Reader& reader, const store::TrailStep& step,
                    std::vector<outbox::Out>& out) const override {
    if (!step.event) return tell_reading(reader, step, out);
    if (step.event->kind != EventKind::message_created) return {};
    return tell_message(reader, *step.event->message, out);
  }

 private:
  Result<void> tell_message(store::Reader& reader, const Message& message,
                            std::vector<outbox::Out>& out) const {
    TRY(members, reader.members(message.conversation, {}, all_of_them));
    const std::string id = hex24(message.id.bytes), where = hex24(message.conversation.bytes);
    out.push_back(told("message.sent", where, id, message.created_at, [&](JsonWriter& json) {
      json.field("message_id", id);
      json.field("conversation_id", where);
      json.field("sender_id", message.sender.text);
      json.field("content", message.text);
      json.key("participants");
      json.open_list();
      for (const Member& one : members) json.value(one.user.text);
      json.close_list();
      json.field("created_at", message.created_at);
    }));
    if (recipients_ == Recipients::together) return {};
    TRY(record, reader.record(users_space, message.sender.text, user_key));
    const Profile sender = profile_in(record).value_or(Profile{});
    for (const Member& one : members) {
      if (one.user == message.sender) continue;
      out.push_back(told("message.sent", where, id + ':' + one.user.text, message.created_at,
                         [&](JsonWriter& json) {
                           json.field("message_id", id);
                           json.field("conversation_id", where);
                           json.field("sender_id", message.sender.text);
                           json.field("sender_username", sender.username);
                           json.field("recipient_id", one.user.text);
                           json.field("content", message.text);
                           json.field("created_at", message.created_at);
                         }));
    }
    return {};
  }

  // One for each message that was read; of others, and still there.
  static Result<void> tell_reading(store::Reader& reader, const store::TrailStep& step,
                                   std::vector<outbox::Out>& out) {
    const Reading& reading = step.reading;
    const std::string where = hex24(step.conversation.bytes);
    Seq from{reading.span.from.value - 1};
    for (;;) {
      TRY(messages, reader.messages(step.conversation, {store::MessageRange::Towards::newer, from,
                                                        messages_looked_at}));
      for (const Message& one : messages) {
        if (one.seq > reading.span.upto) return {};
        if (one.sender == reading.user || one.gone()) continue;
        const std::string id = hex24(one.id.bytes);
        out.push_back(told("message.read", where, id + ":read:" + reading.user.text, reading.at,
                           [&](JsonWriter& json) {
                             json.field("message_id", id);
                             json.field("user_id", reading.user.text);
                             json.field("read_at", reading.at);
                           }));
      }
      if (messages.size() < messages_looked_at) return {};
      from = messages.back().seq;
    }
  }

  Recipients recipients_;
};

}  // namespace

std::shared_ptr<const outbox::Wording> make_wording(Recipients recipients) {
  return std::make_shared<Told>(recipients);
}

outbox::Out presence_told(const UserId& user, bool online, Time now) {
  const std::string_view status = online ? "online" : "offline";
  return told(online ? "user.online" : "user.offline", user.text,
              std::string(status) + ':' + user.text + ':' + std::to_string(to_micros(now)), now,
              [&](JsonWriter& json) {
                json.field("user_id", user.text);
                json.field("status", status);
                json.field("timestamp", now);
              });
}

}  // namespace parley::pulse
