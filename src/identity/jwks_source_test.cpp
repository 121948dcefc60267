#include "identity/jwks_source.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "fetch/fetch.h"
#include "identity/test_signer.h"

namespace parley::identity {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

const Time now = from_micros(1'767'323'045'000'000);
constexpr std::string_view good_claims = R"({"sub":"anna","exp":1767323105})";

class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "parley-jwks-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  [[nodiscard]] std::string file(const std::string& name) const { return path_ / name; }
  // As careful people replace a file: the reader sees the old one or the new one.
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(file(name + ".new")) << text;
    std::filesystem::rename(file(name + ".new"), file(name));
  }

 private:
  std::filesystem::path path_;
};

// Answers each connection with the same bytes.
class TinyServer {
 public:
  explicit TinyServer(std::string answer)
      : answer_(std::move(answer)), socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(socket_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(socket_, 8), 0);
    ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::jthread([this] { serve(); });
  }
  ~TinyServer() {
    ::shutdown(socket_, SHUT_RDWR);
    thread_.join();
    ::close(socket_);
  }
  [[nodiscard]] std::string url(const std::string& user = {}) const {
    return "http://" + user + "127.0.0.1:" + std::to_string(port_) + "/keys?token=hidden";
  }
  [[nodiscard]] int asked() const { return asked_; }
  static std::string ok(const std::string& body) {
    return "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\n\r\n" + body;
  }

 private:
  void serve() {
    while (true) {
      int peer = ::accept(socket_, nullptr, nullptr);
      if (peer < 0) return;
      ++asked_;
      char request[4096];
      static_cast<void>(::recv(peer, request, sizeof request, 0));
      std::size_t sent = 0;
      while (sent < answer_.size()) {
        ssize_t part = ::send(peer, answer_.data() + sent, answer_.size() - sent, MSG_NOSIGNAL);
        if (part <= 0) break;
        sent += static_cast<std::size_t>(part);
      }
      ::close(peer);
    }
  }
  std::string answer_;
  int socket_;
  std::uint16_t port_ = 0;
  std::atomic<int> asked_ = 0;
  std::jthread thread_;
};

class Source : public testing::Test {
 protected:
  std::unique_ptr<JwksSource> source(const std::string& where) {
    auto made = JwksSource::at(where, verifier);
    EXPECT_TRUE(made);
    return std::move(*made);
  }
  [[nodiscard]] bool takes(const TestSigner& signer) const {
    return verifier->verify(signer.token(good_claims), now, {}).has_value();
  }
  Folder folder;
  std::shared_ptr<Verifier> verifier = std::make_shared<Verifier>();
  Instant start = Instant{} + 1h;
  TestSigner old{Algorithm::es256, "old"};
  TestSigner fresh{Algorithm::es256, "fresh"};
};

TEST_F(Source, a_changed_file_is_read_again) {
  folder.write("keys", old.jwks());
  auto keys = source(folder.file("keys"));
  ASSERT_TRUE(keys->load(start));
  EXPECT_TRUE(takes(old));
  auto before = verifier->keys();
  keys->refresh(start + 1s);
  EXPECT_EQ(verifier->keys(), before);  // nothing has changed

  folder.write("keys", fresh.jwks());
  keys->refresh(start + 2s);
  EXPECT_FALSE(takes(old));
  EXPECT_TRUE(takes(fresh));
}

TEST_F(Source, a_link_that_points_elsewhere_is_a_changed_file) {
  folder.write("one", old.jwks());
  folder.write("two", fresh.jwks());
  std::filesystem::create_symlink(folder.file("one"), folder.file("keys"));
  auto keys = source(folder.file("keys"));
  ASSERT_TRUE(keys->load(start));
  std::filesystem::remove(folder.file("keys"));
  std::filesystem::create_symlink(folder.file("two"), folder.file("keys"));
  keys->refresh(start + 1s);
  EXPECT_TRUE(takes(fresh));
}

TEST_F(Source, a_broken_or_missing_file_leaves_the_old_keys) {
  folder.write("keys", old.jwks());
  auto keys = source(folder.file("keys"));
  ASSERT_TRUE(keys->load(start));
  folder.write("keys", "{\"keys\":[");
  keys->refresh(start + 1s);
  EXPECT_TRUE(takes(old));
  std::filesystem::remove(folder.file("keys"));
  keys->refresh(start + 2s);
  EXPECT_TRUE(takes(old));
  folder.write("keys", fresh.jwks());
  keys->refresh(start + 3s);
  EXPECT_TRUE(takes(fresh));
}

