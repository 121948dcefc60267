// TLS over real sockets, with certificates made here.
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "net/test_client.h"
#include "net/test_server.h"

namespace parley::net {
namespace {

using test::Client;
using test::LiveServer;
using test::WsClient;
using namespace std::chrono_literals;

constexpr std::string_view get = "GET /a HTTP/1.1\r\nHost: here\r\n\r\n";
constexpr Client::Options tls{.tls = true};

class Tls : public testing::Test {
 public:
  Tls()
      : folder_(std::filesystem::temp_directory_path() /
                ("parley_tls_test_" + std::to_string(::getpid()))) {
    std::filesystem::create_directories(folder_);
    make("first");
  }
  ~Tls() override { std::filesystem::remove_all(folder_); }

 protected:
  [[nodiscard]] std::string certificate() const { return folder_ / "certificate.pem"; }
  [[nodiscard]] std::string key() const { return folder_ / "key.pem"; }

  // A new key and a certificate of that name, signed by itself.
  void make(const std::string& name, bool with_key = true) const {
    EVP_PKEY* pair = EVP_EC_gen("P-256");
    X509* made = X509_new();
    X509_gmtime_adj(X509_getm_notBefore(made), 0);
    X509_gmtime_adj(X509_getm_notAfter(made), 3600);
    X509_set_pubkey(made, pair);
    X509_NAME* subject = X509_get_subject_name(made);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    X509_set_issuer_name(made, subject);
    X509_sign(made, pair, EVP_sha256());
    FILE* file = std::fopen(certificate().c_str(), "w");
    PEM_write_X509(file, made);
    std::fclose(file);
    if (with_key) {
      file = std::fopen(key().c_str(), "w");
      PEM_write_PrivateKey(file, pair, nullptr, nullptr, 0, nullptr, nullptr);
      std::fclose(file);
    }
    X509_free(made);
    EVP_PKEY_free(pair);
  }
  [[nodiscard]] std::shared_ptr<TlsContext> load() const {
    auto loaded = TlsContext::load(certificate(), key());
    EXPECT_TRUE(loaded);
    return loaded.value_or(nullptr);
  }
  [[nodiscard]] std::string load_error() const {
    const auto loaded = TlsContext::load(certificate(), key());
    return loaded ? "" : loaded.error().detail;
  }

