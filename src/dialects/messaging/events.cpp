// What has happened, as frames.
#include "dialects/messaging/figures.h"
#include "dialects/messaging/session.h"
#include "dialects/messaging/wire.h"
#include "dialects/shell/shell.h"

namespace parley::messaging {
namespace {

enum Slot : std::size_t { event_slot = 6, passing_slot = 7 };

std::string message_frame(std::string_view type, const Door& door, const Message& message) {
  // For all alike, so with nobody's own email.
  return frame(type, [&](JsonWriter& json) { write_message(json, door, message, {}, UserId{}); });
}

std::string place_frame(std::string_view type, const Event& event, std::string_view name,
                        std::string_view id) {
  return frame(type, [&](JsonWriter& json) {
    json.open();
    if (!name.empty()) json.field(name, id);
    json.field("conversation_id", event.conversation);
    json.close();
  });
}

std::string reaction_frame(const Event& event) {
  const Reaction reaction{event.details, event.subject, event.at};
  if (event.kind == EventKind::reaction_added)
    return frame("reaction.added", [&](JsonWriter& json) {
      write_reaction(json, event.target, reaction, &event.conversation);
    });
  return frame("reaction.removed", [&](JsonWriter& json) {
    json.open();
    json.field("message_id", event.target);
    json.field("user_id", event.subject.text);
    json.field("emoji", event.details);
    json.field("conversation_id", event.conversation);
    json.close();
  });
}

}  // namespace

void Session::event(const Event& event, const Cursor& /*cursor*/, hub::Encodings& encodings) {
  if (socket_ == nullptr) return;
  auto send = [&](auto make) { socket_->send(shell::shared_frame(encodings, event_slot, make)); };
  switch (event.kind) {
    case EventKind::message_created:
      send([&] { return message_frame("message.new", door_, *event.message); });
      if (event.actor == user_) return;
      messages_received().Increment();
      latency().Observe(
          std::chrono::duration<double>(door_.engine.clock().now() - event.at).count());
      return;
    case EventKind::message_updated:
      return send([&] { return message_frame("message.edited", door_, *event.message); });
    case EventKind::message_deleted:
    case EventKind::message_recalled:
      return send(
          [&] { return place_frame("message.deleted", event, "message_id", event.target.text()); });
    case EventKind::reaction_added:
    case EventKind::reaction_removed:
      return send([&] { return reaction_frame(event); });
    case EventKind::conversation_created:
      if (event.actor == user_) conversations().Increment();
      return show_conversation("conversation.created", event.conversation);
    case EventKind::conversation_updated:
      return show_conversation("conversation.updated", event.conversation);
    case EventKind::conversation_deleted:
      return send([&] { return place_frame("conversation.deleted", event, "", ""); });
    case EventKind::member_added:
    case EventKind::member_removed:
      return send([&] {
        return place_frame(
            event.kind == EventKind::member_added ? "member.added" : "member.removed", event,
            "user_id", event.subject.text);
      });
    default:
      return;
  }
}

// As this reader sees it, so it is read for each.
void Session::show_conversation(std::string_view type, ConversationId where) {
  auto look = [](Door& door, engine::Caller caller, ConversationId where) -> Task<Result<Shown>> {
    CO_TRY(view, co_await door.engine.conversation(caller, where));
    co_return co_await shown(door, caller, std::move(view));
  };
  auto say_it = [self = Ref<Session>(this), type = std::string(type),
                 pass = door_.commands.enter()](const Result<Shown>& seen) {
    if (seen)
      self->say(
          frame(type, [&](JsonWriter& json) { write_conversation(json, self->door_, *seen); }));
  };
  spawn(look(door_, caller(), where), std::move(say_it));
}

void Session::pointer(const Pointer& pointer, hub::Encodings& /*encodings*/) {
  if (socket_ == nullptr || pointer.user == user_ || pointer.only_delivered || !pointer.receipts)
    return;
  show_read(pointer);
}

// To the sender of the message that was read, once for each reader.
void Session::show_read(const Pointer& pointer) {
  auto done = [self = Ref<Session>(this), pointer,
               pass = door_.commands.enter()](const Result<std::vector<Message>>& found) {
    if (!found || found->empty() || found->back().sender != self->user_) return;
    std::string fields;
    JsonWriter json(fields);
    json.open();
    json.field("message_id", found->back().id);
    json.field("user_id", pointer.user.text);
    json.field("conversation_id", pointer.conversation);
    json.close();
    self->say(flat_frame(
        self->door_.shared.legacy_receipts ? "message.read_receipt" : "message.read", fields));
  };
  spawn(door_.engine.newly_read(caller(), pointer), std::move(done));
}

void Session::signal(const Signal& signal, hub::Encodings& encodings) {
  if (socket_ == nullptr || signal.origin == origin_) return;
  auto passing = [&](std::string_view type, const std::function<void(JsonWriter&)>& write) {
    socket_->send(shell::shared_frame(encodings, passing_slot, [&] {
      std::string fields;
      JsonWriter json(fields);
      json.open();
      write(json);
      json.close();
      return flat_frame(type, fields);
    }));
  };
  switch (signal.kind) {
    case Signal::Kind::typing:
      return passing("typing.indicator", [&](JsonWriter& json) {
        json.field("conversation_id", signal.conversation);
        json.field("user_id", signal.user.text);
        json.field("is_typing", signal.on);
      });
    case Signal::Kind::presence:
      return passing("presence.changed", [&](JsonWriter& json) {
        json.field("user_id", signal.user.text);
        json.field("status", !signal.details.empty() ? signal.details
                             : signal.on             ? "online"
                                                     : "offline");
      });
    case Signal::Kind::logout:
      return close(1000, "logged out");
    default:
      return;
  }
}

}  // namespace parley::messaging
