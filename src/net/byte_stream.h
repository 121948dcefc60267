// A connected, non-blocking socket, plain or with TLS on it: what HTTP reads and writes, and hands over to a WebSocket.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

struct ssl_st;

namespace parley::net {

struct IoResult {
  enum class Kind : std::uint8_t { some, wait_readable, wait_writable, ended };
  Kind kind = Kind::ended;
  std::size_t bytes = 0;
  [[nodiscard]] bool some() const { return kind == Kind::some; }
  [[nodiscard]] bool ended() const { return kind == Kind::ended; }  // closed by the peer, or broken
};

class ByteStream {
 public:
  ByteStream() = default;
  // Owns the descriptor, and the SSL if there is one.
  explicit ByteStream(int descriptor, ssl_st* ssl = nullptr) : descriptor_(descriptor), ssl_(ssl) {}
  ByteStream(ByteStream&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, -1)),
        ssl_(std::exchange(other.ssl_, nullptr)) {}
  ByteStream& operator=(ByteStream&&) = delete;
  ~ByteStream() { close(); }

  [[nodiscard]] int descriptor() const { return descriptor_; }
  [[nodiscard]] bool secure() const { return ssl_ != nullptr; }
  [[nodiscard]] bool is_open() const { return descriptor_ >= 0; }

  // TLS only: `some` when it is done.
  [[nodiscard]] IoResult handshake();
  [[nodiscard]] IoResult read(std::span<char> into);
  // With TLS the first part only, and after wait_writable the next call must begin with the same bytes and offer no
  // fewer of them.
  [[nodiscard]] IoResult write(std::span<const iovec> parts);
  // Plain streams: the meaning of what sendmsg() returned, or its negative errno.
  [[nodiscard]] static IoResult outcome_of_send(long result);
  // TLS has decrypted bytes which epoll can't know of.
  [[nodiscard]] bool has_buffered() const;
  // Nothing more will be written: the peer sees the end.
  void finish_writing();
  void close();

 private:
  [[nodiscard]] IoResult tls_outcome(int result) const;

  int descriptor_ = -1;
  ssl_st* ssl_ = nullptr;
};

}  // namespace parley::net
