// One device of one person.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/json.h"
#include "dialects/echo/door.h"
#include "dialects/line/line.h"
#include "dialects/shell/pace.h"
#include "engine/stream.h"

namespace parley::echo {

class Session final : public RefCounted, public engine::Sink {
 public:
  Session(Door& door, UserId user, Device device);
  ~Session() override;

  // From the socket.
  void opened(net::Socket& socket);
  void message(std::string_view payload, bool binary);
  void closed();
  void go_away();

  // From the stream.
  void event(const Event& event, const Cursor& cursor, hub::Encodings& encodings) override;
  void pointer(const Pointer& pointer, hub::Encodings& encodings) override;
  void synced(const Cursor& /*cursor*/, const std::vector<Unread>& /*unread*/) override {}
  void signal(const Signal& signal, hub::Encodings& encodings) override;
  void unread(const ConversationId& /*where*/, std::uint64_t /*count*/) override {}
  Task<bool> ready() override;

 private:
  void take(std::string_view type, const JsonObject& payload);
  void refuse(const Error& error, std::string_view type);
  Task<std::string> arrive();
  Task<std::string> send(engine::SendMessage command, engine::Turn& turn);
  Task<std::string> read(MessageId id);
  Task<std::string> typing(ConversationId where, bool is_typing);
  Task<std::string> call(ConversationId where, std::optional<UserId> to, std::string details);

  void ring_the_absent(ConversationId where, std::optional<UserId> to, const std::string& details);

  void show(const Event& event, hub::Encodings& encodings);
  void show_delivered(const Pointer& pointer);
  void show_read(const Pointer& pointer);
  void took(const Event& event);
  void tell_deliveries();
  [[nodiscard]] std::string error_frame(const Error& error, std::string_view ref_type) const;
  void say(std::string_view frame);
  void close(std::uint16_t code, std::string_view reason);
  [[nodiscard]] engine::Caller caller() { return door_.caller(user_, origin_); }

  Door& door_;
  UserId user_;
  Device device_;
  Origin origin_;
  net::Socket* socket_ = nullptr;  // gone once closed
  Ref<line::Line> line_;
  std::optional<engine::Stream> stream_;
  std::map<ConversationId, Seq> taken_;  // handed to the socket, and not yet told as delivered
  Executor::TimerId telling_ = 0;
  std::size_t bad_frames_ = 0;
  Instant bad_since_{};
  shell::Pace pace_;
};

// The shell that a connection owns.
[[nodiscard]] std::unique_ptr<net::SocketHandler> make_session(Door& door, UserId user,
                                                               Device device);

}  // namespace parley::echo
