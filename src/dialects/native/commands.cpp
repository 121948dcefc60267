// The frames a client can send, one by one.
#include <array>

#include "dialects/native/call.h"
#include "dialects/native/parse.h"
#include "dialects/native/presence.h"
#include "dialects/native/session.h"

namespace parley::native {
namespace {

constexpr std::array statuses{"online", "away", "busy", "offline"};
constexpr std::size_t watched_max = 1'000;
constexpr std::size_t call_word_bytes_max = 128;
constexpr std::size_t met_max = 50'000;

Task<Result<std::string>> at_once(Result<std::string> result) { co_return result; }

Result<void> check_device(const JsonObject& data) {
  for (std::string_view name : {"device_id", "platform", "app_version"}) {
    TRY(text, data.text(name));
    if (text && text->size() > 128)
      return fail(Code::unprocessable, std::string(name) + " is longer than 128 bytes");
  }
  return {};
}

Result<MessageId> target_of(const JsonObject& data) {
  TRY(text, data.needed_text("id"));
  return message_id(text);
}

}  // namespace

Result<Session::Command> Session::command_for(std::string_view type, const JsonObject& data,
                                              const Ref<Running>& running) {
  if (type == "message.send") {
    TRY(where_text, data.needed_text("conversation_id"));
    TRY(where, conversation_id(where_text));
    TRY(command, send_message(data, where, {}));
    return send(std::move(command), running);
  }
  if (type == "message.edit") {
    TRY(id, target_of(data));
    TRY(command, edit_message(data, id));
    return edit(std::move(command), running);
  }
  if (type == "message.delete") {
    TRY(id, target_of(data));
    return remove(id, running);
  }
  if (type == "message.recall") {
    TRY(id, target_of(data));
    return recall(id, running);
  }
  if (type == "message.react" || type == "message.unreact") {
    TRY(id, target_of(data));
    TRY(emoji, data.needed_text("emoji"));
    return react(id, std::string(emoji), type == "message.react", running);
  }
  if (type == "message.read") {
    TRY(where_text, data.needed_text("conversation_id"));
    TRY(where, conversation_id(where_text));
    TRY(seq, seq_of(data));
    return read(where, seq, running);
  }
  if (type == "typing") {
    TRY(where_text, data.needed_text("conversation_id"));
    TRY(where, conversation_id(where_text));
    TRY(is_typing, typing_of(data));
    return typing(where, is_typing);
  }
  if (type == "presence.set") {
    TRY(status, data.needed_text("status"));
    if (std::ranges::find(statuses, status) == statuses.end())
      return fail(Code::unprocessable, "status must be online, away, busy or offline");
    return set_presence(std::string(status));
  }
  if (type == "presence.watch") {
    TRY(users, data.texts("users"));
    std::vector<UserId> wanted;
    for (std::string_view one : users.value_or(std::vector<std::string_view>{}))
      wanted.push_back({std::string(one)});
    if (wanted.size() > watched_max)
      return fail(Code::unprocessable, "at most 1000 users can be watched");
    return watch(std::move(wanted));
  }
  if (type == "history") {
    TRY(where_text, data.needed_text("conversation_id"));
    TRY(where, conversation_id(where_text));
    TRY(query, history_query(data));
    return history(where, query);
  }
  if (type == "call.signal") return call(data);
  if (type == "ping") return at_once("{}");
  if (type == "hello") return hello(data, running);
  if (type == "auth") return at_once(renew(data));
  return fail(Code::bad_request, "there is no frame of this type");
}

Session::Command Session::send(engine::SendMessage command, Ref<Running> running) {
  auto sent = co_await door_.engine.send(who_.caller, std::move(command), running->turn);
  if (!sent) co_return std::move(sent).error();
  co_return to_json(*sent->message);
}

Session::Command Session::edit(engine::EditMessage command, Ref<Running> running) {
  const MessageId id = command.id;
  auto edited = co_await door_.engine.edit(who_.caller, std::move(command), running->turn);
  if (!edited) co_return std::move(edited).error();
  auto whole = co_await door_.engine.message(who_.caller, id);
  co_return to_json(Seen{whole ? *whole : *edited, who_.caller.user});
}

Session::Command Session::remove(MessageId id, Ref<Running> running) {
  auto done = co_await door_.engine.remove_message(who_.caller, id, running->turn);
  if (!done) co_return std::move(done).error();
  co_return "{}";
}

Session::Command Session::recall(MessageId id, Ref<Running> running) {
  auto message = co_await door_.engine.recall(who_.caller, id, running->turn);
  if (!message) co_return std::move(message).error();
  co_return to_json(*message);
}

Session::Command Session::react(MessageId id, std::string emoji, bool on, Ref<Running> running) {
  auto done = co_await door_.engine.react(who_.caller, id, std::move(emoji), on, running->turn);
  if (!done) co_return std::move(done).error();
  co_return "{}";
}

Session::Command Session::read(ConversationId where, Seq upto, Ref<Running> running) {
  auto pointer = co_await door_.engine.mark_read(who_.caller, where, upto, running->turn);
  if (!pointer) co_return std::move(pointer).error();
  co_return read_answer(*pointer);
}

Session::Command Session::typing(ConversationId where, bool is_typing) {
  auto done = co_await door_.engine.typing(who_.caller, where, is_typing);
  if (!done) co_return std::move(done).error();
  co_return "{}";
}

Session::Command Session::set_presence(std::string status) {
  if (door_.shared.presence->say(who_.caller.user, status))
    tell_presence(door_, who_.caller.user, status);
  co_return "{}";
}

// The ones before are watched no more. How they are now is the answer.
Session::Command Session::watch(std::vector<UserId> users) {
  auto open = co_await door_.engine.not_blocking(who_.caller, users);
  if (!open) co_return std::move(open).error();
  watched_ = *open;
  std::ranges::sort(watched_);
  if (stream_) stream_->watch(std::move(*open));
  auto all = co_await presence_of(door_, who_.caller, std::move(users));
  if (!all) co_return std::move(all).error();
  std::string out;
  JsonWriter json(out);
  json.open();
  json.key("items");
  json.open_list();
  for (const Presence& one : *all) write(json, one);
  json.close_list();
  json.close();
  co_return out;
}

// Handed on as it is, with who sends it.
Result<Session::Command> Session::call(const JsonObject& data) {
  TRY(call_id, data.needed_text("call_id"));
  TRY(kind, data.needed_text("kind"));
  if (call_id.empty() || call_id.size() > call_word_bytes_max || kind.empty() ||
      kind.size() > call_word_bytes_max)
    return fail(Code::unprocessable, "call_id and kind are 1 to 128 bytes");
  TRY(to, data.text("to"));
  TRY(where_text, data.text("conversation_id"));
  if (to.has_value() == where_text.has_value())
    return fail(Code::unprocessable, "a call goes to a user (to), or into a conversation_id");
  Signal signal;
  signal.space = calls_space;
  JsonWriter json(signal.details);
  json.open();
  json.field("user_id", who_.caller.user.text);
  json.field("call_id", call_id);
  json.field("kind", kind);
  if (where_text) json.field("conversation_id", *where_text);
  if (data.has("payload")) json.raw_field("payload", data.raw("payload"));
  json.close();
  std::optional<UserId> whom;
  if (to) whom = UserId{std::string(*to)};
  ConversationId where;
  if (where_text) {
    TRY(id, conversation_id(*where_text));
    where = id;
  }
  return pass_on(std::move(whom), where, std::move(signal));
}

Session::Command Session::pass_on(std::optional<UserId> whom, ConversationId where, Signal signal) {
  auto done = whom ? co_await door_.engine.call_to(who_.caller, std::move(*whom), std::move(signal))
                   : co_await door_.engine.call_in(who_.caller, where, std::move(signal));
  if (!done) co_return std::move(done).error();
  co_return "{}";
}

Session::Command Session::history(ConversationId where, engine::HistoryQuery query) {
  auto messages = co_await door_.engine.history(who_.caller, where, query);
  if (!messages) co_return std::move(messages).error();
  co_return history_page(*messages, query, who_.caller.user);
}

Result<Session::Command> Session::hello(const JsonObject& data, const Ref<Running>& running) {
  if (state_ != State::new_here) return fail(Code::bad_request, "hello was said already");
  TRY_DO(check_device(data));
  note_device(data);
  TRY(text, data.text("cursor"));
  TRY(cursor, cursor_of(text));
  return greet(std::move(cursor), running);
}

void Session::note_device(const JsonObject& data) {
  auto text = [&](std::string_view name) {
    auto value = data.text(name);
    return std::string(value ? value->value_or("") : "");
  };
  device_ = std::make_unique<Device>(Device{.session = session_id(),
                                            .user = who_.caller.user,
                                            .device_id = text("device_id"),
                                            .platform = text("platform"),
                                            .app_version = text("app_version"),
                                            .address = std::string(socket_->remote_address()),
                                            .connected_at = door_.engine.clock().now()});
}

std::string Session::session_id() const {
  return std::to_string(who_.caller.origin.loop) + "-" +
         std::to_string(who_.caller.origin.connection);
}

Session::Command Session::greet(std::optional<Cursor> cursor, Ref<Running> /*running*/) {
  stream_.emplace(door_.engine, *this, who_.caller);
  auto now = co_await stream_->open(cursor);
  if (auto met = now ? co_await meet() : Result<void>{}; !met)
    now = std::unexpected(std::move(met).error());
  if (now && socket_ == nullptr) now = fail(Code::unavailable, "the connection was closed");
  if (!now) {
    stream_.reset();
    co_return std::move(now).error();
  }
  become_present();
  door_.loop.cancel(hello_timer_);
  state_ = State::greeted;
  if (device_ && socket_ != nullptr) door_.shared.devices->came(std::move(*device_));
  device_.reset();
  std::string out;
  JsonWriter json(out);
  json.open();
  json.field("session_id", session_id());
  json.field("user_id", who_.caller.user.text);
  // Who resumes stands where it stood, until the missed events have come.
  json.field("cursor", (cursor ? *cursor : *now).text());
  json.field("server_time", door_.engine.clock().now());
  json.field("heartbeat_s", door_.shared.heartbeat.count());
  json.key("limits");
  json.open();
  json.field("text_code_points", door_.policy.text_max);
  json.field("frame_bytes", door_.shared.message_bytes);
  json.field("metadata_bytes", door_.engine.limits().metadata_bytes);
  json.field("attachments", door_.engine.limits().attachments);
  json.close();
  json.close();
  co_return out;
}

engine::Sink::Wants Session::wants() const {
  const UserId& user = who_.caller.user;
  return {.partners = !door_.shared.presence->online(user),
          .whether_met = !door_.met.contains(user)};
}

void Session::found(const Found& found) { found_ = std::make_unique<Found>(found); }

// Once for each person, as far as this loop remembers; before they are told that they are in.
Task<Result<void>> Session::meet() {
  if (door_.met.contains(who_.caller.user)) co_return Result<void>{};
  if (!found_->met) CO_TRY_DO(co_await door_.engine.meet(who_.caller.user));
  if (door_.met.size() >= met_max) door_.met.clear();
  door_.met.insert(who_.caller.user);
  co_return Result<void>{};
}

void Session::become_present() {
  present_ = true;
  const std::unique_ptr<Found> found = std::move(found_);
  const UserId& user = who_.caller.user;
  if (door_.shared.presence->came(user, door_.engine.clock().now()) != 1) return;
  // Not asked where another device was there a moment ago.
  if (found->partners)
    tell_presence_to(door_, user, "online", std::move(*found->partners));
  else
    tell_presence(door_, user, "online");
}

// The turn of hello passes when everything missed has been handed over: a command sent before would else find its own
// event in the log and be told of it twice.
void Session::follow(Ref<Running> running) {
  state_ = State::catching_up;
  auto done = [self = Ref<Session>(this), running = std::move(running),
               pass = door_.commands.enter()](const Result<void>& result) {
    if (!result) self->close(close_code(Code::unavailable), "the missed events can't be read now");
    self->state_ = State::live;
    running->turn.pass();
  };
  spawn(stream_->catch_up(), std::move(done));
}

Result<std::string> Session::renew(const JsonObject& data) {
  TRY(token, data.needed_text("token"));
  TRY(identity, verify(door_, token));
  if (UserId{identity.user} != who_.caller.user && who_.caller.rank == engine::Rank::user)
    return fail(Code::unauthorized, "the token is another user's");
  who_.expires = identity.expires;
  watch_expiry();
  std::string out;
  JsonWriter json(out);
  json.open();
  if (who_.expires) json.field("expires_at", *who_.expires);
  json.close();
  return out;
}

}  // namespace parley::native
