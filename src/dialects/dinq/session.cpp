#include "dialects/dinq/session.h"

#include <algorithm>

#include "dialects/dinq/notifications.h"
#include "dialects/dinq/wire.h"
#include "dialects/shell/shell.h"
#include "engine/decide.h"

namespace parley::dinq {
namespace {

constexpr std::size_t frame_slack = 64;  // as net promises
constexpr std::uint16_t too_many_devices = 1000;

enum Slot : std::size_t { message_slot = 2, passing_slot = 3 };

Task<std::string> at_once(std::string answer) { co_return answer; }

bool says_null(std::string_view payload) {
  constexpr std::string_view blanks = " \t\r\n";
  const auto begin = payload.find_first_not_of(blanks);
  return begin != std::string_view::npos &&
         payload.substr(begin, payload.find_last_not_of(blanks) - begin + 1) == "null";
}

bool mentions(const Message& message, const UserId& user) {
  return message.sender != user && std::ranges::any_of(message.mentions, [&](const Mention& one) {
           return one.user == user || one.user.empty();
         });
}

std::string update_frame(const Event& event, std::uint64_t unread, bool muted) {
  return frame("conversation_update", [&](JsonWriter& json) {
    json.open();
    json.field("conversation_id", event.conversation);
    json.field("last_message_time", event.message->created_at);
    auto text = preview(*event.message);
    if (text)
      json.field("last_message_text", *text);
    else
      json.null_field("last_message_text");
    json.field("unread_count", unread);
    if (muted) json.field("is_muted", true);
    json.close();
  });
}

std::string mention_frame(const Message& message) {
  return frame("mention", [&](JsonWriter& json) {
    json.open();
    json.field("conversation_id", message.conversation);
    json.field("message_id", message.id);
    json.field("sender_id", message.sender.text);
    json.field("content", preview(message).value_or(""));
    json.close();
  });
}

}  // namespace

std::unique_ptr<net::SocketHandler> make_session(Door& door, UserId user) {
  return shell::make_shell<Session>(door, std::move(user));
}

Session::Session(Door& door, UserId user)
    : door_(door),
      user_(std::move(user)),
      line_(
          make_ref<line::Line>([this](const std::string& answer) { say(answer); }, door.commands)),
      counts_(user_) {}
Session::~Session() = default;

void Session::opened(net::Socket& socket) {
  socket_ = &socket;
  origin_ = shell::origin_of(door_.loop, socket);
  place_ = door_.shared.sockets->enter(user_, door_.shared.devices_max);
  if (!place_) {
    const std::string why =
        "Maximum " + std::to_string(door_.shared.devices_max) + " devices allowed";
    say(frame("error", [&](JsonWriter& json) {
      json.open();
      json.field("code", "too_many_devices");
      json.field("message", why);
      json.close();
    }));
    return close(too_many_devices, why);
  }
  first_ = door_.shared.presence->came(user_, door_.engine.clock().now()) == 1;
  counted_ = true;
  door_.sessions.insert(this);
  line_->alone([self = Ref<Session>(this)](engine::Turn&) { return self->arrive(); });
}

void Session::closed() {
  socket_ = nullptr;
  line_->close();
  leave();
  place_.reset();
  door_.sessions.erase(this);
  if (stream_) stream_->close();
}

void Session::go_away() { close(1001, "the server is going away"); }

void Session::say(std::string_view frame) {
  put(net::Frame::text(frame));
  pace_.answered(socket_, line_->waiting());
}

void Session::put(net::FrameRef frame) {
  if (socket_ == nullptr) return;
  if (holding_ == 0)
    socket_->send(std::move(frame));
  else
    behind_.push_back(std::move(frame));
}

// Who has the acknowledgement of a message finds what it says in Redis, too.
void Session::hold_until_carried(const Event& event) {
  if (!door_.shared.log_keys || event.origin != origin_) return;
  ++holding_;
  auto go_on = [self = Ref<Session>(this), pass = door_.commands.enter()] {
    if (--self->holding_ > 0) return;
    for (net::FrameRef& frame : std::exchange(self->behind_, {})) self->put(std::move(frame));
  };
  spawn(door_.shared.log_keys.carried(event.position), std::move(go_on));
}

void Session::close(std::uint16_t code, std::string_view reason) {
  if (socket_ != nullptr) socket_->close(code, reason);
}

// ---- frames in

void Session::message(std::string_view payload, bool /*binary*/) {
  auto parsed = parse_json_object(payload, frame_slack);
  if (!parsed && says_null(payload)) return;
  auto type = parsed ? parsed->text("type")
                     : Result<std::optional<std::string_view>>(std::unexpected(parsed.error()));
  if (!type) {
    line_->alone([](engine::Turn&) { return at_once(error_frame("Invalid JSON format")); });
  } else if (*type) {
    auto data = parsed->object("data");
    if (data) {
      take(**type, data->value_or(JsonObject{}));
    } else if (**type == "message") {
      line_->overlapping([](engine::Turn& turn) {
        turn.pass();
        return at_once(error_frame("Invalid message format"));
      });
    } else if (**type == "recall" || **type == "call") {
      take(**type, JsonObject{});
    }
  }
  pace_.asked(socket_, line_->waiting());
}

// ---- events out

void Session::found(const Found& found) {
  counts_.begin(found.memberships);
  for (const auto& [conversation, member] : found.memberships) {
    if (!member.present() || conversation.deleted_seq.value != 0) continue;
    const Own own{.muted = member.own.muted_until != Time{}, .receipts = member.own.read_receipts};
    if (!own.usual()) own_[conversation.id] = own;
    if (conversation.type != ConversationType::direct) continue;
    partners_.insert(conversation.direct_low == user_ ? conversation.direct_high
                                                      : conversation.direct_low);
  }
}

void Session::event(const Event& event, const Cursor& /*cursor*/, hub::Encodings& encodings) {
  const bool seen = door_.shared.presence->is_looking(user_, event.conversation);
  counts_.told(event, seen);
  if (socket_ == nullptr) return;
  if (event.kind == EventKind::message_created) return show_message(event, encodings);
  if (event.kind == EventKind::message_recalled) {
    put(shell::shared_frame(encodings, message_slot, [&] {
      return frame("recalled", [&](JsonWriter& json) {
        json.open();
        json.field("message_id", event.target);
        json.close();
      });
    }));
  }
  if (event.kind == EventKind::conversation_created && event.place == ConversationType::direct)
    for (const UserId& user : event.joined)
      if (user != user_) partners_.insert(user);
}

void Session::show_message(const Event& event, hub::Encodings& encodings) {
  const Message& message = *event.message;
  auto message_frame = [&](bool can_send) {
    return frame("message", [&](JsonWriter& json) { write_live(json, message, can_send); });
  };
  if (event.actor == user_) {
    const bool waits = engine::waits_for_answer(event, door_.shared.settings->policy());
    hold_until_carried(event);
    return say(message_frame(!waits));
  }
  say(update_frame(event, counts_.of(event.conversation), own(event.conversation).muted));
  say_unread(event.conversation);
  put(shell::shared_frame(encodings, message_slot, [&] { return message_frame(true); }));
  if (mentions(message, user_)) say(mention_frame(message));
  if (looking_at_ == event.conversation) read_at_once(event);
}

// What comes while it is on the screen is read without being told to anybody.
void Session::read_at_once(const Event& event) {
  auto done = [self = Ref<Session>(this), pass = door_.commands.enter()](const auto& /*moved*/) {};
  spawn(door_.engine.mark_read(caller(), event.conversation, event.message->id,
                               engine::Engine::Receipt::silent, engine::Engine::Extent::only_it),
        std::move(done));
}

void Session::pointer(const Pointer& pointer, hub::Encodings& /*encodings*/) {
  if (pointer.only_delivered) return;
  if (pointer.user == user_) {
    counts_.told(pointer);
    if (!pointer.silently) say_unread(pointer.conversation);
    return;
  }
  if (door_.shared.settings->on("enable_read_receipt") && own(pointer.conversation).receipts)
    show_read(pointer);
}

void Session::show_read(const Pointer& pointer) {
  auto read_frame = [](const Pointer& pointer, const MessageId& message) {
    return frame("read", [&](JsonWriter& json) {
      json.open();
      json.field("conversation_id", pointer.conversation);
      json.field("message_id", message);
      json.field("reader_id", pointer.user.text);
      json.close();
    });
  };
  if (!pointer.message.empty()) return say(read_frame(pointer, pointer.message));
  // Read at a door that counts events: this wire names the last message up to there.
  engine::HistoryQuery query{engine::HistoryQuery::Mode::before, Seq{pointer.read_seq.value + 1},
                             1};
  auto done = [self = Ref<Session>(this), pointer, read_frame,
               pass = door_.commands.enter()](const Result<std::vector<Message>>& found) {
    if (found && !found->empty()) self->say(read_frame(pointer, found->front().id));
  };
  spawn(door_.engine.history(caller(), pointer.conversation, query), std::move(done));
}

void Session::unread(const ConversationId& where, std::uint64_t count) {
  counts_.told(where, count);
  say_unread(where);
}

void Session::say_unread(const ConversationId& where) {
  say(frame("unread_count_update", [&](JsonWriter& json) {
    json.open();
    json.field("conversation_id", where);
    json.field("unread_count", counts_.of(where));
    json.close();
  }));
}

void Session::signal(const Signal& signal, hub::Encodings& encodings) {
  using Kind = Signal::Kind;
  if (socket_ == nullptr || (signal.origin == origin_ && signal.kind == Kind::call)) return;
  auto passing = [&](std::string_view type, const std::function<void(JsonWriter&)>& fields) {
    put(shell::shared_frame(encodings, passing_slot, [&] { return frame(type, fields); }));
  };
  switch (signal.kind) {
    case Kind::typing:
      if (!signal.on || !door_.shared.settings->on("enable_typing_indicator")) return;
      return passing("typing", [&](JsonWriter& json) {
        json.open();
        json.field("conversation_id", signal.conversation);
        json.field("user_id", signal.user.text);
        json.close();
      });
    case Kind::presence:
      return passing("online_status_update", [&](JsonWriter& json) {
        json.open();
        json.field("user_id", signal.user.text);
        json.field("is_online", signal.on);
        json.close();
      });
    case Kind::call:
      if (signal.space != calls_space) return;
      return passing("call", [&](JsonWriter& json) { json.raw(signal.details); });
    case Kind::notification:
      if (signal.space != notifications_space) return;
      return passing("notification", [&](JsonWriter& json) { json.raw(signal.details); });
    case Kind::own_settings: {
      auto now = parse_json_object(signal.details);
      if (!now) return;
      own_[signal.conversation] = {
          .muted = now->flag("is_muted").value_or(false).value_or(false),
          .receipts = now->flag("read_receipt").value_or(true).value_or(true)};
      return;
    }
    case Kind::logout:
      return close(1000, "logged out");
    case Kind::reading:
    case Kind::blocks:
    case Kind::changed:
      return;
  }
}

Session::Own Session::own(const ConversationId& where) const {
  auto at = own_.find(where);
  return at == own_.end() ? Own{} : at->second;
}

Task<bool> Session::ready() { return shell::can_take_more(door_.loop, socket_); }

}  // namespace parley::dinq
