// One WebSocket of this dialect: frames in, answers and events out.
//
// The connection owns only a shell (the SocketHandler); the Session behind it lives as long as a command of it is under
// way, so a command that ends after its connection finds everything it needs and answers nobody.
#pragma once

#include <list>
#include <optional>
#include <string>

#include "base/json.h"
#include "dialects/native/deliveries.h"
#include "dialects/native/door.h"
#include "engine/stream.h"

namespace parley::native {

class Session final : public RefCounted, public engine::Sink {
 public:
  Session(Door& door, Identified who);
  ~Session() override;

  // From the socket.
  void opened(net::Socket& socket);
  void message(std::string_view payload, bool binary);
  void closed();

  void drain(std::chrono::milliseconds reconnect_in);

  // From the stream.
  void event(const Event& event, const Cursor& cursor, hub::Encodings& encodings) override;
  void pointer(const Pointer& pointer, hub::Encodings& encodings) override;
  void synced(const Cursor& cursor, const std::vector<Unread>& unread) override;
  void signal(const Signal& signal, hub::Encodings& encodings) override;
  void unread(const ConversationId& where, std::uint64_t count) override;
  [[nodiscard]] Wants wants() const override;
  void found(const Found& found) override;
  Task<bool> ready() override;

 private:
  // A frame's own id, with which its answer is correlated; without one there is no `ok`.
  using FrameId = std::optional<std::string>;
  using Command = Task<Result<std::string>>;
  // A command under way; its turn may pass before it ends.
  struct Running final : RefCounted {
    explicit Running(Session& session) : turn([&session] { session.passed(); }) {}
    engine::Turn turn;
  };

  void take(std::string_view payload, std::size_t slack);
  void run(FrameId id, Ref<Running> running, Command command);
  void passed();
  void pump();
  void answer(const FrameId& id, const Result<std::string>& result);
  [[nodiscard]] std::optional<Error> refusal_of(std::string_view type);

  // Each reads what it needs of the frame before it first waits.
  Result<Command> command_for(std::string_view type, const JsonObject& data,
                              const Ref<Running>& running);
  Result<Command> hello(const JsonObject& data, const Ref<Running>& running);
  Command greet(std::optional<Cursor> cursor, Ref<Running> running);
  Task<Result<void>> meet();
  void become_present();
  void follow(Ref<Running> running);
  Command send(engine::SendMessage command, Ref<Running> running);
  Command edit(engine::EditMessage command, Ref<Running> running);
  Command remove(MessageId id, Ref<Running> running);
  Command recall(MessageId id, Ref<Running> running);
  Command react(MessageId id, std::string emoji, bool on, Ref<Running> running);
  Command typing(ConversationId where, bool is_typing);
  Command read(ConversationId where, Seq upto, Ref<Running> running);
  Command set_presence(std::string status);
  Command watch(std::vector<UserId> users);
  Result<Command> call(const JsonObject& data);
  Command pass_on(std::optional<UserId> whom, ConversationId where, Signal signal);
  Command history(ConversationId where, engine::HistoryQuery query);
  Result<std::string> renew(const JsonObject& data);

  void note_device(const JsonObject& data);
  [[nodiscard]] std::string session_id() const;
  void took(const Event& event);
  void delivered(const ConversationId& where, Seq upto, std::vector<UserId> authors);
  void watch_expiry();
  void send_frame(std::string_view json);
  void close(std::uint16_t code, std::string_view reason);

  static constexpr std::size_t in_flight_max = 256;
  static constexpr std::size_t backlog_bytes_max = 256 * 1024;
  static constexpr std::size_t refusals_max = 2'000;  // rate_limited in a row, then 4029

  Door& door_;
  Identified who_;
  net::Socket* socket_ = nullptr;  // gone once closed
  std::optional<engine::Stream> stream_;
  std::vector<UserId> watched_;  // sorted
  enum class State : std::uint8_t { new_here, greeted, catching_up, live } state_ = State::new_here;

  // Frames that wait until the one before has taken its place in the order.
  std::list<std::string>
      backlog_;  // an empty deque would take half a KiB, and nearly all are empty
  std::size_t backlog_bytes_ = 0;
  std::size_t in_flight_ = 0;
  std::size_t refusals_ = 0;
  bool turn_taken_ = false;  // a command has not passed its turn yet
  bool pumping_ = false;
  bool paused_ = false;
  bool present_ = false;
  Executor::TimerId expiry_timer_ = 0;
  Executor::TimerId hello_timer_ = 0;
  std::unique_ptr<Device> device_;          // until hello is answered
  std::unique_ptr<Found> found_;            // the same
  std::unique_ptr<Deliveries> deliveries_;  // once there is one
};

// The shell.
[[nodiscard]] std::unique_ptr<net::SocketHandler> make_session(Door& door, Identified who);

}  // namespace parley::native