TEST_F(Source, what_is_no_readable_file_is_refused_with_its_name) {
  for (const std::string& where : {folder.file("none"), folder.file("")}) {
    auto loaded = source(where)->load(start);
    ASSERT_FALSE(loaded);
    EXPECT_THAT(loaded.error().detail, HasSubstr(where));
  }
  folder.write("big", std::string(JwksSource::document_bytes_max + 1, ' '));
  EXPECT_THAT(source(folder.file("big"))->load(start).error().detail,
              HasSubstr("longer than 1048576"));
  EXPECT_FALSE(JwksSource::at("file:///etc/passwd", verifier));
  EXPECT_FALSE(JwksSource::at("", verifier));
}

TEST_F(Source, other_keys_stay_beside_those_of_the_set) {
  TestSigner secret(Algorithm::hs256);
  folder.write("keys", old.jwks());
  auto keys = JwksSource::at(folder.file("keys"), verifier, [&]() -> Result<Keyring> {
    Keyring others;
    TRY_DO(others.add_secret(secret.secret()));
    return others;
  });
  ASSERT_TRUE((*keys)->load(start));
  EXPECT_TRUE(takes(old));
  EXPECT_TRUE(takes(secret));
}

TEST_F(Source, a_url_is_read_and_read_again_in_time) {
  TinyServer server(TinyServer::ok(old.jwks()));
  auto keys = source(server.url());
  ASSERT_TRUE(keys->load(start));
  EXPECT_TRUE(takes(old));
  keys->refresh(start + 299s);
  EXPECT_EQ(server.asked(), 1);
  keys->refresh(start + 300s);
  EXPECT_EQ(server.asked(), 2);
}

TEST_F(Source, an_unknown_key_asks_for_a_look_every_30_seconds_at_most) {
  TinyServer server(TinyServer::ok(old.jwks()));
  auto keys = source(server.url());
  ASSERT_TRUE(keys->load(start));
  EXPECT_FALSE(keys->wants_refresh(start + 31s));
  EXPECT_FALSE(takes(fresh));
  EXPECT_FALSE(keys->wants_refresh(start + 29s));
  EXPECT_TRUE(keys->wants_refresh(start + 30s));
  keys->refresh(start + 30s);
  EXPECT_EQ(server.asked(), 2);
  EXPECT_FALSE(keys->wants_refresh(start + 61s));  // nobody has asked since
}

TEST_F(Source, a_url_that_fails_leaves_the_old_keys_and_is_tried_again) {
  std::optional<TinyServer> server(TinyServer::ok(old.jwks()));
  auto keys = source(server->url());
  ASSERT_TRUE(keys->load(start));
  server.reset();
  EXPECT_FALSE(keys->load(start + 1s));
  EXPECT_TRUE(takes(old));
  EXPECT_FALSE(keys->wants_refresh(start + 30s));
  EXPECT_TRUE(keys->wants_refresh(start + 31s));
}

TEST_F(Source, a_urls_secrets_are_not_shown) {
  TinyServer server("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
  auto keys = source(server.url("anna:hidden@"));
  auto loaded = keys->load(start);
  ASSERT_FALSE(loaded);
  EXPECT_THAT(loaded.error().detail, HasSubstr("status 404"));
  EXPECT_THAT(loaded.error().detail, testing::Not(HasSubstr("hidden")));
  EXPECT_THAT(keys->shown(), testing::MatchesRegex("http://127.0.0.1:[0-9]+/keys"));
}

TEST(Fetch, is_limited_in_size_and_time) {
  TinyServer big(TinyServer::ok(std::string(200'000, 'x')));
  EXPECT_THAT(fetch::document(big.url(), {.bytes = 100'000}).error().detail,
              HasSubstr("longer than 100000"));
  TinyServer slow("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n");  // ends before its body
  EXPECT_FALSE(fetch::document(slow.url()));
}

TEST(Fetch, does_not_follow_to_other_protocols) {
  TinyServer server(
      "HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n");
  EXPECT_FALSE(fetch::document(server.url()));
  EXPECT_FALSE(fetch::document("file:///etc/passwd"));
}

}  // namespace
}  // namespace parley::identity
