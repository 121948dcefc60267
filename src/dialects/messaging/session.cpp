#include "dialects/messaging/session.h"

#include <algorithm>
#include <array>

#include "base/clip.h"
#include "dialects/messaging/call.h"
#include "dialects/messaging/figures.h"
#include "dialects/messaging/keys.h"
#include "dialects/shell/shell.h"

namespace parley::messaging {
namespace {

constexpr std::size_t frame_slack = 64;  // as net promises
constexpr std::size_t request_id_max = 64;
constexpr std::array statuses{"online", "away", "busy", "offline"};

Task<std::string> at_once(std::string answer) { co_return answer; }

std::string error_frame(std::string_view code, std::string_view text, std::string_view request_id) {
  return frame("error", [&](JsonWriter& json) {
    json.open();
    json.field("code", code);
    json.field("message", text);
    if (!request_id.empty()) json.field("request_id", request_id);
    json.close();
  });
}

std::string ack_frame(std::string_view request_id, std::string_view data) {
  std::string out;
  JsonWriter json(out);
  json.open();
  json.field("type", "ack");
  json.field("request_id", request_id);
  json.raw_field("data", data.empty() ? "{}" : data);
  json.close();
  return out;
}

template <class T>
Result<T> id_in(const Fields& fields, std::string_view name) {
  TRY(text, fields.text(name));
  if (!text) return fail(Code::bad_request, std::string(name) + " is required");
  return id_of<T>(*text);
}

// Runs the work and says what came of it, if anybody wants to know.
Task<std::string> answered(Task<Result<std::string>> work, std::string request_id) {
  auto done = co_await std::move(work);
  if (!done)
    co_return error_frame("HANDLE_ERROR",
                          done.error().detail.empty() ? std::string(title_of(done.error().code))
                                                      : done.error().detail,
                          request_id);
  co_return request_id.empty() ? std::string{} : ack_frame(request_id, *done);
}

}  // namespace

std::unique_ptr<net::SocketHandler> make_session(Door& door, UserId user,
                                                 std::optional<Time> expires) {
  return shell::make_shell<Session>(door, std::move(user), expires);
}

Session::Session(Door& door, UserId user, std::optional<Time> expires)
    : door_(door),
      user_(std::move(user)),
      expires_(expires),
      connection_(door.engine.fresh_key()),
      line_(make_ref<line::Line>([this](const std::string& answer) { say(answer); },
                                 door.commands)) {}
Session::~Session() = default;

void Session::opened(net::Socket& socket) {
  socket_ = &socket;
  origin_ = shell::origin_of(door_.loop, socket);
  first_ = door_.shared.presence->came(user_, door_.engine.clock().now()) == 1;
  if (door_.shared.keys)
    door_.shared.keys->came(user_, connection_, door_.shared.presence->status(user_));
  door_.sessions.insert(this);
  connections().Increment();
  if (expires_) {
    const auto left = shell::until_token_is_over(*expires_, door_.engine.clock().now());
    expiry_ = door_.loop.after(left, [this] { close(4001, "the token has expired"); });
  }
  line_->alone([self = Ref<Session>(this)](engine::Turn&) { return self->arrive(); });
}

void Session::closed() {
  socket_ = nullptr;
  line_->close();
  door_.loop.cancel(expiry_);
  leave();
  door_.sessions.erase(this);
  connections().Decrement();
  if (stream_) stream_->close();
}

void Session::go_away() { close(1001, "the server is going away"); }

Task<std::string> Session::arrive() {
  stream_.emplace(door_.engine, *this, caller());
  auto now = co_await stream_->open(std::nullopt);
  if (now) {
    if (first_) announce("online");
    auto live = co_await stream_->catch_up();
    if (live) co_return std::string{};
  }
  close(1013, "the store can't be read now");
  co_return std::string{};
}

// To those who share a conversation, and to the other devices.
void Session::announce(std::string_view status) {
  if (!stream_) return;
  Signal signal = shell::presence_of(user_, status, stream_->follows(), origin_);
  signal.to = {user_};
  door_.engine.tell(signal);
}

void Session::leave() {
  if (door_.shared.keys) door_.shared.keys->went(user_, connection_);
  const bool was_seen = door_.shared.presence->status(user_) != "offline";
  if (door_.shared.presence->went(user_) != 0) return;
  if (was_seen) announce("offline");
  auto kept = [self = Ref<Session>(this), pass = door_.commands.enter()](const auto& /*done*/) {};
  spawn(door_.shared.profiles->keep_left(door_.engine, caller()), std::move(kept));
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
  if (!type || !*type) {
    refuse("INVALID_MESSAGE", "a frame must be a JSON object with a type", "");
  } else {
    auto data = parsed->object("data");
    take(**type, Fields(*parsed, data ? data->value_or(JsonObject{}) : JsonObject{}));
  }
  pace_.asked(socket_, line_->waiting());
}

// In its place among the answers.
void Session::refuse(std::string_view code, std::string_view text, std::string_view request_id) {
  line_->alone(
      [answer = error_frame(code, text, request_id)](engine::Turn&) { return at_once(answer); });
}

void Session::take(std::string_view type, const Fields& fields) {
  auto id = fields.text("request_id");
  std::string request_id(id ? first_code_points(id->value_or(""), request_id_max)
                            : std::string_view{});
  const auto verdict = door_.shared.frames->take(user_.text, door_.engine.clock().instant());
  if (!verdict.allowed) return refuse("RATE_LIMITED", "too many frames; wait a moment", request_id);
  if (type == "ping") {
    line_->alone([](engine::Turn&) { return at_once(R"({"type":"pong"})"); });
    if (!request_id.empty())
      line_->alone([ack = ack_frame(request_id, "")](engine::Turn&) { return at_once(ack); });
    return;
  }
  Order order = Order::alone;
  auto work = work_for(type, fields, order);
  if (!work) return refuse("HANDLE_ERROR", work.error().detail, request_id);
  run(order, std::move(request_id), std::move(*work));
}

void Session::run(Order order, std::string request_id, Work work) {
  auto command = [request_id = std::move(request_id), work = std::move(work)](
                     engine::Turn& turn) mutable { return answered(work(turn), request_id); };
  if (order == Order::overlapping)
    line_->overlapping(std::move(command));
  else
    line_->alone(std::move(command));
}

// Each reads what it needs of the frame now: it is gone when the work begins.
Result<Session::Work> Session::work_for(std::string_view type, const Fields& fields, Order& order) {
  const Ref<Session> self(this);
  if (type == "message.send") {
    order = Order::overlapping;
    TRY(where, id_in<ConversationId>(fields, "conversation_id"));
    TRY(own_type, fields.inside().text("type"));
    TRY(flat_type, fields.text("message_type"));
    TRY(command, new_message(fields, where, own_type ? *own_type : flat_type.value_or("")));
    return Work([self, command = std::move(command)](engine::Turn& turn) mutable {
      return self->send(std::move(command), turn);
    });
  }
  if (type == "typing.start" || type == "typing.stop") {
    TRY(where, id_in<ConversationId>(fields, "conversation_id"));
    return Work([self, where, on = type == "typing.start"](engine::Turn&) {
      return self->typing(where, on);
    });
  }
  if (type == "presence.update") {
    TRY(status, fields.text("status"));
    if (!status || std::ranges::find(statuses, *status) == statuses.end())
      return fail(Code::bad_request, "status must be online, away, busy or offline");
    return Work([self, status = std::string(*status)](engine::Turn&) {
      return self->set_presence(status);
    });
  }
  if (type == "message.read") {
    TRY(id, id_in<MessageId>(fields, "message_id"));
    return Work([self, id](engine::Turn&) { return self->read(id); });
  }
  if (type == "message.edit") {
    TRY(id, id_in<MessageId>(fields, "message_id"));
    TRY(content, fields.text("content"));
    if (!content || content->empty()) return fail(Code::bad_request, "content is required");
    return Work([self, id, text = std::string(*content)](engine::Turn& turn) {
      return self->edit(id, text, turn);
    });
  }
  if (type == "message.delete") {
    TRY(id, id_in<MessageId>(fields, "message_id"));
    return Work([self, id](engine::Turn& turn) { return self->remove(id, turn); });
  }
  if (type == "reaction.add" || type == "reaction.remove") {
    TRY(id, id_in<MessageId>(fields, "message_id"));
    TRY(emoji, fields.text("emoji"));
    return Work([self, id, emoji = std::string(emoji.value_or("")), on = type == "reaction.add"](
                    engine::Turn& turn) { return self->react(id, emoji, on, turn); });
  }
  return fail(Code::bad_request, "there is no frame of this type");
}

Task<Session::Answer> Session::send(engine::SendMessage command, engine::Turn& turn) {
  auto sent = co_await door_.engine.send(caller(), std::move(command), turn);
  if (!sent) co_return send_refused(std::move(sent).error());
  if (!sent->repeated) messages_sent().Increment();
  std::string out;
  JsonWriter json(out);
  json.time_digits(time_digits);
  write_message(json, door_.shared, *sent->message, user_);
  co_return out;
}

Task<Session::Answer> Session::read(MessageId id) {
  CO_TRY(message, co_await living_message(door_, caller(), id));
  CO_TRY_DO(co_await door_.engine.mark_read(caller(), message.conversation, id,
                                            engine::Engine::Receipt::told,
                                            engine::Engine::Extent::up_to_it_told_alone));
  co_return std::string{};
}

Task<Session::Answer> Session::edit(MessageId id, std::string text, engine::Turn& turn) {
  engine::EditMessage command{id, std::move(text), {}, {}};
  CO_TRY_DO(co_await door_.engine.edit(caller(), std::move(command), turn));
  co_return std::string{};
}

Task<Session::Answer> Session::remove(MessageId id, engine::Turn& turn) {
  CO_TRY_DO(co_await living_message(door_, caller(), id));
  CO_TRY_DO(co_await door_.engine.remove_message(caller(), id, turn));
  co_return std::string{};
}

Task<Session::Answer> Session::react(MessageId id, std::string emoji, bool on, engine::Turn& turn) {
  CO_TRY_DO(co_await door_.engine.react(caller(), id, std::move(emoji), on, turn));
  co_return std::string{};
}

// It ends by itself some time after the last start.
Task<Session::Answer> Session::typing(ConversationId where, bool is_typing) {
  CO_TRY_DO(co_await door_.engine.typing(caller(), where, is_typing));
  if (is_typing)
    door_.typing->began(user_, where);
  else
    door_.typing->forget(user_, where);
  co_return std::string{};
}

Task<Session::Answer> Session::set_presence(std::string status) {
  if (door_.shared.presence->say(user_, status)) {
    if (door_.shared.keys) door_.shared.keys->said(user_, status);
    announce(status);
  }
  co_return std::string{};
}

Task<bool> Session::ready() { return shell::can_take_more(door_.loop, socket_); }

}  // namespace parley::messaging
