#include "dialects/rtchat/session.h"

#include <algorithm>

#include "dialects/rtchat/wire.h"
#include "dialects/shell/shell.h"

namespace parley::rtchat {
namespace {

constexpr std::size_t message_slot = 10;
constexpr std::chrono::milliseconds ask_again{250};

std::string message_frame(const Message& message, const Participants& participants) {
  std::string out;
  JsonWriter json(out);
  write_message(json, message, participants);
  return safe_in_html(out);
}

}  // namespace

Session::Session(Door& door, UserId user, std::optional<Time> expires,
                 shell::Headcount::Place place)
    : door_(door), user_(std::move(user)), expires_(expires), place_(std::move(place)) {}
Session::~Session() = default;

void Session::opened(net::Socket& socket) {
  socket_ = &socket;
  origin_ = shell::origin_of(door_.loop, socket);
  first_ = door_.shared.presence->came(user_, door_.engine.clock().now()) == 1;
  door_.sessions.insert(this);
  door_.sessions_of[user_].push_back(this);
  if (expires_) {
    const auto left = shell::until_token_is_over(*expires_, door_.engine.clock().now());
    expiry_ = door_.loop.after(
        left, [this] { close(close_code(Code::token_expired), "the token has expired"); });
  }
  // From here on nothing is missed: the answer to the handshake leaves after this.
  auto there = [self = Ref<Session>(this),
                pass = door_.commands.enter()](const Result<void>& arrived) {
    if (!arrived) self->close(close_code(Code::unavailable), "the store can't be read now");
  };
  spawn(arrive(), std::move(there));
}

void Session::closed() {
  socket_ = nullptr;
  waiting_.clear();
  door_.loop.cancel(expiry_);
  if (door_.shared.presence->went(user_) == 0) announce("offline");
  door_.sessions.erase(this);
  auto mine = door_.sessions_of.find(user_);
  std::erase(mine->second, this);
  if (mine->second.empty()) door_.sessions_of.erase(mine);
  place_.reset();
  if (stream_) stream_->close();
}

Task<Result<void>> Session::arrive() {
  stream_.emplace(door_.engine, *this, caller());
  CO_TRY_DO(co_await stream_->open(std::nullopt));
  if (first_) announce("online");
  co_return co_await stream_->catch_up();
}

// What changed while nobody here followed a conversation is not remembered as it was.
void Session::found(const Found& found) {
  for (const auto& [conversation, mine] : found.memberships) {
    auto known = door_.channels.find(conversation.id);
    if (known != door_.channels.end() && known->second.version != conversation.version)
      door_.channels.erase(known);
  }
}

// This wire shows nobody who is there; the others do.
void Session::announce(std::string_view status) {
  if (stream_) door_.engine.tell(shell::presence_of(user_, status, stream_->follows(), origin_));
}

// No device of the sender gets what they wrote. The messages of one channel leave in their order, also while it is looked
// up whose channel it is.
void Session::event(const Event& event, const Cursor& /*cursor*/, hub::Encodings& encodings) {
  if (event.kind == EventKind::member_added || event.kind == EventKind::member_removed) {
    door_.channels.erase(event.conversation);
    ++door_.roster_changes;
  }
  if (socket_ == nullptr || event.kind != EventKind::message_created || event.actor == user_)
    return;
  if (!door_.shown.by_log(event.message->id, door_.engine.clock().instant())) return;
  if (auto waiting = waiting_.find(event.conversation); waiting != waiting_.end()) {
    waiting->second.push_back(event.message);
    return;
  }
  auto known = door_.channels.find(event.conversation);
  if (known == door_.channels.end()) {
    waiting_[event.conversation].push_back(event.message);
    return look_up(event.conversation);
  }
  socket_->send(shell::shared_frame(encodings, message_slot, [&] {
    return message_frame(*event.message, *known->second.participants);
  }));
}

void Session::look_up(const ConversationId& where) {
  auto found = [self = Ref<Session>(this), where, pass = door_.commands.enter()](
                   const Result<std::shared_ptr<const Participants>>& channel) {
    const bool later = !channel && channel.error().code == Code::unavailable;
    if (later && self->socket_ != nullptr)
      self->door_.loop.after(ask_again, [self, where] { self->look_up(where); });
    else
      self->show_waiting(where, channel.value_or(nullptr));
  };
  spawn(channel_of(door_, caller(), where), std::move(found));
}

void Session::show_waiting(const ConversationId& where,
                           const std::shared_ptr<const Participants>& channel) {
  auto waiting = waiting_.extract(where);
  if (!waiting || channel == nullptr || socket_ == nullptr) return;
  for (const auto& message : waiting.mapped())
    socket_->send_text(message_frame(*message, *channel));
}

void Session::signal(const Signal& signal, hub::Encodings& /*encodings*/) {
  if (signal.kind == Signal::Kind::logout) close(close_code(Code::revoked), "logged out");
}

void Session::close(std::uint16_t code, std::string_view reason) {
  if (socket_ != nullptr) socket_->close(code, reason);
}

void Session::show_ahead(const UserId& sender, const net::FrameRef& frame) {
  if (socket_ != nullptr && (!stream_ || stream_->hears(sender))) socket_->send(frame);
}

void show_ahead(Door& door, const pending::Post& post) {
  if (!door.shown.ahead(post.id)) return;
  net::FrameRef frame;
  for (const UserId& one : post.people) {
    auto theirs = door.sessions_of.find(one);
    if (one == post.sender || theirs == door.sessions_of.end()) continue;
    if (!frame) {
      Message message;
      message.id = post.id;
      message.sender = post.sender;
      message.text = post.text;
      message.created_at = post.at;
      frame = net::Frame::text(message_frame(message, post.people));
    }
    for (Session* session : theirs->second) session->show_ahead(post.sender, frame);
  }
}

// Sockets stay: what is accepted meanwhile goes to them all the same.
Task<bool> Session::store_is_away() {
  co_await called_back<bool>([this](auto done) {
    door_.loop.after(ask_again, [done = std::move(done)]() mutable { done(true); });
  });
  co_return socket_ != nullptr;
}

Task<bool> Session::ready() { return shell::can_take_more(door_.loop, socket_); }

}  // namespace parley::rtchat
