// For tests: a client that knows nothing of the room, and blocks, at most five seconds.
#pragma once

#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace parley::net::test {

class Client {
 public:
  struct Options {
    bool tls = false;
    int receive_buffer = 0;  // of the kernel; 0: its own choice
  };
  explicit Client(std::uint16_t port) : Client(port, Options{}) {}
  Client(std::uint16_t port, Options options);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void send(std::string_view bytes);
  // False: the server no longer takes them.
  [[nodiscard]] bool try_send(std::string_view bytes);
  [[nodiscard]] std::string read(std::size_t bytes);           // fewer only at the end
  [[nodiscard]] std::string read_until(std::string_view end);  // `end` included
  [[nodiscard]] std::string read_all();                        // until the server closes
  [[nodiscard]] bool server_closed() { return read_all().empty(); }
  void end_sending() const { ::shutdown(descriptor_, SHUT_WR); }
  void reset();  // closes with a reset

  struct Answer {
    unsigned status = 0;
    std::string head, body;
    [[nodiscard]] std::string header(std::string_view name) const;
  };
  // Reads one; `bodiless` for the answer to HEAD.
  [[nodiscard]] Answer answer(bool bodiless = false);
  [[nodiscard]] Answer ask(std::string_view request) {
    send(request);
    return answer();
  }
  [[nodiscard]] std::string certificate_name() const;  // TLS: the common name

 private:
  bool fill();
  std::string take(std::size_t bytes);

  int descriptor_ = -1;
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_{nullptr, SSL_CTX_free};
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_{nullptr, SSL_free};
  std::string input_;
};

// A frame as a client sends it. `first` is the whole first byte: FIN, RSV and opcode.
[[nodiscard]] std::string client_frame(unsigned first, std::string_view payload);
inline constexpr unsigned fin_text = 0x81, fin_binary = 0x82, fin_close = 0x88, fin_ping = 0x89,
                          fin_pong = 0x8A;

struct ServerFrame {
  unsigned first = 0;
  std::string payload;
  [[nodiscard]] unsigned close_code() const {
    if ((first & 0x0F) != 8 || payload.size() < 2) return 0;
    return static_cast<unsigned>(static_cast<unsigned char>(payload[0]) << 8 |
                                 static_cast<unsigned char>(payload[1]));
  }
};
[[nodiscard]] std::string closing(unsigned code, std::string_view reason = {});

[[nodiscard]] std::string upgrade_request(std::string_view path,
                                          std::string_view extra_headers = {});

// A WebSocket, already open.
class WsClient : public Client {
 public:
  explicit WsClient(std::uint16_t port, std::string_view path = "/ws",
                    std::string_view extra_headers = {}, Options options = {});
  [[nodiscard]] const Answer& opening() const { return opening_; }
  void send_frame(unsigned first, std::string_view payload) { send(client_frame(first, payload)); }
  void text(std::string_view payload) { send_frame(fin_text, payload); }
  [[nodiscard]] ServerFrame frame();
  // The payload of the next frame, which must be a whole text message.
  [[nodiscard]] std::string message();
  // Skips whatever comes before it; 0 where the stream ends without one.
  [[nodiscard]] unsigned read_close_code();

 private:
  Answer opening_;
};

}  // namespace parley::net::test
