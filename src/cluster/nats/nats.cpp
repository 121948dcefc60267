#include "cluster/nats/nats.h"

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <vector>

#include "base/worker.h"
#include "natslib/natslib.h"

namespace parley::cluster {
namespace {

constexpr std::int64_t connect_within_ms = 2'000;
constexpr std::int64_t try_again_after_ms = 200;
constexpr std::int64_t ping_every_ms = 1'000;
constexpr int unanswered_pings = 2;
constexpr std::int64_t write_within_ms = 2'000;
constexpr int kept_while_away = 64 * 1024;  // it would come late: the log was read by then
constexpr std::size_t waiting_max = 10'000;

using natslib::Held;

// Who is to hear what the library's threads bring: one of them may still be on its way to a connection that is closed.
class Listening {
 public:
  using Number = std::uintptr_t;
  Number begin(Transport::Listener& listener) {
    std::lock_guard lock(mutex_);
    listeners_[++last_] = &listener;
    return last_;
  }
  // Afterwards nobody calls it any more.
  void end(Number number) {
    std::lock_guard lock(mutex_);
    listeners_.erase(number);
  }
  void call(Number number, auto fn) {
    std::lock_guard lock(mutex_);
    auto at = listeners_.find(number);
    if (at != listeners_.end()) fn(*at->second);
  }
  static Listening& all() {
    static auto& one = *new Listening;  // outlives the library's threads
    return one;
  }

 private:
  std::mutex mutex_;
  std::map<Number, Transport::Listener*> listeners_;
  Number last_ = 0;
};

class Nats final : public Transport, private Transport::Listener {
 public:
  explicit Nats(Held<natsOptions> options) : options_(std::move(options)) {}
  ~Nats() override { stop(); }
  Nats(const Nats&) = delete;
  Nats& operator=(const Nats&) = delete;

  void start(Listener& listener) override {
    listener_ = &listener;
    number_ = Listening::all().begin(*this);
    natsOptions* options = options_.get();
    natsOptions_SetDisconnectedCB(options, on_link, closure());
    natsOptions_SetReconnectedCB(options, on_link, closure());
    natsOptions_SetRetryOnFailedConnect(options, true, on_link, closure());
    natsConnection* made = nullptr;
    const natsStatus status = natsConnection_Connect(&made, options);
    {
      std::lock_guard lock(mutex_);
      connection_.reset(made);
    }
    if (status == NATS_OK) on_link(made, closure());
  }

  void stop() override {
    worker_.stop();
    Held<natsConnection> last;
    {
      std::lock_guard lock(mutex_);
      for (auto& [topic, one] : subscriptions_) natsSubscription_Unsubscribe(one.get());
      subscriptions_.clear();
      last = std::move(connection_);
    }
    if (!last) return;
    Listening::all().end(number_);
    // What was said last is to be heard.
    if (up_) natsConnection_FlushTimeout(last.get(), connect_within_ms);
    natsConnection_Close(last.get());
  }

  void publish(std::vector<Spoken> all) override {
    if (!up_) return;
    worker_.add(
        [this, all = std::move(all)] {
          for (const Spoken& one : all)
            natsConnection_Publish(connection_.get(), one.topic.c_str(), one.body.data(),
                                   static_cast<int>(one.body.size()));
        },
        waiting_max);
  }

  void subscribe(const std::string& topic) override {
    std::lock_guard lock(mutex_);
    if (!connection_ || subscriptions_.contains(topic)) return;
    natsSubscription* made = nullptr;
    if (natsConnection_Subscribe(&made, connection_.get(), topic.c_str(), on_message, closure()) ==
        NATS_OK)
      subscriptions_[topic].reset(made);
  }

  void unsubscribe(const std::string& topic) override {
    std::lock_guard lock(mutex_);
    auto at = subscriptions_.find(topic);
    if (at == subscriptions_.end()) return;
    natsSubscription_Unsubscribe(at->second.get());
    subscriptions_.erase(at);
  }

  [[nodiscard]] bool up() const override { return up_; }

 private:
  static void on_message(natsConnection* /*on*/, natsSubscription* /*by*/, natsMsg* message,
                         void* number) {
    const Held<natsMsg> held(message);
    Listening::all().call(reinterpret_cast<Listening::Number>(number), [&](Listener& mine) {
      mine.heard(
          natsMsg_GetSubject(message),
          {natsMsg_GetData(message), static_cast<std::size_t>(natsMsg_GetDataLength(message))});
    });
  }
  static void on_link(natsConnection* connection, void* number) {
    const bool up = natsConnection_Status(connection) == NATS_CONN_STATUS_CONNECTED;
    Listening::all().call(reinterpret_cast<Listening::Number>(number),
                          [&](Listener& mine) { mine.linked(up); });
  }
  [[nodiscard]] void* closure() const { return reinterpret_cast<void*>(number_); }

  void heard(std::string_view topic, std::string_view body) override {
    listener_->heard(topic, body);
  }
  void linked(bool up) override {
    if (up_.exchange(up) != up) listener_->linked(up);
  }

  const Held<natsOptions> options_;
  Listener* listener_ = nullptr;
  Listening::Number number_ = 0;
  std::atomic<bool> up_ = false;
  std::mutex mutex_;
  Held<natsConnection> connection_;
  std::map<std::string, Held<natsSubscription>> subscriptions_;
  Worker worker_;  // writing may have to wait for the socket
};

}  // namespace

Result<std::unique_ptr<Transport>> make_nats(const std::string& url) {
  TRY(servers, natslib::servers_in(url));
  auto texts = natslib::pointers(servers);
  natsOptions* made = nullptr;
  if (natsOptions_Create(&made) != NATS_OK) return fail(Code::internal, "NATS: no memory");
  Held<natsOptions> options(made);
  const bool good =
      // One thread hands out what comes, in the order of coming, whatever the topic.
      nats_SetMessageDeliveryPoolSize(1) == NATS_OK &&
      natsOptions_UseGlobalMessageDelivery(made, true) == NATS_OK &&
      natsOptions_SetServers(made, texts.data(), static_cast<int>(texts.size())) == NATS_OK &&
      natsOptions_SetName(made, "parley") == NATS_OK &&
      natsOptions_SetTimeout(made, connect_within_ms) == NATS_OK &&
      natsOptions_SetMaxReconnect(made, -1) == NATS_OK &&
      natsOptions_SetReconnectWait(made, try_again_after_ms) == NATS_OK &&
      natsOptions_SetReconnectBufSize(made, kept_while_away) == NATS_OK &&
      natsOptions_SetPingInterval(made, ping_every_ms) == NATS_OK &&
      natsOptions_SetMaxPingsOut(made, unanswered_pings) == NATS_OK &&
      natsOptions_SetWriteDeadline(made, write_within_ms) == NATS_OK &&
      natsOptions_SetNoEcho(made, true) == NATS_OK;
  if (!good) return fail(Code::bad_request, "is not like nats://user:password@host:4222");
  return std::make_unique<Nats>(std::move(options));
}

}  // namespace parley::cluster