  std::filesystem::path folder_;
};

TEST_F(Tls, carries_http) {
  LiveServer server({}, load());
  Client client(server.port(), tls);
  EXPECT_EQ(client.ask(get).body, "GET /a ");
  EXPECT_EQ(client.ask("GET /large HTTP/1.1\r\nHost: here\r\n\r\n").body,
            std::string(3'000'000, 'l'));
  EXPECT_EQ(
      client.ask("GET /stream HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n").body.size(),
      24U);
  EXPECT_TRUE(client.server_closed());
}

TEST_F(Tls, takes_bodies_longer_than_a_record) {
  LiveServer server({}, load());
  Client client(server.port(), tls);
  const std::string body(500'000, 'b');
  EXPECT_EQ(
      client.ask("POST /p HTTP/1.1\r\nHost: here\r\nContent-Length: 500000\r\n\r\n" + body).body,
      "POST /p " + body);
}

TEST_F(Tls, carries_websockets_with_messages_of_all_sizes) {
  LiveServer server({}, load());
  WsClient client(server.port(), "/ws", "", tls);
  for (const std::size_t bytes : {0UL, 126UL, 16'384UL, 100'000UL, 1'048'576UL}) {
    const std::string payload(bytes, 'm');
    client.text(payload);
    EXPECT_EQ(client.message(), payload);
  }
  std::string burst;
  for (int i = 0; i < 3'000; ++i)
    burst += test::client_frame(test::fin_text, i % 5 == 0 ? "pause" : std::to_string(i));
  client.send(burst);
  for (int i = 0; i < 3'000; ++i)
    ASSERT_EQ(client.message(), i % 5 == 0 ? "paused" : std::to_string(i));
  client.send_frame(test::fin_close, test::closing(1000));
  EXPECT_EQ(client.read_close_code(), 1000U);
  EXPECT_TRUE(client.server_closed());
}

TEST_F(Tls, what_follows_the_upgrade_in_the_same_record_is_not_lost) {
  LiveServer server({}, load());
  Client client(server.port(), tls);
  client.send(test::upgrade_request("/ws") + test::client_frame(test::fin_text, "early"));
  EXPECT_EQ(client.answer(true).status, 101U);
  EXPECT_EQ(client.read(7),
            "\x81\x05"
            "early");
}

TEST_F(Tls, a_reader_that_stops_and_goes_on_gets_every_byte_in_order) {
  LiveServer server({.queue_bytes = 20'000'000}, load());
  WsClient client(server.port(), "/ws", "", {.tls = true, .receive_buffer = 4096});
  client.text("flood 1000 10000");
  // Long after the kernel's buffers are full, so the server has had to repeat a write.
  server.on_loop([] {});
  for (int i = 0; i < 1'000; ++i) ASSERT_EQ(client.message().size(), 10'000U);
}

TEST_F(Tls, a_slow_reader_finds_whole_frames_and_4008) {
  LiveServer server({.queue_bytes = 300'000}, load());
  WsClient slow(server.port(), "/ws", "", {.tls = true, .receive_buffer = 4096});
  slow.text("flood 25 10000");
  server.on_loop([] {});
  slow.text("flood 1000 10000");
  EXPECT_EQ(server.handler().seen.wait_closed(1), std::vector<std::uint16_t>{4008});
  EXPECT_EQ(slow.read_close_code(), 4008U);
}

TEST_F(Tls, a_client_that_stalls_in_the_handshake_or_speaks_plain_is_closed) {
  LiveServer server({.header_timeout = 50ms}, load());
  Client silent(server.port());
  EXPECT_TRUE(silent.server_closed());
  Client half(server.port());
  half.send("\x16\x03\x01");
  EXPECT_TRUE(half.server_closed());
  Client plain(server.port());
  plain.send(get);
  EXPECT_EQ(plain.read_all().find("HTTP"), std::string::npos);
}

TEST_F(Tls, reload_is_for_new_connections_and_keeps_the_old_ones) {
  const auto context = load();
  LiveServer server({}, context);
  Client before(server.port(), tls);
  EXPECT_EQ(before.certificate_name(), "first");
  make("second");
  EXPECT_TRUE(context->reload());
  Client after(server.port(), tls);
  EXPECT_EQ(after.certificate_name(), "second");
  EXPECT_EQ(before.ask(get).body, "GET /a ");
}

TEST_F(Tls, a_reload_that_fails_says_why_and_changes_nothing) {
  const auto context = load();
  LiveServer server({}, context);
  make("third", false);
  const auto reloaded = context->reload();
  ASSERT_FALSE(reloaded);
  EXPECT_NE(reloaded.error().detail.find("is not that of the certificate"), std::string::npos)
      << reloaded.error().detail;
  Client client(server.port(), tls);
  EXPECT_EQ(client.certificate_name(), "first");
}

TEST_F(Tls, files_that_can_not_be_used_are_named) {
  std::filesystem::remove(key());
  EXPECT_EQ(load_error(),
            "the key file \"" + key() + "\" can't be read: No such file or directory");
  std::ofstream(key()) << "no key";
  EXPECT_EQ(load_error(), "the key file \"" + key() + "\" holds no PEM key: unsupported");
  std::ofstream(certificate()) << "no certificate";
  EXPECT_EQ(load_error(), "the certificate file \"" + certificate() +
                              "\" holds no PEM certificate chain: no start line");
  std::filesystem::remove(certificate());
  EXPECT_EQ(load_error(), "the certificate file \"" + certificate() +
                              "\" can't be read: No such file or directory");
}

}  // namespace
}  // namespace parley::net
