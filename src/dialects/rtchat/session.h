// One device of one person. It only listens: this wire has no frames from clients.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "dialects/rtchat/door.h"
#include "engine/stream.h"

namespace parley::rtchat {

class Session final : public RefCounted, public engine::Sink {
 public:
  Session(Door& door, UserId user, std::optional<Time> expires, shell::Headcount::Place place);
  ~Session() override;

  // From the socket.
  void opened(net::Socket& socket);
  void message(std::string_view /*payload*/, bool /*binary*/) {}
  void closed();
  void go_away() { close(1001, "the server is going away"); }

  // A message of that person, before the log has it.
  void show_ahead(const UserId& sender, const net::FrameRef& frame);

  // From the stream.
  void event(const Event& event, const Cursor& cursor, hub::Encodings& encodings) override;
  void pointer(const Pointer& /*pointer*/, hub::Encodings& /*encodings*/) override {}
  void synced(const Cursor& /*cursor*/, const std::vector<Unread>& /*unread*/) override {}
  void signal(const Signal& signal, hub::Encodings& encodings) override;
  [[nodiscard]] Wants wants() const override { return {.memberships = true}; }
  void found(const Found& found) override;
  void unread(const ConversationId& /*where*/, std::uint64_t /*count*/) override {}
  Task<bool> ready() override;
  Task<bool> store_is_away() override;

 private:
  using Messages = std::vector<std::shared_ptr<const Message>>;

  Task<Result<void>> arrive();
  void announce(std::string_view status);
  void look_up(const ConversationId& where);
  void show_waiting(const ConversationId& where,
                    const std::shared_ptr<const Participants>& channel);
  void close(std::uint16_t code, std::string_view reason);
  [[nodiscard]] engine::Caller caller() { return door_.caller(user_, origin_); }

  Door& door_;
  UserId user_;
  std::optional<Time> expires_;
  std::optional<shell::Headcount::Place> place_;
  Origin origin_;
  net::Socket* socket_ = nullptr;  // gone once closed
  std::optional<engine::Stream> stream_;
  // Of conversations that are being looked up: who is in them.
  std::unordered_map<ConversationId, Messages> waiting_;
  Executor::TimerId expiry_ = 0;
  bool first_ = false;
};

// On the door's loop: to every socket of those it is for, but for the sender's.
void show_ahead(Door& door, const pending::Post& post);

}  // namespace parley::rtchat
