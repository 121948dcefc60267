// What clients send.
#include <array>
#include <charconv>
#include <cmath>

#include "dialects/dinq/names.h"
#include "dialects/dinq/recall.h"
#include "dialects/dinq/session.h"
#include "dialects/dinq/wire.h"

namespace parley::dinq {
namespace {

constexpr std::string_view bad_format = "Invalid message format";

Task<std::string> at_once(std::string answer) { co_return answer; }

// A UUID, or nothing where it is not given.
Result<std::optional<std::string>> uuid_in(const JsonObject& data, std::string_view name) {
  TRY(text, data.text(name));
  if (!text) return std::nullopt;
  auto uuid = read_uuid(*text);
  if (!uuid) return fail(Code::bad_request, std::string(bad_format));
  return uuid;
}

struct Outgoing {
  engine::SendMessage command;
  std::optional<UserId> receiver;  // instead of a conversation
};

Result<std::vector<Mention>> mentions_in(const JsonObject& data) {
  std::vector<Mention> mentions;
  TRY(named, data.texts("mentions"));
  if (named) {
    for (std::string_view one : *named) {
      TRY(user, user_id(one, bad_format));
      mentions.push_back({std::move(user), 0, 0});
    }
  }
  TRY(all, data.flag("mention_all"));
  if (all && *all) mentions.push_back({});
  return mentions;
}

// What a video says of its own size; anything that is no number says nothing.
std::size_t declared_bytes(const JsonObject& metadata) {
  constexpr double more_than_there_is = 1e15;
  const std::string text = metadata.raw("file_size");
  double bytes = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bytes);
  const bool number = error == std::errc{} && end == text.data() + text.size();
  return number && bytes > 0 ? static_cast<std::size_t>(std::min(bytes, more_than_there_is)) : 0;
}

Result<void> read_places(const JsonObject& data, Outgoing& out) {
  TRY(where, uuid_in(data, "conversation_id"));
  TRY(receiver, uuid_in(data, "receiver_id"));
  if (where)
    out.command.where = ConversationId::parse(*where).value_or(ConversationId{});
  else if (receiver)
    out.receiver = UserId{*receiver};
  TRY(reply_to, uuid_in(data, "reply_to_message_id"));
  if (reply_to) {
    // One that this server never gave is no message of this conversation either.
    const MessageId unknown{{0xFF}};
    out.command.quote = MessageId::parse(*reply_to).value_or(unknown);
  }
  return {};
}

// In the order in which this wire tells what is wrong.
Result<Outgoing> read_message(const JsonObject& data) {
  Outgoing out;
  TRY(given_type, data.text("message_type"));
  const std::string_view type = given_type.value_or("");
  TRY(content, data.text("content"));
  TRY(metadata, data.object("metadata"));
  TRY_DO(read_places(data, out));
  TRY(mentions, mentions_in(data));
  out.command.mentions = std::move(mentions);
  if (type == "text" && (!content || content->empty()))
    return fail(Code::muted, "content is required for text messages");
  if (out.command.where.empty() && !out.receiver && !data.has("conversation_id"))
    return fail(Code::muted, "conversation_id is required");
  out.command.sealed = type == "encrypted";
  auto known = out.command.sealed ? std::optional{MessageType::text} : read_type(type);
  if (!known) return fail(Code::muted, "unsupported message type");
  out.command.type = *known;
  if (content) out.command.text = *content;
  if (metadata) {
    out.command.metadata = data.raw("metadata");
    out.command.declared_bytes = declared_bytes(*metadata);
    if (auto file = metadata->text("file_id"); file && *file)
      if (auto id = read_uuid(**file)) out.command.files.push_back(std::move(*id));
  }
  return out;
}

std::string video_refusal(std::size_t limit_mb, std::size_t bytes) {
  const auto hundredths =
      static_cast<std::uint64_t>(std::llround(static_cast<double>(bytes) * 100 / (1024 * 1024)));
  std::string cents = std::to_string(hundredths % 100);
  if (cents.size() < 2) cents.insert(0, 1, '0');
  return "video file size exceeds limit: max " + std::to_string(limit_mb) + "MB, got " +
         std::to_string(hundredths / 100) + "." + cents + "MB";
}

// What the words of a refusal depend on.
struct Sending {
  MessageType type = MessageType::text;
  std::size_t declared_bytes = 0, video_mb = 0;
  bool sealed = false, replies = false, large_text = false;
};

std::string too_large(const Error& error, const engine::Policy& policy, const Sending& sent) {
  if (sent.type == MessageType::video && sent.declared_bytes > policy.video_bytes_max)
    return video_refusal(sent.video_mb, sent.declared_bytes);
  if (!sent.large_text) return "message size exceeds limit: " + error.detail;
  return "message size exceeds limit: max " +
         std::to_string(sent.sealed ? policy.sealed_max : policy.text_max) + " characters";
}

// The engine's refusal in this wire's words.
std::string refusal_of(const Error& error, const engine::Policy& policy, const Sending& sent) {
  switch (error.code) {
    case Code::conflict:
      return "failed to get conversation: cannot send message to yourself";
    case Code::too_large:
      return too_large(error, policy, sent);
    case Code::unprocessable:
      return sent.replies ? "reply target not found" : std::string(bad_format);
    default:
      return send_refusal(error);
  }
}

constexpr std::array call_actions{"invite", "ringing", "accept", "reject", "ice", "hangup"};

// The call's own fields and who sends them.
Result<std::string> call_data(const JsonObject& data, const UserId& from) {
  std::string out;
  JsonWriter json(out);
  json.open();
  for (std::string_view name : {"action", "call_id", "conversation_id", "media", "sdp"}) {
    TRY(text, data.text(name));
    if (text) json.field(name, *text);
  }
  if (data.has("candidate")) json.raw_field("candidate", data.raw("candidate"));
  json.field("from_user_id", from.text);
  json.close();
  return out;
}

}  // namespace

