#include "dialects/echo/session.h"

#include <algorithm>
#include <array>

#include "dialects/echo/figures.h"
#include "dialects/echo/keys.h"
#include "dialects/echo/rest_messages.h"
#include "dialects/echo/told.h"
#include "dialects/echo/wire.h"
#include "dialects/shell/shell.h"

namespace parley::echo {
namespace {

constexpr std::size_t frame_slack = 64;  // as net promises
constexpr std::size_t all_of_them = 100'000;
constexpr std::size_t bad_frames_max = 100;  // a minute
// Deliveries are told together: one write for all that came meanwhile.
constexpr std::chrono::milliseconds tell_after{20};

enum Slot : std::size_t { event_slot = 4, passing_slot = 5 };

Task<std::string> at_once(std::string answer) { co_return answer; }

std::string event_frame(const Door& door, const Event& event) {
  return door.frame(type_name(event.kind), [&](JsonWriter& json) { write_event(json, event); });
}

std::string state_frame(const Door& door, std::string_view type, const MessageId& message,
                        const Pointer& pointer, Time at) {
  return door.frame(type, [&](JsonWriter& json) {
    write_state(json, message, pointer.conversation, pointer.user, at);
  });
}

constexpr std::array call_kinds{"offer", "answer", "candidate", "ringing", "hangup", "busy"};

struct CallSignal {
  ConversationId where;
  std::optional<UserId> to;
  std::string details;
  bool rings = false;
};

Result<CallSignal> call_signal(const JsonObject& payload, const UserId& from) {
  CallSignal call;
  TRY(where, id_in<ConversationId>(payload, "conversation_id", "ConversationID"));
  call.where = where;
  TRY(call_id, text_in(payload, "call_id", "CallID"));
  TRY(kind, text_in(payload, "kind", "Kind"));
  if (call_id.empty() || std::ranges::find(call_kinds, kind) == call_kinds.end())
    return fail(Code::bad_request,
                "a call_signal needs a call_id, and a kind: offer, answer, candidate, ringing, "
                "hangup or busy");
  TRY(to, text_in(payload, "to_user_id", "ToUserID"));
  if (!to.empty()) {
    TRY(user, user_id(to, "ToUserID"));
    call.to = std::move(user);
  }
  call.rings = kind == "offer";
  JsonWriter json(call.details);
  json.open();
  json.field("conversation_id", where);
  json.field("call_id", call_id);
  json.field("kind", kind);
  if (call.to) json.field("to_user_id", call.to->text);
  if (payload.has("data")) json.raw_field("data", payload.raw("data"));
  json.field("from_user_id", from.text);
  json.close();
  return call;
}

}  // namespace

std::unique_ptr<net::SocketHandler> make_session(Door& door, UserId user, Device device) {
  return shell::make_shell<Session>(door, std::move(user), std::move(device));
}

Session::Session(Door& door, UserId user, Device device)
    : door_(door),
      user_(std::move(user)),
      device_(std::move(device)),
      line_(make_ref<line::Line>([this](const std::string& answer) { say(answer); },
                                 door.commands)) {}
Session::~Session() = default;

void Session::opened(net::Socket& socket) {
  socket_ = &socket;
  origin_ = shell::origin_of(door_.loop, socket);
  door_.shared.presence->came(user_, door_.engine.clock().now());
  if (door_.shared.keys) door_.shared.keys->came(user_, device_.id);
  door_.analyse("connected", user_, device_);
  door_.sessions.insert(this);
  connections().Increment();
  line_->alone([self = Ref<Session>(this)](engine::Turn&) { return self->arrive(); });
}

void Session::closed() {
  socket_ = nullptr;
  line_->close();
  door_.loop.cancel(telling_);
  tell_deliveries();
  door_.shared.presence->went(user_);
  if (door_.shared.keys) door_.shared.keys->went(user_, device_.id);
  door_.analyse("disconnected", user_, device_);
  door_.sessions.erase(this);
  connections().Decrement();
  if (stream_) stream_->close();
}

void Session::go_away() { close(1001, "the server is going away"); }

Task<std::string> Session::arrive() {
  stream_.emplace(door_.engine, *this, caller());
  auto now = co_await stream_->open(std::nullopt);
  if (now) {
    const std::string client_id = door_.engine.fresh_key();
    say(door_.frame("connection_ack", [&](JsonWriter& json) {
      json.open();
      json.field("status", "connected");
      json.field("client_id", client_id);
      json.field("timestamp", door_.engine.clock().now());
      json.close();
    }));
    auto live = co_await stream_->catch_up();
    if (live) co_return std::string{};
  }
  close(1013, "the store can't be read now");
  co_return std::string{};
}

void Session::say(std::string_view frame) {
  if (socket_ != nullptr) socket_->send_text(frame);
  pace_.answered(socket_, line_->waiting());
}

void Session::close(std::uint16_t code, std::string_view reason) {
  if (socket_ != nullptr) socket_->close(code, reason);
}

// ---- frames in

void Session::message(std::string_view payload, bool /*binary*/) {
  auto parsed = parse_json_object(payload, frame_slack, Code::bad_request);
  auto type = parsed ? parsed->text("type")
                     : Result<std::optional<std::string_view>>(std::unexpected(parsed.error()));
  if (!parsed) {
    refuse({Code::bad_request, "a frame must be a JSON object", {}}, "");
  } else if (!type || !*type) {
    refuse({Code::bad_request, "type must say what this frame is", {}}, "");
  } else {
    auto inner = parsed->object("payload");
    if (inner)
      take(**type, inner->value_or(JsonObject{}));
    else
      refuse({Code::bad_request, "payload must be an object", {}}, **type);
  }
  pace_.asked(socket_, line_->waiting());
}

// In its place among the answers. Who sends nothing else is shown out.
void Session::refuse(const Error& error, std::string_view type) {
  const Instant now = door_.engine.clock().instant();
  if (now - bad_since_ > std::chrono::minutes{1}) {
    bad_since_ = now;
    bad_frames_ = 0;
  }
  if (++bad_frames_ > bad_frames_max) return close(1008, "too many bad frames");
  line_->alone([answer = error_frame(error, type)](engine::Turn&) { return at_once(answer); });
}

std::string Session::error_frame(const Error& error, std::string_view ref_type) const {
  const auto field = field_of(error);
  return door_.frame("error", [&](JsonWriter& json) {
    json.open();
    json.field("code", kind_of(error).code);
    json.field("message", field                  ? std::string_view(field->message)
                          : error.detail.empty() ? title_of(error.code)
                                                 : std::string_view(error.detail));
    if (!ref_type.empty()) json.field("ref_type", ref_type);
    json.close();
  });
}

void Session::take(std::string_view type, const JsonObject& payload) {
  const Ref<Session> self(this);
  if (type == "ping") {
    line_->alone([self](engine::Turn&) {
      return at_once(self->door_.frame("pong", [&](JsonWriter& json) {
        json.open();
        json.field("timestamp", self->door_.engine.clock().now());
        json.close();
      }));
    });
  } else if (type == "read_receipt") {
    auto id = id_in<MessageId>(payload, "message_id", "MessageID");
    if (!id) return refuse(id.error(), type);
    line_->alone([self, id = *id](engine::Turn&) { return self->read(id); });
  } else if (type == "typing") {
    auto where = id_in<ConversationId>(payload, "conversation_id", "ConversationID");
    auto is_typing = payload.flag("is_typing");
    if (!where) return refuse(where.error(), type);
    if (!is_typing) return refuse(is_typing.error(), type);
    line_->alone([self, where = *where, on = is_typing->value_or(true)](engine::Turn&) {
      return self->typing(where, on);
    });
  } else if (type == "send_message") {
    auto command = new_message(payload);
    if (!command) return refuse(command.error(), type);
    line_->overlapping([self, command = std::move(*command)](engine::Turn& turn) mutable {
      return self->send(std::move(command), turn);
    });
  } else if (type == "call_signal") {
    auto call = call_signal(payload, user_);
    if (!call) return refuse(call.error(), type);
    line_->alone([self, call = std::move(*call)](engine::Turn&) mutable {
      if (call.rings) self->ring_the_absent(call.where, call.to, call.details);
      return self->call(call.where, call.to, call.details);
    });
  } else {
    refuse({Code::bad_request, "there is no frame of this type", {}}, type);
  }
}

Task<std::string> Session::send(engine::SendMessage command, engine::Turn& turn) {
  const engine::SendMessage asked = command;
  auto sent = co_await door_.engine.send(caller(), std::move(command), turn);
  if (!sent) co_return error_frame(reworded(std::move(sent).error(), asked), "send_message");
  was_sent(door_, *sent, device_);
  co_return door_.frame("message_ack", [&](JsonWriter& json) { write_sent(json, *sent->message); });
}

Task<std::string> Session::read(MessageId id) {
  auto moved = co_await read_message(door_, caller(), id);
  if (!moved) co_return error_frame(moved.error(), "read_receipt");
  if (*moved) door_.analyse("message_read", user_, device_, **moved, id);
  co_return std::string{};
}

Task<std::string> Session::typing(ConversationId where, bool is_typing) {
  auto told = co_await door_.engine.typing(caller(), where, is_typing);
  if (!told) co_return error_frame(as_stranger(std::move(told).error()), "typing");
  if (is_typing)
    door_.typing->began(user_, where);
  else
    door_.typing->forget(user_, where);
  co_return std::string{};
}

Task<std::string> Session::call(ConversationId where, std::optional<UserId> to,
                                std::string details) {
  Signal signal;
  signal.space = calls_space;
  signal.details = std::move(details);
  if (to) signal.to = {std::move(*to)};
  auto told = co_await door_.engine.call_in(caller(), where, std::move(signal));
  co_return told ? std::string{} : error_frame(as_stranger(std::move(told).error()), "call_signal");
}

// Whoever is called while they are away is told by the broker, if there is one.
void Session::ring_the_absent(ConversationId where, std::optional<UserId> to,
                              const std::string& details) {
  if (!door_.shared.push) return;
  auto ring = [self = Ref<Session>(this), where, to = std::move(to), details,
               pass = door_.commands.enter()](const Result<std::vector<Member>>& members) {
    if (!members) return;
    for (const Member& one : *members) {
      const bool called = one.user != self->user_ && (!to || *to == one.user);
      if (called && !self->door_.shared.presence->online(one.user))
        self->door_.shared.push(call_told(self->door_.shared.topics, where, one.user, details,
                                          self->door_.engine.fresh_key(),
                                          self->door_.engine.clock().now()));
    }
  };
  spawn(door_.engine.members(caller(), where, {}, all_of_them), std::move(ring));
}

// ---- events out

void Session::event(const Event& event, const Cursor& /*cursor*/, hub::Encodings& encodings) {
  if (socket_ == nullptr) return;
  door_.lately.saw(event);
  show(event, encodings);
  if (event.kind != EventKind::message_created || event.actor == user_) return;
  delivery_seconds().Observe(
      std::chrono::duration<double>(door_.engine.clock().now() - event.at).count());
  door_.analyse("message_delivered", user_, device_, event.conversation, event.message->id);
  took(event);
}

void Session::show(const Event& event, hub::Encodings& encodings) {
  if (type_name(event.kind).empty()) return;
  socket_->send(
      shell::shared_frame(encodings, event_slot, [&] { return event_frame(door_, event); }));
}

// What the socket has taken is delivered.
void Session::took(const Event& event) {
  const bool nothing_waits = taken_.empty();
  Seq& upto = taken_[event.conversation];
  upto = std::max(upto, event.seq);
  if (nothing_waits) telling_ = door_.loop.after(tell_after, [this] { tell_deliveries(); });
}

void Session::tell_deliveries() {
  for (const auto& [where, upto] : std::exchange(taken_, {})) {
    auto done = [self = Ref<Session>(this), pass = door_.commands.enter()](const auto& /*told*/) {};
    spawn(door_.engine.mark_delivered(caller(), where, upto), std::move(done));
  }
}

void Session::pointer(const Pointer& pointer, hub::Encodings& /*encodings*/) {
  if (socket_ == nullptr || pointer.user == user_) return;
  if (pointer.delivered_seq > pointer.delivered_before) show_delivered(pointer);
  if (!pointer.only_delivered && pointer.receipts) show_read(pointer);
}

// To the sender, once for each message and recipient.
void Session::show_delivered(const Pointer& pointer) {
  const auto tell = [](Session& self, const MessageId& id, const Pointer& about) {
    self.say(
        state_frame(self.door_, "message_delivered", id, about, self.door_.engine.clock().now()));
  };
  const auto known =
      door_.lately.by(user_, pointer.conversation, pointer.delivered_before, pointer.delivered_seq);
  if (known) {
    for (const MessageId& id : *known) tell(*this, id, pointer);
    return;
  }
  engine::HistoryQuery query{
      engine::HistoryQuery::Mode::after, pointer.delivered_before,
      std::min<std::size_t>(pointer.delivered_seq.value - pointer.delivered_before.value, 200)};
  auto done = [self = Ref<Session>(this), pointer, tell,
               pass = door_.commands.enter()](const Result<std::vector<Message>>& found) {
    if (!found) return;
    for (const Message& one : *found)
      if (one.sender == self->user_ && one.seq <= pointer.delivered_seq && !one.gone())
        tell(*self, one.id, pointer);
  };
  spawn(door_.engine.history(caller(), pointer.conversation, query), std::move(done));
}

void Session::show_read(const Pointer& pointer) {
  auto done = [self = Ref<Session>(this), pointer,
               pass = door_.commands.enter()](const Result<std::vector<Message>>& read) {
    if (!read) return;
    for (const Message& one : *read)
      if (one.sender == self->user_)
        self->say(state_frame(self->door_, "message_read", one.id, pointer, pointer.at));
  };
  spawn(door_.engine.newly_read(caller(), pointer), std::move(done));
}

void Session::signal(const Signal& signal, hub::Encodings& encodings) {
  if (socket_ == nullptr || signal.origin == origin_) return;
  auto passing = [&](std::string_view type, const std::function<void(JsonWriter&)>& fields) {
    socket_->send(
        shell::shared_frame(encodings, passing_slot, [&] { return door_.frame(type, fields); }));
  };
  switch (signal.kind) {
    case Signal::Kind::typing:
      return passing("typing", [&](JsonWriter& json) {
        write_typing(json, signal, door_.engine.clock().now());
      });
    case Signal::Kind::call:
      if (signal.space != calls_space) return;
      return passing("call_signal", [&](JsonWriter& json) { json.raw(signal.details); });
    case Signal::Kind::logout:
      return close(1000, "logged out");
    default:
      return;
  }
}

Task<bool> Session::ready() { return shell::can_take_more(door_.loop, socket_); }

}  // namespace parley::echo
