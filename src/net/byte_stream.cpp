#include "net/byte_stream.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace parley::net {
namespace {

using Kind = IoResult::Kind;

bool is_again(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

int clamped(std::size_t bytes) { return static_cast<int>(std::min<std::size_t>(bytes, 1 << 30)); }

}  // namespace

IoResult ByteStream::tls_outcome(int result) const {
  if (result > 0) return {Kind::some, static_cast<std::size_t>(result)};
  switch (SSL_get_error(ssl_, result)) {
    case SSL_ERROR_WANT_READ:
      return {Kind::wait_readable, 0};
    case SSL_ERROR_WANT_WRITE:
      return {Kind::wait_writable, 0};
    default:
      return {Kind::ended, 0};
  }
}

// OpenSSL keeps errors in a queue of the thread; one left by another connection would be taken for ours.
IoResult ByteStream::handshake() {
  ERR_clear_error();
  return tls_outcome(SSL_accept(ssl_));
}

IoResult ByteStream::read(std::span<char> into) {
  if (ssl_ != nullptr) {
    ERR_clear_error();
    return tls_outcome(SSL_read(ssl_, into.data(), clamped(into.size())));
  }
  const ssize_t got = ::recv(descriptor_, into.data(), into.size(), 0);
  if (got > 0) return {Kind::some, static_cast<std::size_t>(got)};
  return {got < 0 && is_again(errno) ? Kind::wait_readable : Kind::ended, 0};
}

IoResult ByteStream::write(std::span<const iovec> parts) {
  if (ssl_ != nullptr) {
    ERR_clear_error();
    return tls_outcome(SSL_write(ssl_, parts[0].iov_base, clamped(parts[0].iov_len)));
  }
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(parts.data());
  message.msg_iovlen = parts.size();
  const ssize_t sent = ::sendmsg(descriptor_, &message, MSG_NOSIGNAL);
  return outcome_of_send(sent < 0 ? -errno : sent);
}

IoResult ByteStream::outcome_of_send(long result) {
  if (result >= 0) return {Kind::some, static_cast<std::size_t>(result)};
  return {is_again(static_cast<int>(-result)) ? Kind::wait_writable : Kind::ended, 0};
}

bool ByteStream::has_buffered() const { return ssl_ != nullptr && SSL_has_pending(ssl_) != 0; }

void ByteStream::finish_writing() {
  if (ssl_ != nullptr) {
    ERR_clear_error();
    SSL_shutdown(ssl_);  // says so if there is room; the end of the stream below says it too
  }
  ::shutdown(descriptor_, SHUT_WR);
}

void ByteStream::close() {
  if (ssl_ != nullptr) {
    ERR_clear_error();
    if (SSL_is_init_finished(ssl_) != 0) SSL_shutdown(ssl_);
    SSL_free(ssl_);
    ssl_ = nullptr;
  }
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = -1;
}

}  // namespace parley::net
