#include "dialects/native/session.h"

#include <algorithm>

#include "dialects/native/call.h"
#include "dialects/native/parse.h"
#include "dialects/native/presence.h"
#include "dialects/native/wire.h"
#include "dialects/shell/shell.h"

namespace parley::native {
namespace {

constexpr std::size_t frame_slack = 64;  // as net promises
constexpr std::chrono::seconds hello_within{30};

enum Slot : std::size_t { event_slot = 0, unread_slot = 1 };

}  // namespace

std::unique_ptr<net::SocketHandler> make_session(Door& door, Identified who) {
  return shell::make_shell<Session>(door, std::move(who));
}

Session::Session(Door& door, Identified who) : door_(door), who_(std::move(who)) {}
Session::~Session() = default;

void Session::opened(net::Socket& socket) {
  socket_ = &socket;
  who_.caller.origin = shell::origin_of(door_.loop, socket);
  door_.sessions.insert(this);
  watch_expiry();
  hello_timer_ = door_.loop.after(hello_within, [this] {
    close(close_code(Code::unauthorized), "hello was not said in time");
  });
}

void Session::closed() {
  socket_ = nullptr;
  door_.sessions.erase(this);
  if (present_ && door_.shared.presence->went(who_.caller.user) == 0)
    tell_departure(door_, who_.caller.user);
  door_.loop.cancel(expiry_timer_);
  door_.loop.cancel(hello_timer_);
  if (deliveries_) deliveries_->tell_all();
  deliveries_.reset();
  door_.shared.devices->went(session_id());
  backlog_.clear();
  if (stream_) stream_->close();
}

void Session::drain(std::chrono::milliseconds reconnect_in) {
  std::string out;
  JsonWriter json(out);
  json.open();
  json.field("type", "drain");
  json.key("data");
  json.open();
  json.field("reconnect_in_ms", reconnect_in.count());
  json.close();
  json.close();
  send_frame(out);
}

void Session::send_frame(std::string_view json) {
  if (socket_ != nullptr) socket_->send_text(json);
}

void Session::close(std::uint16_t code, std::string_view reason) {
  if (socket_ != nullptr) socket_->close(code, reason);
}

void Session::watch_expiry() {
  if (!who_.expires) return;
  door_.loop.cancel(expiry_timer_);
  auto left =
      std::chrono::ceil<std::chrono::milliseconds>(*who_.expires - door_.engine.clock().now());
  expiry_timer_ =
      door_.loop.after(std::max(left, std::chrono::milliseconds{0}) + door_.shared.token_grace,
                       [this] { close(close_code(Code::token_expired), "the token has expired"); });
}

// ---- events out

void Session::event(const Event& event, const Cursor& cursor, hub::Encodings& encodings) {
  // The connection that sent the command gets its ok instead.
  if (socket_ == nullptr || event.origin == who_.caller.origin) return;
  const bool differs = event.kind == EventKind::message_updated && event.message &&
                       !event.message->reactions.empty();
  if (differs)
    send_frame(event_json(event, cursor, who_.caller.user));
  else
    socket_->send(
        shell::shared_frame(encodings, event_slot, [&] { return event_json(event, cursor); }));
  if (event.kind == EventKind::message_created && event.actor != who_.caller.user) took(event);
  bool joined = event.kind == EventKind::member_added && event.subject == who_.caller.user;
  if (joined && state_ == State::live) send_frame(unread_updated_json(event.conversation, 0));
}

void Session::pointer(const Pointer& pointer, hub::Encodings& encodings) {
  if (socket_ == nullptr || pointer.origin == who_.caller.origin) return;
  if (pointer.only_delivered) {
    socket_->send(shell::shared_frame(encodings, event_slot,
                                      [&] { return delivered_updated_json(pointer); }));
    return;
  }
  if (pointer.receipts && pointer.read_seq > pointer.read_before)
    socket_->send(
        shell::shared_frame(encodings, event_slot, [&] { return read_updated_json(pointer); }));
  // While it catches up, all counts come at the end.
  if (pointer.user == who_.caller.user && state_ == State::live)
    socket_->send(shell::shared_frame(encodings, unread_slot, [&] {
      return unread_updated_json(pointer.conversation, pointer.unread);
    }));
}

void Session::synced(const Cursor& cursor, const std::vector<Unread>& unread) {
  for (const Unread& one : unread) send_frame(unread_updated_json(one.conversation, one.count));
  std::string out;
  JsonWriter json(out);
  json.open();
  json.field("type", "synced");
  json.field("cursor", cursor.text());
  json.close();
  send_frame(out);
  state_ = State::live;
}

void Session::signal(const Signal& signal, hub::Encodings& encodings) {
  if (socket_ == nullptr) return;
  if (signal.kind == Signal::Kind::typing)
    socket_->send(shell::shared_frame(encodings, event_slot, [&] { return typing_json(signal); }));
  if (signal.kind == Signal::Kind::presence && std::ranges::binary_search(watched_, signal.user))
    socket_->send(
        shell::shared_frame(encodings, event_slot, [&] { return presence_json(signal); }));
  if (signal.kind == Signal::Kind::notification && stream_ &&
      signal.space == engine::Engine::notifications_space)
    send_frame(notification_json(signal, stream_->seen()));
  if (signal.kind == Signal::Kind::call && signal.space == calls_space &&
      signal.origin != who_.caller.origin)
    socket_->send(shell::shared_frame(encodings, event_slot, [&] { return call_json(signal); }));
  const bool all_end = signal.space != sessions_space;
  if (signal.kind == Signal::Kind::logout && (all_end || signal.details == session_id()))
    close(close_code(Code::revoked), all_end ? "logged out" : "this session was ended");
}

void Session::took(const Event& event) {
  if (!deliveries_)
    deliveries_ = std::make_unique<Deliveries>(
        door_.loop, door_.engine.clock(), door_.random,
        [this](const ConversationId& where, Seq upto, std::vector<UserId> authors) {
          delivered(where, upto, std::move(authors));
        });
  deliveries_->took(event);
}

void Session::delivered(const ConversationId& where, Seq upto, std::vector<UserId> authors) {
  auto done = [self = Ref<Session>(this), pass = door_.commands.enter()](const auto& /*told*/) {};
  spawn(door_.engine.mark_delivered(who_.caller, where, upto, std::move(authors)), std::move(done));
}

void Session::unread(const ConversationId& where, std::uint64_t count) {
  send_frame(unread_updated_json(where, count));
}

Task<bool> Session::ready() { return shell::can_take_more(door_.loop, socket_); }

// ---- frames in

void Session::message(std::string_view payload, bool /*binary*/) {
  if (turn_taken_ || !backlog_.empty() || in_flight_ >= in_flight_max) {
    backlog_.emplace_back(payload);
    backlog_bytes_ += payload.size();
    if (!paused_ && (backlog_bytes_ > backlog_bytes_max || in_flight_ >= in_flight_max)) {
      paused_ = true;
      socket_->pause_reading();
    }
    return;
  }
  pumping_ = true;
  take(payload, frame_slack);
  pumping_ = false;
  pump();
}

void Session::passed() {
  turn_taken_ = false;
  pump();
}

void Session::pump() {
  if (pumping_) return;
  pumping_ = true;
  while (!turn_taken_ && !backlog_.empty() && in_flight_ < in_flight_max && socket_ != nullptr) {
    std::string payload = std::move(backlog_.front());
    backlog_.pop_front();
    backlog_bytes_ -= payload.size();
    take(payload, 0);
  }
  pumping_ = false;
  if (paused_ && socket_ != nullptr && backlog_.empty()) {
    paused_ = false;
    socket_->resume_reading();
  }
}

void Session::take(std::string_view payload, std::size_t slack) {
  auto running = make_ref<Running>(*this);
  turn_taken_ = true;
  FrameId id;
  auto command = [&]() -> Result<Command> {
    TRY(frame, parse_json_object(payload, slack, Code::bad_request));
    if (frame.has("id")) {
      auto text = frame.text("id");
      if (!text || (*text)->size() > 64)
        return fail(Code::bad_request, "id must be a text of at most 64 bytes");
      id = std::string(**text);
    }
    auto type = frame.text("type");
    if (!type || !*type) return fail(Code::bad_request, "type must say what this frame is");
    if (auto refusal = refusal_of(**type)) return std::unexpected(std::move(*refusal));
    TRY_DO(no_zero_characters(payload));
    TRY(data, frame.object("data"));
    return command_for(**type, data.value_or(JsonObject{}), running);
  }();
  if (command) return run(std::move(id), std::move(running), std::move(*command));
  answer(id, std::unexpected(std::move(command).error()));
  running->turn.pass();
}

std::optional<Error> Session::refusal_of(std::string_view type) {
  if (state_ == State::new_here && type != "hello")
    return Error{Code::bad_request, "say hello first", {}};
  auto verdict = spend(door_, who_.caller.user);
  if (verdict.allowed) {
    refusals_ = 0;
    return std::nullopt;
  }
  if (++refusals_ > refusals_max)
    close(close_code(Code::rate_limited), "too many commands were sent after refusals");
  return too_many(verdict);
}

void Session::run(FrameId id, Ref<Running> running, Command command) {
  ++in_flight_;
  auto done = [self = Ref<Session>(this), id = std::move(id), running = std::move(running),
               pass = door_.commands.enter()](const Result<std::string>& result) {
    --self->in_flight_;
    self->answer(id, result);
    if (self->state_ == State::greeted)
      self->follow(running);
    else
      running->turn.pass();
    self->pump();
  };
  spawn(std::move(command), std::move(done));
}

void Session::answer(const FrameId& id, const Result<std::string>& result) {
  if (socket_ == nullptr || (result && !id)) return;
  std::string out;
  out.reserve(result ? result->size() + 64 : 256);
  JsonWriter json(out);
  json.open();
  json.field("type", result ? "ok" : "error");
  if (id) json.field("ref", *id);
  if (result) {
    json.raw_field("data", *result);
  } else {
    json.key("error");
    write_error(json, result.error());
  }
  json.close();
  send_frame(out);
}

}  // namespace parley::native
