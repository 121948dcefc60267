// One device of one person.
#pragma once

#include <optional>
#include <string>

#include "base/json.h"
#include "dialects/line/line.h"
#include "dialects/pulse/door.h"
#include "engine/stream.h"

namespace parley::pulse {

class Session final : public RefCounted, public engine::Sink {
 public:
  Session(Door& door, UserId user, std::optional<Time> expires, shell::Headcount::Place place);
  ~Session() override;

  // From the socket.
  void opened(net::Socket& socket);
  void message(std::string_view payload, bool binary);
  void closed();
  void go_away() { close(1001, "the server is going away"); }

  // From the stream.
  void event(const Event& event, const Cursor& cursor, hub::Encodings& encodings) override;
  void pointer(const Pointer& pointer, hub::Encodings& encodings) override;
  void synced(const Cursor& /*cursor*/, const std::vector<Unread>& /*unread*/) override {}
  void signal(const Signal& signal, hub::Encodings& encodings) override;
  void unread(const ConversationId& /*where*/, std::uint64_t /*count*/) override {}
  Task<bool> ready() override;

 private:
  Task<std::string> arrive();
  Task<Result<void>> go_live();
  void show_who_is_there(const std::vector<UserId>& contacts);
  Task<std::string> typing(ConversationId where, bool is_typing);
  Task<std::string> set_status(std::string status);
  // Nothing to say, or why not.
  Result<void> take(std::string_view payload);
  Result<void> take_typing(const JsonObject& payload);
  Result<void> take_presence(const JsonObject& payload);

  void announce(std::string_view status);
  void refuse(const Error& error);
  void say(std::string_view frame);
  void close(std::uint16_t code, std::string_view reason);
  [[nodiscard]] engine::Caller caller() { return door_.caller(user_, origin_); }

  Door& door_;
  UserId user_;
  std::optional<Time> expires_;
  std::optional<shell::Headcount::Place> place_;
  Origin origin_;
  net::Socket* socket_ = nullptr;  // gone once closed
  Ref<line::Line> line_;
  std::optional<engine::Stream> stream_;
  Executor::TimerId expiry_ = 0;
  RateLimiter typing_{{.per_second = 10, .burst = 10}};
  std::optional<Instant> refused_at_;
  bool first_ = false;
  std::string connection_;  // its name for others
};

// The shell that a connection owns.
[[nodiscard]] std::unique_ptr<net::SocketHandler> make_session(Door& door, UserId user,
                                                               std::optional<Time> expires,
                                                               shell::Headcount::Place place);

}  // namespace parley::pulse
