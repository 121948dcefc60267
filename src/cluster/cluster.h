// cluster: several processes over one store behave as one.
//
// Knows:     what other nodes have committed and who is with them, as far as they say; what is missing, from the log.
// Does not:  decide anything: a commit is checked by the store, wherever it comes from.
// In:        commits of this process, from the store; notices of the others, from a Transport.
// Out:       all commits in the order of each lane, to the feed; signals, to the loops; presence.
// Lives on:  settled() and the signals on any thread, heard() on the transport's, the rest on one executor.
// Promises:  every event reaches this node's connections, in order, once; at the latest `look_every` twice after its commit,
//            whatever the transport does. A node that dies leaves nobody online for longer than Roster::silence_max and
//            one beat; one that could not be heard is told to be there again within a second of being heard.
// Failing:   without the transport it follows the log, every `look_when_alone`; signals of other nodes are lost meanwhile.
// Start at:  Cluster::settled(), Cluster::heard(). Adapters: cluster/{nats,redis}; they pass cluster/conformance.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/executor.h"
#include "base/gate.h"
#include "base/rate_limit.h"
#include "cluster/interest.h"
#include "cluster/missed.h"
#include "cluster/order.h"
#include "cluster/roster.h"
#include "cluster/transport.h"
#include "hub/bus.h"
#include "hub/feed.h"
#include "store/store.h"

namespace parley::cluster {

class Cluster final : public store::Listener, public Transport::Listener {
 public:
  struct Around {
    Executor& executor;
    store::Store& store;
    hub::Feed& feed;
    hub::LocalBus& bus;
    hub::Presence& presence;
    const Clock& clock;
    // Whether an event with this id is of this process. From any thread.
    std::function<bool(const MessageId& id)> made_here;
  };
  Cluster(std::unique_ptr<Transport> transport, Around around, const Cursor& head,
          NodeNumber number);
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;
  ~Cluster();

  // For each hub, before its first subscriber.
  [[nodiscard]] hub::Interest& interest() { return wanted_; }
  // On another node something of that space has changed, or may have (an empty one: of any). On the executor.
  void when_changed(std::function<void(const std::string& space)> told) {
    changed_ = std::move(told);
  }

  // Everybody's takes count on every node, with the delay of a beat. Before start().
  void share(std::string name, std::shared_ptr<RateLimiter> limiter);

  // On the executor, each.
  void start();
  [[nodiscard]] Task<void> stop();

  void settled(store::SettledBatch batch) override;
  void heard(std::string_view topic, std::string_view body) override;
  void linked(bool up) override;

  [[nodiscard]] bool up() const { return transport_->up(); }
  [[nodiscard]] std::size_t nodes() const { return roster_.nodes(); }

  static constexpr std::chrono::milliseconds beat_every{500};
  static constexpr std::chrono::milliseconds look_every{500};
  static constexpr std::chrono::milliseconds look_when_alone{100};

 private:
  void tell(const std::vector<hub::News>& news);
  void send_signal(const Signal& signal);
  [[nodiscard]] Transport::Spoken spoken(const std::string& topic, std::string_view body) const;
  void say(const std::string& topic, std::string_view body);
  void hear_filled(std::string_view body);
  void hear_news(std::string_view body);
  void hear_signal(std::string_view body);
  void hear_spent(std::string_view body);
  void say_spent();
  void hand_on();
  void watch_for_gaps();
  void beat();
  void look();
  void fill_gaps();
  [[nodiscard]] Task<Result<void>> fill(std::vector<Order::Behind> behind);
  [[nodiscard]] Task<void> tell_who_is_lost(std::vector<Roster::Lost> all);
  [[nodiscard]] Task<void> tell_who_is_found(std::vector<Roster::Found> all);
  void tell_here(const Signal& signal, bool outside);
  [[nodiscard]] Task<Result<Signal>> presence_of(UserId user);
  [[nodiscard]] std::string topic_of(std::uint32_t bucket) const;

  std::unique_ptr<Transport> transport_;
  Around around_;
  const NodeNumber number_;
  const std::string log_topic_, signals_topic_, people_topic_, spent_topic_, content_topics_;
  Wanted wanted_;
  Roster roster_;
  std::mutex mutex_;  // of order_, and of handing on what it has ready
  Order order_;
  std::atomic<bool> watching_ = false;  // a look for gaps is due
  bool filling_ = false;
  bool looking_ = false;
  Executor::TimerId beat_timer_ = 0, look_timer_ = 0;
  std::function<void(const std::string&)> changed_;
  std::map<std::string, std::shared_ptr<RateLimiter>, std::less<>> limiters_;
  Gate gate_;
  bool running_ = false;
};

}  // namespace parley::cluster
