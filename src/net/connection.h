// One WebSocket on the reactor: reads messages for its handler, queues frames for its peer, keeps both within bounds.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "net/byte_stream.h"
#include "net/send_queue.h"
#include "net/served.h"
#include "net/socket.h"
#include "net/watched.h"
#include "net/ws_codec.h"

namespace parley::net {

struct Upgrade;

// Lives on: its loop. Kept small: an idle one should cost some hundred bytes.
class Connection final : public Watched, public Socket {
 public:
  Connection(std::shared_ptr<ServerShared> server, ByteStream stream, Place place,
             std::string remote_address, Packing packing, const Upgrade& terms);
  ~Connection() override;

  // It stands in its place in the reactor. `answer` is the 101; `early` are bytes that came behind the request.
  void open(std::unique_ptr<SocketHandler> handler, std::string_view answer, std::string early);

  [[nodiscard]] SocketId id() const override;
  [[nodiscard]] Loop& loop() override { return server_->loop; }
  void send(FrameRef frame) override;
  void close(std::uint16_t code, std::string_view reason) override;
  void pause_reading() override { paused_ = true; }
  void resume_reading() override;
  [[nodiscard]] bool has_room() const override;
  [[nodiscard]] std::string_view remote_address() const override { return remote_address_; }

  void ready(std::uint32_t events) override;
  void time_is_up() override;
  [[nodiscard]] const ServerShared* server() const override { return &*server_.shared(); }
  [[nodiscard]] Socket* socket() override { return closing_ ? nullptr : this; }
  void finish() override { close(ws_code::going_away, {}); }
  void drop() override { drop(last_code()); }

  // For the writer, at the end of a turn.
  [[nodiscard]] bool prepare_to_write();  // false: there is nothing, or no room in the kernel
  [[nodiscard]] bool can_write() const { return !dropped_ && !blocked_ && !queue_.empty(); }
  [[nodiscard]] bool secure() const { return stream_.secure(); }
  [[nodiscard]] int descriptor() const { return stream_.descriptor(); }
  [[nodiscard]] std::size_t parts(std::span<iovec> out) const { return queue_.parts(out); }
  void write(std::span<char> scratch);  // until all is written or the kernel takes no more
  void written(IoResult result);        // by somebody else's sendmsg() of parts()
  void after_writing();

 private:
  struct Stash;

  void read(std::uint32_t events);
  bool read_stash();
  void consume(std::span<char>& input);
  void put_aside(std::span<char> rest);
  void received(const WsDecoder::Event& event);
  void settle();
  void fail(std::uint16_t code, std::string_view why);
  void peer_closed(const WsDecoder::Event& event);
  [[nodiscard]] bool may_read() const;
  void read_again_if_allowed();

  void queue(FrameRef frame);
  void mark_dirty();
  void begin_close(std::uint16_t code, std::string_view reason);
  [[nodiscard]] bool stays_full();
  void give_up_on_slow_reader();
  void heartbeat();
  void broken();
  void drop(std::uint16_t code);
  void handler_gone(std::uint16_t code);
  [[nodiscard]] std::uint16_t last_code() const { return closing_ ? code_ : ws_code::abnormal; }
  void update_interest();
  [[nodiscard]] Reactor& reactor() const { return server_->reactor; }

  ServerShared::Presence server_;
  ByteStream stream_;
  std::unique_ptr<SocketHandler> handler_;  // none once it has been told that this is closed
  std::unique_ptr<Stash> stash_;
  WsDecoder decoder_;
  SendQueue queue_;
  std::string remote_address_;
  Place place_;
  Instant heard_;               // when the peer last sent something
  Instant blocked_at_;          // when the kernel last took something, or refused to
  Instant full_since_;          // while full_
  std::uint32_t frames_max_;    // more of them waiting: full
  std::uint32_t promised_ = 0;  // bytes that TLS must be offered again
  std::uint16_t code_;          // of the close; before it, of one for reading too slowly
  std::uint32_t interest_ = 0;  // what epoll has been told
  bool listening_ : 1 = true;   // for input
  bool paused_ : 1 = false;     // by the handler
  bool withheld_ : 1 = false;   // there may be input that nobody will announce again
  bool blocked_ : 1 = false;    // the kernel takes no more
  bool full_ : 1 = false;
  bool dirty_ : 1 = false;
  bool too_slow_ : 1 = false;  // past its limits: closed in the flush
  bool closing_ : 1 = false;   // a close frame is queued or written
  bool answered_ : 1 = false;  // the peer's close frame has come
  bool deaf_ : 1 = false;      // what still comes in is thrown away
  bool finished_ : 1 = false;  // we have ended our side of the stream
  bool dropped_ : 1 = false;
  bool settled_ : 1 = false;  // has said something: no newcomer any more
};

}  // namespace parley::net