void Session::take(std::string_view type, const JsonObject& data) {
  auto alone = [&](auto make) {
    line_->alone([make = std::move(make)](engine::Turn&) mutable { return make(); });
  };
  auto self = Ref<Session>(this);
  if (type == "message") return send_message(data);
  if (type == "heartbeat") {
    if (!door_.shared.keys) return;
    return alone([self] { return self->show_life(); });
  }
  if (type == "set_current_conversation") return look_at(data);
  if (type == "recall") {
    auto text = data.needed_text("message_id");
    auto id = text ? message_id(*text, "Invalid recall format")
                   : Result<MessageId>(std::unexpected(text.error()));
    if (!id) return alone([] { return at_once(error_frame("Invalid recall format")); });
    return alone([self, id = *id] { return self->recall(id); });
  }
  if (type != "typing" && type != "read" && type != "call") return;
  auto where_text = data.needed_text("conversation_id");
  auto where = where_text ? conversation_id(*where_text, "")
                          : Result<ConversationId>(std::unexpected(where_text.error()));
  if (type == "call") {
    auto action = data.needed_text("action");
    const bool known = action && std::ranges::find(call_actions, *action) != call_actions.end();
    auto details = call_data(data, user_);
    if (!where || !known || !details || !data.has("call_id"))
      return alone([] { return at_once(error_frame("Invalid call format")); });
    return alone([self, where = *where, action = std::string(*action), details = *details] {
      return self->call(where, action, details);
    });
  }
  if (!where) return;
  if (type == "typing") return alone([self, where = *where] { return self->typing(where); });
  auto upto_text = data.needed_text("message_id");
  auto upto = upto_text ? message_id(*upto_text, "")
                        : Result<MessageId>(std::unexpected(upto_text.error()));
  if (!upto) return;
  alone([self, where = *where, upto = *upto] { return self->read(where, upto); });
}

void Session::send_message(const JsonObject& data) {
  auto read = read_message(data);
  if (!read) {
    const bool own_words = read.error().code == Code::muted;
    line_->overlapping(
        [text = own_words ? read.error().detail : std::string(bad_format)](engine::Turn& turn) {
          turn.pass();
          return at_once(error_frame(text));
        });
    return;
  }
  line_->overlapping(
      [self = Ref<Session>(this), out = std::move(*read)](engine::Turn& turn) mutable {
        return self->send(std::move(out.command), std::move(out.receiver), turn);
      });
}

// The sender's own message frame is the acknowledgement.
Task<std::string> Session::send(engine::SendMessage command, std::optional<UserId> receiver,
                                engine::Turn& turn) {
  engine::Caller who = caller();
  const engine::Policy policy = *who.policy;
  const Sending asked{.type = command.type,
                      .declared_bytes = command.declared_bytes,
                      .video_mb = door_.shared.settings->video_megabytes(),
                      .sealed = command.sealed,
                      .replies = !command.quote.empty(),
                      .large_text = command.text.size() > policy.text_max};
  auto sent = receiver ? co_await door_.engine.send_to(who, *receiver, std::move(command), turn)
                       : co_await door_.engine.send(who, std::move(command), turn);
  if (sent) co_return std::string{};
  co_return error_frame(refusal_of(sent.error(), policy, asked));
}

Task<std::string> Session::show_life() {
  co_await door_.shared.keys->is_there(user_);
  co_return std::string{};
}

Task<std::string> Session::read(ConversationId where, MessageId upto) {
  auto moved = co_await door_.engine.mark_read(caller(), where, upto, engine::Engine::Receipt::told,
                                               engine::Engine::Extent::up_to_it);
  static_cast<void>(moved);  // what can't be read is passed over in silence
  co_return std::string{};
}

Task<std::string> Session::typing(ConversationId where) {
  auto told = co_await door_.engine.typing(caller(), where, true);
  static_cast<void>(told);
  co_return std::string{};
}

Task<std::string> Session::recall(MessageId id) {
  auto done = co_await recall_message(door_, caller(), id);
  co_return done ? std::string{} : error_frame(done.error().detail);
}

Task<std::string> Session::call(ConversationId where, std::string action, std::string data) {
  Signal signal;
  signal.space = calls_space;
  signal.details = std::move(data);
  auto told = co_await door_.engine.call_in(caller(), where, signal);
  // What ends the ringing is told to the caller's other devices, too.
  if (told && (action == "accept" || action == "reject" || action == "hangup")) {
    signal.to = {user_};
    told = co_await door_.engine.call_in(caller(), where, std::move(signal));
  }
  co_return told ? std::string{} : error_frame("user is not a member of this conversation");
}

void Session::look_at(const JsonObject& data) {
  auto text = data.text("conversation_id");
  if (!text) return;
  ConversationId where;
  if (*text && !(*text)->empty()) {
    auto id = conversation_id(**text, "");
    if (!id) return;
    where = *id;
  }
  line_->alone([self = Ref<Session>(this), where](engine::Turn&) {
    hub::Presence& presence = *self->door_.shared.presence;
    const ConversationId before = std::exchange(self->looking_at_, where);
    if (!before.empty()) presence.looks_away(self->user_, before);
    if (!where.empty()) presence.looks_at(self->user_, where);
    return at_once("");
  });
}

}  // namespace parley::dinq
