#include "dialects/shell/shell.h"

#include <algorithm>

namespace parley::shell {
namespace {

constexpr std::chrono::milliseconds look_again{5};
constexpr std::chrono::seconds token_grace{50};

}  // namespace

Origin origin_of(const net::Loop& loop, const net::Socket& socket) {
  const net::SocketId id = socket.id();
  return {loop.index(), (std::uint64_t{id.generation} << 32 | id.slot) + 1};
}

std::chrono::milliseconds until_token_is_over(Time expires, Time now) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(expires - now);
  return std::max(left, std::chrono::milliseconds{0}) + token_grace;
}

Signal presence_of(const UserId& user, std::string_view status, std::vector<ConversationId> shared,
                   Origin origin) {
  Signal signal;
  signal.kind = Signal::Kind::presence;
  signal.user = user;
  signal.on = status != "offline";
  signal.details = status;
  signal.origin = origin;
  signal.conversations = std::move(shared);
  return signal;
}

Task<bool> can_take_more(net::Loop& loop, net::Socket* const& socket) {
  while (socket != nullptr && !socket->has_room()) {
    co_await called_back<bool>([&loop](auto done) {
      loop.after(look_again, [done = std::move(done)]() mutable { done(true); });
    });
  }
  co_return socket != nullptr;
}

}  // namespace parley::shell
