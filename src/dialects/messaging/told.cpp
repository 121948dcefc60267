#include "dialects/messaging/told.h"

#include <functional>

#include "dialects/messaging/wire.h"

namespace parley::messaging {
namespace {

// So that an event stays far below what a broker takes; member_count says how many there are.
constexpr std::size_t members_told = 1'000;

struct Heading {
  std::string_view type;
  std::string about;  // the end of the subject: whose order counts
  std::string id;
  const ConversationId* where = nullptr;
  std::string_view actor;
  std::string_view instance;
  Time at{};
};

outbox::Out told(const Heading& heading, const std::function<void(JsonWriter&)>& data) {
  outbox::Out out;
  out.topic = "messaging.";
  out.topic.append(heading.type).append(".").append(heading.about);
  out.key = heading.about;
  out.id = heading.id;
  out.at = heading.at;
  JsonWriter json(out.body);
  json.time_digits(time_digits);
  json.open();
  json.field("event_id", heading.id);
  json.field("type", heading.type);
  if (heading.where != nullptr) json.field("conversation_id", *heading.where);
  json.field("actor_id", heading.actor);
  json.field("instance_id", heading.instance);
  json.field("occurred_at", heading.at);
  json.key("data");
  data(json);
  json.close();
  return out;
}

class Told final : public outbox::Wording {
 public:
  Told(Shared shared, std::string instance)
      : shared_(std::move(shared)), instance_(std::move(instance)) {}

  Result<void> tell(store::Reader& reader, const store::TrailStep& step,
                    std::vector<outbox::Out>& out) const override {
    if (!step.event) return tell_reading(reader, step, out);
    const Event& event = *step.event;
    if (type_name(event.kind).empty()) return {};
    if (!tells_alike(event.kind)) return tell_conversation(reader, event, out);
    if (event.message) TRY_DO(shared_.profiles->load(reader, people_in(*event.message)));
    out.push_back(
        told(heading(event), [&](JsonWriter& json) { write_event(json, shared_, event); }));
    return {};
  }

 private:
  [[nodiscard]] Heading heading(const Event& event) const {
    return {.type = type_name(event.kind),
            .about = event.conversation.text(),
            .id = event.id.text(),
            .where = &event.conversation,
            .actor = event.actor.text,
            .instance = instance_,
            .at = event.at};
  }

  static std::vector<UserId> people_in(const Message& message) {
    std::vector<UserId> people{message.sender};
    if (message.quoted) people.push_back(message.quoted->sender);
    return people;
  }

  // As whoever caused it sees it.
  Result<void> tell_conversation(store::Reader& reader, const Event& event,
                                 std::vector<outbox::Out>& out) const {
    TRY(conversation, reader.conversation(event.conversation));
    TRY(mine, reader.member(event.conversation, event.actor));
    TRY(members, reader.members(event.conversation, {}, members_told));
    if (!conversation) return {};
    std::vector<UserId> people;
    for (const Member& one : members) people.push_back(one.user);
    TRY_DO(shared_.profiles->load(reader, people));
    const Shown shown{{*conversation, mine.value_or(Member{}), std::nullopt}, std::move(members)};
    out.push_back(
        told(heading(event), [&](JsonWriter& json) { write_conversation(json, shared_, shown); }));
    return {};
  }

  // Of the newest message that was read, where several were at once.
  Result<void> tell_reading(store::Reader& reader, const store::TrailStep& step,
                            std::vector<outbox::Out>& out) const {
    const Reading& reading = step.reading;
    TRY(newest, outbox::newest_read(reader, step));
    if (!newest) return {};
    const Heading heading{.type = "message.read",
                          .about = step.conversation.text(),
                          .id = derived_id(newest->id, reading.user.text, "told"),
                          .where = &step.conversation,
                          .actor = reading.user.text,
                          .instance = instance_,
                          .at = reading.at};
    out.push_back(told(heading, [&](JsonWriter& json) {
      write_read(json, newest->id, step.conversation, reading.user);
    }));
    return {};
  }

  Shared shared_;
  std::string instance_;
};

}  // namespace

std::shared_ptr<const outbox::Wording> make_wording(const Shared& shared, std::string instance) {
  return std::make_shared<Told>(shared, std::move(instance));
}

std::optional<outbox::Out> passing_told(const Signal& signal, std::string id,
                                        std::string_view instance, Time now) {
  Heading heading{.type = {},
                  .about = {},
                  .id = std::move(id),
                  .where = nullptr,
                  .actor = signal.user.text,
                  .instance = instance,
                  .at = now};
  if (signal.kind == Signal::Kind::typing) {
    heading.type = "typing.indicator";
    heading.about = signal.conversation.text();
    heading.where = &signal.conversation;
    return told(heading, [&](JsonWriter& json) { write_typing(json, signal); });
  }
  if (signal.kind == Signal::Kind::presence) {
    heading.type = "presence.changed";
    heading.about = signal.user.text;
    return told(heading, [&](JsonWriter& json) { write_presence(json, signal); });
  }
  return std::nullopt;
}

}  // namespace parley::messaging
