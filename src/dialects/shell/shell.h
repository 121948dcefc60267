// dialects/shell: what the socket halves of all dialects share.
//
// Knows:     that a session outlives its connection while commands of it are under way; that one event becomes one frame
//            for many receivers.
// Does not:  any dialect's words.
// In:        a connection's doings from net.   Out: the same, to a session.
// Lives on:  one loop.
// Failing:   a closed connection is told to nobody twice.
// Start at:  Shell.
#pragma once

#include <memory>
#include <random>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/random.h"
#include "base/ref.h"
#include "base/task.h"
#include "hub/hub.h"
#include "net/loop.h"
#include "net/socket.h"

namespace parley::shell {

// What a connection owns: a hold on its session.
template <class Session>
class Shell final : public net::SocketHandler {
 public:
  explicit Shell(Ref<Session> session) : session_(std::move(session)) {}
  void opened(net::Socket& socket) override { session_->opened(socket); }
  void message(std::string_view payload, bool binary) override {
    session_->message(payload, binary);
  }
  void closed(std::uint16_t /*code*/) override { session_->closed(); }

 private:
  Ref<Session> session_;
};

template <class Session, class... Arguments>
[[nodiscard]] std::unique_ptr<net::SocketHandler> make_shell(Arguments&&... arguments) {
  return std::make_unique<Shell<Session>>(make_ref<Session>(std::forward<Arguments>(arguments)...));
}

// The frame for this event, made when its first receiver needs it. Each dialect has two slots of its own.
template <class Make>
[[nodiscard]] net::FrameRef shared_frame(hub::Encodings& encodings, std::size_t slot, Make make) {
  auto& kept = encodings.slot(slot);
  if (!kept) kept = net::Frame::text(make());
  return net::FrameRef(static_cast<const net::Frame*>(kept.get()));
}

// Closes that share of the sessions, as chance has it. They leave `sessions` as they do.
template <class Session>
void let_go(const std::unordered_set<Session*>& sessions, double share, Random& random) {
  const std::vector<Session*> all(sessions.begin(), sessions.end());
  std::minstd_rand dice(static_cast<std::uint32_t>(random.next()));
  std::bernoulli_distribution leaves(share);
  for (Session* session : all)
    if (leaves(dice)) session->go_away();
}

// A live connection as its origin in events.
[[nodiscard]] Origin origin_of(const net::Loop& loop, const net::Socket& socket);

// How long a connection lives on that came with a token good until then: a little longer than the token.
[[nodiscard]] std::chrono::milliseconds until_token_is_over(Time expires, Time now);

// How somebody is from now on, for all who share one of these conversations with them.
[[nodiscard]] Signal presence_of(const UserId& user, std::string_view status,
                                 std::vector<ConversationId> shared, Origin origin);

// Comes back when the connection can take another page. `socket` is null once it is gone: false.
[[nodiscard]] Task<bool> can_take_more(net::Loop& loop, net::Socket* const& socket);

}  // namespace parley::shell
