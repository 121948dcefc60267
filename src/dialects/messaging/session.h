// One device of one person.
#pragma once

#include <optional>
#include <string>

#include "base/json.h"
#include "dialects/line/line.h"
#include "dialects/messaging/call.h"
#include "dialects/messaging/door.h"
#include "dialects/shell/pace.h"
#include "engine/stream.h"

namespace parley::messaging {

class Session final : public RefCounted, public engine::Sink {
 public:
  Session(Door& door, UserId user, std::optional<Time> expires);
  ~Session() override;

  // From the socket.
  void opened(net::Socket& socket);
  void message(std::string_view payload, bool binary);
  void closed();
  void go_away();

  // From the stream (events.cpp).
  void event(const Event& event, const Cursor& cursor, hub::Encodings& encodings) override;
  void pointer(const Pointer& pointer, hub::Encodings& encodings) override;
  void synced(const Cursor& /*cursor*/, const std::vector<Unread>& /*unread*/) override {}
  void signal(const Signal& signal, hub::Encodings& encodings) override;
  void unread(const ConversationId& /*where*/, std::uint64_t /*count*/) override {}
  Task<bool> ready() override;

 private:
  // What a frame asks for; nothing to say, or the data of an acknowledgement, or a refusal.
  using Answer = Result<std::string>;
  using Work = std::move_only_function<Task<Answer>(engine::Turn& turn)>;
  enum class Order : std::uint8_t { alone, overlapping };

  void take(std::string_view type, const Fields& fields);
  void run(Order order, std::string request_id, Work work);
  void refuse(std::string_view code, std::string_view text, std::string_view request_id);
  Result<Work> work_for(std::string_view type, const Fields& fields, Order& order);
  Task<std::string> arrive();
  Task<Answer> send(engine::SendMessage command, engine::Turn& turn);
  Task<Answer> read(MessageId id);
  Task<Answer> edit(MessageId id, std::string text, engine::Turn& turn);
  Task<Answer> remove(MessageId id, engine::Turn& turn);
  Task<Answer> react(MessageId id, std::string emoji, bool on, engine::Turn& turn);
  Task<Answer> typing(ConversationId where, bool is_typing);
  Task<Answer> set_presence(std::string status);

  void announce(std::string_view status);
  void leave();
  void show_conversation(std::string_view type, ConversationId where);
  void show_read(const Pointer& pointer);
  void say(std::string_view frame);
  void close(std::uint16_t code, std::string_view reason);
  [[nodiscard]] engine::Caller caller() { return door_.caller(user_, origin_); }

  Door& door_;
  UserId user_;
  std::optional<Time> expires_;
  std::string connection_;  // its name among the user's own
  Origin origin_;
  net::Socket* socket_ = nullptr;  // gone once closed
  Ref<line::Line> line_;
  std::optional<engine::Stream> stream_;
  Executor::TimerId expiry_ = 0;
  bool first_ = false;
  shell::Pace pace_;
};

// The shell that a connection owns.
[[nodiscard]] std::unique_ptr<net::SocketHandler> make_session(Door& door, UserId user,
                                                               std::optional<Time> expires);

}  // namespace parley::messaging
