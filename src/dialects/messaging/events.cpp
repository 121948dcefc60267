// What has happened, as frames.
#include "dialects/messaging/figures.h"
#include "dialects/messaging/session.h"
#include "dialects/messaging/wire.h"
#include "dialects/shell/shell.h"

namespace parley::messaging {
namespace {

enum Slot : std::size_t { event_slot = 6, passing_slot = 7 };

std::string event_frame(const Shared& here, const Event& event) {
  return frame(type_name(event.kind), [&](JsonWriter& json) { write_event(json, here, event); });
}

}  // namespace

void Session::event(const Event& event, const Cursor& /*cursor*/, hub::Encodings& encodings) {
  if (socket_ == nullptr) return;
  if (type_name(event.kind).empty()) return;
  if (!tells_alike(event.kind)) return show_conversation(type_name(event.kind), event.conversation);
  socket_->send(
      shell::shared_frame(encodings, event_slot, [&] { return event_frame(door_.shared, event); }));
  if (event.kind != EventKind::message_created || event.actor == user_) return;
  messages_received().Increment();
  latency().Observe(std::chrono::duration<double>(door_.engine.clock().now() - event.at).count());
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
      self->say(frame(
          type, [&](JsonWriter& json) { write_conversation(json, self->door_.shared, *seen); }));
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
    write_read(json, found->back().id, pointer.conversation, pointer.user);
    self->say(flat_frame(
        self->door_.shared.legacy_receipts ? "message.read_receipt" : "message.read", fields));
  };
  spawn(door_.engine.newly_read(caller(), pointer), std::move(done));
}

void Session::signal(const Signal& signal, hub::Encodings& encodings) {
  if (socket_ == nullptr || signal.origin == origin_) return;
  auto passing = [&](std::string_view type, auto write) {
    socket_->send(shell::shared_frame(encodings, passing_slot, [&] {
      std::string fields;
      JsonWriter json(fields);
      write(json, signal);
      return flat_frame(type, fields);
    }));
  };
  switch (signal.kind) {
    case Signal::Kind::typing:
      return passing("typing.indicator", write_typing);
    case Signal::Kind::presence:
      return passing("presence.changed", write_presence);
    case Signal::Kind::logout:
      return close(1000, "logged out");
    default:
      return;
  }
}

}  // namespace parley::messaging
