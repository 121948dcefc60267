#include "dialects/pulse/session.h"

#include <algorithm>

#include "dialects/pulse/call.h"
#include "dialects/pulse/figures.h"
#include "dialects/pulse/incoming.h"
#include "dialects/shell/shell.h"

namespace parley::pulse {
namespace {

constexpr std::size_t frame_slack = 64;  // as net promises
constexpr std::size_t waiting_max = 256;
constexpr std::size_t contacts_shown = 200;
constexpr std::chrono::seconds between_refusals{1};

enum Slot : std::size_t { event_slot = 8, passing_slot = 9 };

std::string error_frame(const Error& error) {
  return frame("error", [&](JsonWriter& json) {
    json.open();
    json.field("error",
               error.detail.empty() ? title_of(error.code) : std::string_view(error.detail));
    json.close();
  });
}

std::string presence_frame(const UserId& user, std::string_view status, Time now) {
  return frame("presence", [&](JsonWriter& json) {
    json.open();
    json.field("user_id", user.text);
    json.field("status", status_here(status));
    json.field("last_seen",
               std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count());
    json.close();
  });
}

std::string typing_frame(const Signal& signal, Time now) {
  return frame("typing", [&](JsonWriter& json) {
    json.open();
    id_field(json, "conversation_id", signal.conversation);
    json.field("user_id", signal.user.text);
    json.field("is_typing", signal.on);
    json.field("timestamp", now);
    json.close();
  });
}

std::string read_frame(const MessageId& message, const Pointer& pointer) {
  return frame("read", [&](JsonWriter& json) {
    json.open();
    id_field(json, "message_id", message);
    id_field(json, "conversation_id", pointer.conversation);
    json.field("user_id", pointer.user.text);
    json.field("read_at", pointer.at);
    json.close();
  });
}

std::string notification_frame(const Signal& signal) {
  return frame("notification", [&](JsonWriter& json) {
    json.open();
    json.field("type", "notification.created");
    json.raw_field("data", signal.details);
    json.close();
  });
}

}  // namespace

std::unique_ptr<net::SocketHandler> make_session(Door& door, UserId user,
                                                 std::optional<Time> expires,
                                                 shell::Headcount::Place place) {
  return shell::make_shell<Session>(door, std::move(user), expires, std::move(place));
}

Session::Session(Door& door, UserId user, std::optional<Time> expires,
                 shell::Headcount::Place place)
    : door_(door),
      user_(std::move(user)),
      expires_(expires),
      place_(std::move(place)),
      line_(make_ref<line::Line>([this](const std::string& answer) { say(answer); },
                                 door.commands)) {}
Session::~Session() = default;

void Session::opened(net::Socket& socket) {
  socket_ = &socket;
  origin_ = shell::origin_of(door_.loop, socket);
  first_ = door_.shared.presence->came(user_, door_.engine.clock().now()) == 1;
  connection_ = std::to_string(door_.random.next());
  door_.sessions.insert(this);
  connections().Increment();
  if (expires_) {
    const auto left = shell::until_token_is_over(*expires_, door_.engine.clock().now());
    expiry_ = door_.loop.after(
        left, [this] { close(close_code(Code::token_expired), "the token has expired"); });
  }
  line_->alone([self = Ref<Session>(this)](engine::Turn&) { return self->arrive(); });
}

void Session::closed() {
  socket_ = nullptr;
  line_->close();
  door_.loop.cancel(expiry_);
  if (door_.shared.presence->went(user_) == 0) announce("offline");
  if (door_.shared.keys) door_.shared.keys->went(user_, connection_);
  door_.sessions.erase(this);
  place_.reset();
  connections().Decrement();
  if (stream_) stream_->close();
}

Task<std::string> Session::arrive() {
  stream_.emplace(door_.engine, *this, caller());
  auto live = co_await go_live();
  if (!live) close(close_code(Code::unavailable), "the store can't be read now");
  co_return std::string{};
}

// All reading comes before the greeting: from it on nothing is missed.
Task<Result<void>> Session::go_live() {
  CO_TRY_DO(co_await stream_->open(std::nullopt));
  CO_TRY(contacts, co_await door_.engine.contacts(caller()));
  CO_TRY(open, co_await door_.engine.not_blocking(caller(), std::move(contacts)));
  if (door_.shared.keys) co_await door_.shared.keys->came(user_, connection_);
  if (socket_ == nullptr) {
    if (door_.shared.keys) door_.shared.keys->went(user_, connection_);
    co_return Error{Code::unavailable, "the connection was closed", {}};
  }
  say(frame("authenticated", [&](JsonWriter& json) {
    json.open();
    json.field("user_id", user_.text);
    json.field("connected", true);
    json.close();
  }));
  show_who_is_there(open);
  if (first_) announce("online");
  co_return co_await stream_->catch_up();
}

void Session::show_who_is_there(const std::vector<UserId>& contacts) {
  const Time now = door_.engine.clock().now();
  std::size_t shown = 0;
  for (const UserId& one : contacts) {
    const std::string status = door_.shared.presence->status(one);
    if (status == "offline") continue;
    say(presence_frame(one, status, now));
    if (++shown == contacts_shown) return;
  }
}

// To those who share a conversation.
void Session::announce(std::string_view status) {
  if (stream_) door_.engine.tell(shell::presence_of(user_, status, stream_->follows(), origin_));
}

void Session::say(std::string_view frame) {
  if (socket_ != nullptr && !frame.empty()) socket_->send_text(frame);
}

void Session::close(std::uint16_t code, std::string_view reason) {
  if (socket_ != nullptr) socket_->close(code, reason);
}

// ---- frames in

void Session::message(std::string_view payload, bool binary) {
  auto taken = binary ? Result<void>(fail(Code::bad_request, "frames are text")) : take(payload);
  if (!taken) refuse(taken.error());
}

// What is wrong is told, but not as often as it may come.
void Session::refuse(const Error& error) {
  const Instant now = door_.engine.clock().instant();
  if (refused_at_ && now - *refused_at_ < between_refusals) return;
  refused_at_ = now;
  say(error_frame(error));
}

Result<void> Session::take(std::string_view payload) {
  TRY(frame, parse_json_object(payload, frame_slack, Code::bad_request));
  TRY(type, frame.needed_text("type"));
  TRY(inside, frame.object("payload"));
  if (!inside) return fail(Code::bad_request, "payload must be an object");
  if (line_->waiting() >= waiting_max)
    return fail(Code::rate_limited, "too many frames; wait a moment");
  if (type == "typing") return take_typing(*inside);
  if (type == "presence") return take_presence(*inside);
  return fail(Code::bad_request, "type must be typing or presence");
}

Result<void> Session::take_typing(const JsonObject& payload) {
  TRY(text, payload.needed_text("conversation_id"));
  TRY(where, id_of<ConversationId>(text));
  TRY(on, payload.flag("is_typing"));
  if (!on) return fail(Code::bad_request, "is_typing must be true or false");
  if (!typing_.take(user_.text, door_.engine.clock().instant()).allowed) return {};
  line_->alone([self = Ref<Session>(this), where, is_typing = *on](engine::Turn&) {
    return self->typing(where, is_typing);
  });
  return {};
}

Result<void> Session::take_presence(const JsonObject& payload) {
  TRY(status, payload.needed_text("status"));
  if (status != "away" && status != "online")
    return fail(Code::bad_request, "status must be away or online");
  line_->alone([self = Ref<Session>(this), status = std::string(status)](engine::Turn&) {
    return self->set_status(status);
  });
  return {};
}

Task<std::string> Session::typing(ConversationId where, bool is_typing) {
  auto told = co_await door_.engine.typing(caller(), where, is_typing);
  if (!told) refuse(told.error());
  co_return std::string{};
}

Task<std::string> Session::set_status(std::string status) {
  if (door_.shared.presence->say(user_, status)) announce(status);
  if (door_.shared.keys) door_.shared.keys->say(user_, status);
  co_return std::string{};
}

// ---- events out

void Session::event(const Event& event, const Cursor& /*cursor*/, hub::Encodings& encodings) {
  if (socket_ == nullptr || event.kind != EventKind::message_created) return;
  socket_->send(shell::shared_frame(encodings, event_slot, [&] {
    return frame("message", [&](JsonWriter& json) { write_message(json, *event.message); });
  }));
}

void Session::pointer(const Pointer& pointer, hub::Encodings& encodings) {
  if (socket_ == nullptr || pointer.marked.empty() || pointer.silently) return;
  if (!pointer.receipts && pointer.user != user_) return;
  if (!pointer.message.empty() && pointer.marked.front() == SeqSpan{pointer.upto, pointer.upto}) {
    socket_->send(shell::shared_frame(encodings, event_slot,
                                      [&] { return read_frame(pointer.message, pointer); }));
    return;
  }
  // Read up to somewhere, at another door: each message is told here.
  auto done = [self = Ref<Session>(this), pointer,
               pass = door_.commands.enter()](const Result<std::vector<Message>>& read) {
    if (!read) return;
    for (const Message& one : *read) self->say(read_frame(one.id, pointer));
  };
  spawn(door_.engine.newly_read(caller(), pointer), std::move(done));
}

void Session::signal(const Signal& signal, hub::Encodings& encodings) {
  if (socket_ == nullptr) return;
  const Time now = door_.engine.clock().now();
  switch (signal.kind) {
    case Signal::Kind::typing:
      socket_->send(
          shell::shared_frame(encodings, passing_slot, [&] { return typing_frame(signal, now); }));
      return;
    case Signal::Kind::presence:
      if (signal.user == user_) return;
      socket_->send(shell::shared_frame(encodings, passing_slot, [&] {
        return presence_frame(signal.user,
                              !signal.on               ? "offline"
                              : signal.details.empty() ? "online"
                                                       : std::string_view(signal.details),
                              now);
      }));
      return;
    case Signal::Kind::notification:
      if (signal.space != notifications_space) return;
      socket_->send(
          shell::shared_frame(encodings, passing_slot, [&] { return notification_frame(signal); }));
      return;
    case Signal::Kind::logout:
      return close(close_code(Code::revoked), "logged out");
    default:
      return;
  }
}

Task<bool> Session::ready() { return shell::can_take_more(door_.loop, socket_); }

}  // namespace parley::pulse
