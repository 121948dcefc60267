// One device of one person.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "base/json.h"
#include "dialects/dinq/door.h"
#include "dialects/line/line.h"
#include "dialects/shell/pace.h"
#include "engine/stream.h"
#include "engine/unread_counts.h"

namespace parley::dinq {

class Session final : public RefCounted, public engine::Sink {
 public:
  Session(Door& door, UserId user);
  ~Session() override;

  // From the socket.
  void opened(net::Socket& socket);
  void message(std::string_view payload, bool binary);
  void closed();
  void go_away();

  // From the stream.
  [[nodiscard]] Wants wants() const override { return {.memberships = true}; }
  void found(const Found& found) override;
  void event(const Event& event, const Cursor& cursor, hub::Encodings& encodings) override;
  void pointer(const Pointer& pointer, hub::Encodings& encodings) override;
  void synced(const Cursor& /*cursor*/, const std::vector<Unread>& /*unread*/) override {}
  void signal(const Signal& signal, hub::Encodings& encodings) override;
  void unread(const ConversationId& where, std::uint64_t count) override;
  Task<bool> ready() override;

 private:
  using Command = line::Line::Command;
  // How this person wants to have a conversation, where it is not as usual.
  struct Own {
    bool muted = false;
    bool receipts = true;
    [[nodiscard]] bool usual() const { return !muted && receipts; }
  };

  // frames.cpp: what clients send.
  void take(std::string_view type, const JsonObject& data);
  void send_message(const JsonObject& data);
  void look_at(const JsonObject& data);
  Task<std::string> send(engine::SendMessage command, std::optional<UserId> receiver,
                         engine::Turn& turn);
  Task<std::string> show_life();
  Task<std::string> read(ConversationId where, MessageId upto);
  Task<std::string> typing(ConversationId where);
  Task<std::string> recall(MessageId id);
  Task<std::string> call(ConversationId where, std::string action, std::string data);

  // arrival.cpp: what happens when a device comes and goes.
  Task<std::string> arrive();
  Task<void> show_left_behind();
  Task<Result<void>> show_missed(const Cursor& now);
  Task<void> show_newest_notification();
  void announce(bool online);
  void leave();

  void show_message(const Event& event, hub::Encodings& encodings);
  void show_read(const Pointer& pointer);
  void say(std::string_view frame);
  void put(net::FrameRef frame);
  void hold_until_carried(const Event& event);
  void say_unread(const ConversationId& where);
  void close(std::uint16_t code, std::string_view reason);
  void read_at_once(const Event& event);
  [[nodiscard]] Own own(const ConversationId& where) const;
  [[nodiscard]] engine::Caller caller() { return door_.caller(user_, origin_); }

  Door& door_;
  UserId user_;
  Origin origin_;
  net::Socket* socket_ = nullptr;  // gone once closed
  Ref<line::Line> line_;
  std::optional<engine::Stream> stream_;
  engine::UnreadCounts counts_;
  std::unordered_map<ConversationId, Own> own_;
  std::unordered_set<UserId> partners_;  // of private conversations
  ConversationId looking_at_;
  std::optional<shell::Headcount::Place> place_;
  bool counted_ = false;  // among those who are there
  bool first_ = false;    // the first device of this person that came
  bool arrived_ = false;
  shell::Pace pace_;
  std::size_t holding_ = 0;            // messages of this device that Redis does not say yet
  std::vector<net::FrameRef> behind_;  // what goes out after them
};

// The shell that a connection owns.
[[nodiscard]] std::unique_ptr<net::SocketHandler> make_session(Door& door, UserId user);

}  // namespace parley::dinq
