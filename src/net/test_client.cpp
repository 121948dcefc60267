#include "net/test_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/x509.h>
#include <unistd.h>

#include <cstring>

#include "net/ws_mask.h"

namespace parley::net::test {
namespace {

constexpr timeval patience{5, 0};

int connect_to(std::uint16_t port, int receive_buffer) {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ::setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  const int yes = 1;
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  if (receive_buffer > 0)
    ::setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int connected =
      ::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  EXPECT_EQ(connected, 0) << std::strerror(errno);
  return descriptor;
}

}  // namespace

Client::Client(std::uint16_t port, Options options)
    : descriptor_(connect_to(port, options.receive_buffer)) {
  if (!options.tls) return;
  context_.reset(SSL_CTX_new(TLS_client_method()));
  static constexpr unsigned char protocols[] = "\x08http/1.1";
  SSL_CTX_set_alpn_protos(context_.get(), protocols, sizeof protocols - 1);
  ssl_.reset(SSL_new(context_.get()));
  SSL_set_fd(ssl_.get(), descriptor_);
  EXPECT_EQ(SSL_connect(ssl_.get()), 1);
}

Client::~Client() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

bool Client::try_send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ssl_ != nullptr
                          ? SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size()))
                          : ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

void Client::send(std::string_view bytes) { EXPECT_TRUE(try_send(bytes)); }

bool Client::fill() {
  char bytes[64 * 1024];
  const auto got = ssl_ != nullptr ? SSL_read(ssl_.get(), bytes, sizeof bytes)
                                   : ::recv(descriptor_, bytes, sizeof bytes, 0);
  if (got < 0 && ssl_ == nullptr)
    EXPECT_NE(errno, EAGAIN) << "nothing came for five seconds; there is: "
                             << input_.substr(0, 500);
  if (got <= 0) return false;
  input_.append(bytes, static_cast<std::size_t>(got));
  return true;
}

std::string Client::take(std::size_t bytes) {
  std::string taken = input_.substr(0, bytes);
  input_.erase(0, bytes);
  return taken;
}

std::string Client::read(std::size_t bytes) {
  while (input_.size() < bytes && fill()) continue;
  return take(bytes);
}

std::string Client::read_until(std::string_view end) {
  std::size_t at = std::string::npos;
  while ((at = input_.find(end)) == std::string::npos)
    if (!fill()) return take(input_.size());
  return take(at + end.size());
}

std::string Client::read_all() {
  while (fill()) continue;
  return take(input_.size());
}

void Client::reset() {
  const linger at_once{1, 0};
  ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  ::close(std::exchange(descriptor_, -1));
}

std::string Client::Answer::header(std::string_view name) const {
  const std::string line = "\r\n" + std::string(name) + ": ";
  const std::size_t at = head.find(line);
  if (at == std::string::npos) return {};
  const std::size_t from = at + line.size();
  return head.substr(from, head.find("\r\n", from) - from);
}

Client::Answer Client::answer(bool bodiless) {
  Answer answer;
  answer.head = read_until("\r\n\r\n");
  if (answer.head.size() > 12)
    answer.status = static_cast<unsigned>(std::stoul(answer.head.substr(9, 3)));
  if (bodiless) return answer;
  if (const std::string length = answer.header("Content-Length"); !length.empty()) {
    answer.body = read(std::stoul(length));
  } else if (answer.header("Transfer-Encoding") == "chunked") {
    for (;;) {
      const std::string size = read_until("\r\n");
      const std::size_t bytes = size.empty() ? 0 : std::stoul(size, nullptr, 16);
      answer.body += read(bytes);
      EXPECT_EQ(read(2), "\r\n");
      if (bytes == 0) break;
    }
  }
  return answer;
}

std::string Client::certificate_name() const {
  X509* certificate = SSL_get1_peer_certificate(ssl_.get());
  char name[256] = "";
  X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name, sizeof name);
  X509_free(certificate);
  return name;
}

std::string client_frame(unsigned first, std::string_view payload) {
  std::string frame(1, static_cast<char>(first));
  const std::size_t bytes = payload.size();
  const int extra = bytes < 126 ? 0 : bytes <= 0xFFFF ? 2 : 8;
  frame += static_cast<char>(0x80 | (extra == 0 ? bytes : extra == 2 ? 126U : 127U));
  for (int i = extra - 1; i >= 0; --i) frame += static_cast<char>(bytes >> (8 * i) & 0xFF);
  static constexpr char mask[] = "\x37\xfa\x21\x3d";
  frame.append(mask, 4);
  for (std::size_t i = 0; i < bytes; ++i) frame += static_cast<char>(payload[i] ^ mask[i % 4]);
  return frame;
}

std::string closing(unsigned code, std::string_view reason) {
  std::string payload{static_cast<char>(code >> 8), static_cast<char>(code & 0xFF)};
  payload += reason;
  return payload;
}

std::string upgrade_request(std::string_view path, std::string_view extra_headers) {
  return "GET " + std::string(path) +
         " HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
         "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
         std::string(extra_headers) + "\r\n";
}

WsClient::WsClient(std::uint16_t port, std::string_view path, std::string_view extra_headers,
                   Options options)
    : Client(port, options) {
  opening_ = ask(upgrade_request(path, extra_headers));
  EXPECT_EQ(opening_.status, 101U) << opening_.head;
}

ServerFrame WsClient::frame() {
  ServerFrame frame;
  const std::string head = read(2);
  if (head.size() < 2) return frame;
  frame.first = static_cast<unsigned char>(head[0]);
  const unsigned small = static_cast<unsigned char>(head[1]);
  EXPECT_LT(small, 128U) << "a server must not mask";
  std::size_t bytes = small;
  if (small >= 126) {
    bytes = 0;
    for (const char c : read(small == 126 ? 2 : 8))
      bytes = bytes << 8 | static_cast<unsigned char>(c);
  }
  frame.payload = read(bytes);
  return frame;
}

std::string WsClient::message() {
  ServerFrame next = frame();
  EXPECT_EQ(next.first, fin_text);
  return std::move(next.payload);
}

unsigned WsClient::read_close_code() {
  for (;;) {
    const ServerFrame next = frame();
    if (next.first == 0 || next.close_code() != 0) return next.close_code();
  }
}

}  // namespace parley::net::test
