// Several nodes over one store, in virtual time, with a transport that loses, repeats, delays and reorders.
#include "cluster/cluster.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <set>

#include "base/virtual_time.h"
#include "cluster/lease.h"
#include "engine/stream.h"
#include "store/memory/memory.h"

namespace parley::cluster {
namespace {

using std::chrono::milliseconds;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;

constexpr milliseconds soon{5};
// What a lost notice may cost at most: two looks, and the reading.
constexpr milliseconds in_the_end = 2 * Cluster::look_every + milliseconds{100};

class Ether;

class EtherLink final : public Transport {
 public:
  EtherLink(Ether& ether) : ether_(ether) {}
  void start(Listener& listener) override;
  void stop() override;
  void publish(std::vector<Spoken> all) override;
  void subscribe(const std::string& topic) override { topics_.insert(topic); }
  void unsubscribe(const std::string& topic) override { topics_.erase(topic); }
  [[nodiscard]] bool up() const override { return up_; }

 private:
  friend class Ether;
  Ether& ether_;
  Listener* listener_ = nullptr;
  std::set<std::string> topics_;
  bool up_ = false;
};

class Ether {
 public:
  explicit Ether(VirtualTime& time) : time_(time) {}
  std::uint32_t lost_of_100 = 0, repeated_of_100 = 0, delayed_of_100 = 0;
  std::size_t carried = 0;

  void cut(EtherLink& link, bool cut) {
    link.up_ = !cut;
    if (link.listener_ != nullptr) link.listener_->linked(!cut);
  }
  void carry(const EtherLink& from, const Transport::Spoken& one) {
    if (!from.up_) return;
    for (EtherLink* link : links_) {
      if (link == &from) continue;
      if (random_() % 100 < lost_of_100) continue;
      const std::uint32_t copies = random_() % 100 < repeated_of_100 ? 2 : 1;
      for (std::uint32_t i = 0; i < copies; ++i) {
        const milliseconds delay{random_() % 100 < delayed_of_100 ? random_() % 200 : 1};
        time_.after(delay, [this, link, one] {
          const bool there = std::ranges::find(links_, link) != links_.end();
          if (!there || !link->up_ || !link->topics_.contains(one.topic)) return;
          ++carried;
          link->listener_->heard(one.topic, one.body);
        });
      }
    }
  }
  void join(EtherLink* link) { links_.push_back(link); }
  void leave(EtherLink* link) { std::erase(links_, link); }

 private:
  VirtualTime& time_;
  std::mt19937 random_{11};
  std::vector<EtherLink*> links_;
};

void EtherLink::start(Listener& listener) {
  listener_ = &listener;
  ether_.join(this);
  up_ = true;
  listener.linked(true);
}
void EtherLink::stop() { ether_.leave(this); }
void EtherLink::publish(std::vector<Spoken> all) {
  for (const Spoken& one : all) ether_.carry(*this, one);
}

struct Machine {
  VirtualTime time;
  SeededRandom random{42};
  engine::Policy policy;
  Ether ether{time};
  std::unique_ptr<store::Store> store = store::make_memory_store(time, {.lanes = 3});
};

struct Node {
  Node(Machine& shared, std::uint32_t index, const Cursor& head)
      : machine(shared), idle_hub(head), hub(head) {
    auto made = std::make_unique<EtherLink>(shared.ether);
    link = made.get();
    // Connections of this node are told from those of others by their loop.
    std::vector<hub::Feed::Loop> loops(index + 1);
    for (hub::Feed::Loop& loop : loops) loop = {&shared.time, &idle_hub, [](const Event&) {}, {}};
    loops.back() = {&shared.time, &hub, [this](const Event& event) { engine.notice(event); }, {}};
    feed = std::make_unique<hub::Feed>(std::move(loops));
    bus.add({&shared.time, &hub});
    cluster = std::make_unique<Cluster>(
        std::move(made),
        Cluster::Around{shared.time, *shared.store, *feed, bus, presence, shared.time,
                        [this](const MessageId& id) { return engine.made(id); }},
        head, index + 1);
    hub.tell(cluster->interest());
    number = index;
    shared.time.run([this] { cluster->start(); });
  }
  engine::Caller caller(std::string user) {
    return {{std::move(user)}, engine::Rank::user, {number, 0}, &machine.policy};
  }
  engine::Caller connected(std::string user) {
    return {{std::move(user)}, engine::Rank::user, {number, ++connections}, &machine.policy};
  }

  Machine& machine;
  hub::Hub idle_hub, hub;
  hub::LocalBus bus;
  hub::Presence presence;
  engine::Engine engine{*machine.store, hub, bus, machine.time, machine.random, engine::Limits{}};
  std::unique_ptr<hub::Feed> feed;
  EtherLink* link = nullptr;
  std::unique_ptr<Cluster> cluster;
  std::uint64_t connections = 0;
  std::uint32_t number = 0;
};

// Gives each node what it submitted itself, as if each had a connection of its own to the store.
struct Several final : store::Listener {
  explicit Several(std::uint32_t count) {
    machine.store->listen(*this);
    const Cursor head = machine.store->beginning();
    for (std::uint32_t i = 0; i < count; ++i)
      nodes.push_back(std::make_unique<Node>(machine, i, head));
  }
  ~Several();
  Several(const Several&) = delete;
  Several& operator=(const Several&) = delete;

  void settled(store::SettledBatch batch) override {
    for (std::uint32_t i = 0; i < nodes.size(); ++i) {
      auto mine = std::make_shared<std::vector<store::Settled>>();
      for (store::Settled& one : *batch)
        if (one.origin.loop == i) mine->push_back(std::move(one));
      if (!mine->empty()) nodes[i]->cluster->settled(std::move(mine));
    }
  }

  template <class T>
  auto run(Task<T> task) {
    using Kept = std::conditional_t<std::is_void_v<T>, bool, T>;
    std::optional<Kept> value;
    auto started = std::make_shared<Task<T>>(std::move(task));
    machine.time.run([&value, started] {
      if constexpr (std::is_void_v<T>)
        spawn(std::move(*started), [&value] { value = true; });
      else
        spawn(std::move(*started), [&value](T result) { value.emplace(std::move(result)); });
    });
    for (int i = 0; !value && i < 1000; ++i) machine.time.run_for(milliseconds{1});
    PARLEY_ASSERT(value.has_value());
    return std::move(*value);
  }

  ConversationId group(Node& node, const std::string& owner, std::vector<std::string> others) {
    engine::CreateConversation command;
    for (std::string& user : others) command.members.push_back({std::move(user)});
    return run(node.engine.create(node.caller(owner), command))->view.conversation.id;
  }
  bool send(Node& node, const std::string& who, ConversationId where, std::string text) {
    engine::Turn turn;
    engine::SendMessage command;
    command.where = where;
    command.text = std::move(text);
    return run(node.engine.send(node.caller(who), std::move(command), turn)).has_value();
  }
  void wait(milliseconds time) { machine.time.run_for(time); }

  Machine machine;
  std::vector<std::unique_ptr<Node>> nodes;
};

Several::~Several() {
  for (auto& node : nodes) run(node->cluster->stop());
  machine.store->stop();
}

struct Ears final : engine::Sink {
  Ears(Several& all, Node& node, std::string user)
      : stream(node.engine, *this, node.connected(std::move(user))) {
    EXPECT_TRUE(all.run(stream.open(std::nullopt)));
    EXPECT_TRUE(all.run(stream.catch_up()));
  }
  void event(const Event& event, const Cursor& /*at*/, hub::Encodings&) override {
    if (event.kind == EventKind::message_created) texts.push_back(event.message->text);
    places.emplace_back(event.conversation, event.seq.value);
  }
  void pointer(const Pointer& pointer, hub::Encodings&) override {
    reads.push_back(pointer.user.text + std::to_string(pointer.read_seq.value));
  }
  void synced(const Cursor&, const std::vector<Unread>&) override {}
  void signal(const Signal& signal, hub::Encodings&) override {
    signals.push_back(signal.user.text + ' ' + (signal.on ? "on" : "off"));
  }
  void unread(const ConversationId&, std::uint64_t) override {}
  Task<bool> ready() override { co_return true; }

  std::vector<std::string> texts, reads, signals;
  std::vector<std::pair<ConversationId, std::uint64_t>> places;
  engine::Stream stream;
};

TEST(Cluster, what_one_node_commits_is_heard_on_the_others) {
  Several all(2);
  Node &a = *all.nodes[0], &b = *all.nodes[1];
  auto talk = all.group(a, "anna", {"ben"});
  Ears ben(all, b, "ben");
  ASSERT_TRUE(all.send(a, "anna", talk, "hello"));
  all.wait(soon);
  EXPECT_THAT(ben.texts, ElementsAre("hello"));
  engine::Turn turn;
  Ears anna(all, a, "anna");
  ASSERT_TRUE(all.run(b.engine.mark_read(b.caller("ben"), talk, Seq{2}, turn)));
  all.wait(soon);
  EXPECT_THAT(anna.reads, ElementsAre("ben2"));
}

TEST(Cluster, who_is_added_on_another_node_hears_what_follows) {
  Several all(2);
  Node &a = *all.nodes[0], &b = *all.nodes[1];
  Ears ben(all, b, "ben");
  auto talk = all.group(a, "anna", {"ben"});
  ASSERT_TRUE(all.send(a, "anna", talk, "one"));
  ASSERT_TRUE(all.send(a, "anna", talk, "two"));
  all.wait(milliseconds{50});
  EXPECT_THAT(ben.texts, ElementsAre("one", "two"));
}

TEST(Cluster, who_is_removed_on_one_node_can_not_write_on_another) {
  Several all(2);
  Node &a = *all.nodes[0], &b = *all.nodes[1];
  auto talk = all.group(a, "anna", {"ben"});
  ASSERT_TRUE(all.send(b, "ben", talk, "still in"));
  all.machine.ether.lost_of_100 = 100;  // the other one hears nothing of it
  ASSERT_TRUE(all.run(a.engine.remove_member(a.caller("anna"), talk, {"ben"})));
  EXPECT_FALSE(all.send(b, "ben", talk, "not any more"));
}

TEST(Cluster, signals_reach_the_other_nodes) {
  Several all(2);
  Node &a = *all.nodes[0], &b = *all.nodes[1];
  auto talk = all.group(a, "anna", {"ben"});
  Ears ben(all, b, "ben");
  ASSERT_TRUE(all.run(a.engine.typing(a.caller("anna"), talk, true)));
  all.wait(soon);
  EXPECT_THAT(ben.signals, ElementsAre("anna on"));
}

TEST(Cluster, who_is_out_of_sight_of_one_node_and_not_of_another_is_not_gone_there) {
  Several all(2);
  Node &a = *all.nodes[0], &b = *all.nodes[1];
  auto talk = all.group(a, "anna", {"ben", "cleo"});
  Ears ben(all, b, "ben");
  b.presence.came({"cleo"}, all.machine.time.now());
  Signal gone;
  gone.kind = Signal::Kind::presence;
  gone.user = {"cleo"};
  gone.conversations = {talk};
  a.engine.tell(gone);
  all.wait(soon);
  EXPECT_TRUE(ben.signals.empty());
  EXPECT_EQ(b.presence.went({"cleo"}), 0U);
  a.engine.tell(gone);
  all.wait(soon);
  EXPECT_THAT(ben.signals, ElementsAre("cleo off"));
}

TEST(Cluster, nodes_without_anybody_there_are_not_sent_what_is_said) {
  Several all(2);
  Node& a = *all.nodes[0];
  auto talk = all.group(a, "anna", {"ben"});
  all.wait(milliseconds{100});
  const std::size_t before = all.machine.ether.carried;
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(all.send(a, "anna", talk, "hello"));
  all.wait(soon);
  // One short notice each (and perhaps a beat of both).
  EXPECT_LE(all.machine.ether.carried - before, 12U);
}

TEST(Cluster, nothing_is_lost_where_every_notice_is) {
  Several all(2);
  Node &a = *all.nodes[0], &b = *all.nodes[1];
  auto talk = all.group(a, "anna", {"ben"});
  Ears ben(all, b, "ben");
  all.machine.ether.lost_of_100 = 100;
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(all.send(a, "anna", talk, std::to_string(i)));
  all.wait(in_the_end);
  EXPECT_EQ(ben.texts.size(), 20U);
}

TEST(Cluster, without_a_link_a_node_follows_the_log) {
  Several all(2);
  Node &a = *all.nodes[0], &b = *all.nodes[1];
  auto talk = all.group(a, "anna", {"ben"});
  Ears ben(all, b, "ben");
  all.machine.ether.cut(*b.link, true);
  ASSERT_TRUE(all.send(a, "anna", talk, "hello"));
  all.wait(Cluster::look_every + 2 * Cluster::look_when_alone);
  EXPECT_THAT(ben.texts, ElementsAre("hello"));
  all.machine.ether.cut(*b.link, false);
  ASSERT_TRUE(all.send(a, "anna", talk, "again"));
  all.wait(soon);
  EXPECT_THAT(ben.texts, ElementsAre("hello", "again"));
}

TEST(Cluster, people_are_online_on_every_node) {
  Several all(3);
  Node &a = *all.nodes[0], &c = *all.nodes[2];
  a.presence.came({"anna"}, all.machine.time.now());
  all.wait(Cluster::beat_every + soon);
  EXPECT_TRUE(c.presence.online({"anna"}));
  EXPECT_TRUE(a.presence.say({"anna"}, "away"));
  c.presence.came({"anna"}, all.machine.time.now());
  all.wait(Cluster::beat_every + soon);
  EXPECT_EQ(c.presence.status({"anna"}), "away");
  EXPECT_EQ(c.presence.connections({"anna"}), 2U);
  EXPECT_EQ(a.presence.went({"anna"}), 1U);
  all.wait(Cluster::beat_every + soon);
  EXPECT_EQ(c.presence.connections({"anna"}), 1U);
}

TEST(Cluster, a_node_that_comes_later_learns_who_is_there) {
  Several all(1);
  Node& a = *all.nodes[0];
  for (int i = 0; i < 9'000; ++i)
    a.presence.came({"user" + std::to_string(i)}, all.machine.time.now());
  all.wait(Cluster::beat_every);
  all.nodes.push_back(std::make_unique<Node>(all.machine, 1U, all.machine.store->beginning()));
  all.wait(4 * Cluster::beat_every);
  EXPECT_EQ(all.nodes[1]->presence.all_online().size(), 9'000U);
}

TEST(Cluster, a_node_that_dies_leaves_nobody_online) {
  Several all(3);
  Node &a = *all.nodes[0], &b = *all.nodes[1], &c = *all.nodes[2];
  all.group(a, "anna", {"ben", "cleo"});
  Ears anna(all, a, "anna");
  Ears ben(all, b, "ben");
  c.presence.came({"cleo"}, all.machine.time.now());
  b.presence.came({"dora"}, all.machine.time.now());
  c.presence.came({"dora"}, all.machine.time.now());
  all.wait(2 * Cluster::beat_every);
  EXPECT_TRUE(a.presence.online({"cleo"}));
  all.machine.ether.cut(*c.link, true);
  all.wait(Roster::silence_max + 2 * Cluster::beat_every);
  EXPECT_FALSE(a.presence.online({"cleo"}));
  EXPECT_TRUE(a.presence.online({"dora"}));
  EXPECT_THAT(anna.signals, ElementsAre("cleo off"));
  EXPECT_THAT(ben.signals, ElementsAre("cleo off"));
  EXPECT_EQ(a.cluster->nodes(), 2U);
  // Who is merely out of sight sees the others as they were.
  EXPECT_TRUE(c.presence.online({"dora"}));
  // And is back as soon as it is heard again: nobody has come, so nobody else would tell.
  all.machine.ether.cut(*c.link, false);
  all.wait(3 * Cluster::beat_every);
  EXPECT_TRUE(a.presence.online({"cleo"}));
  EXPECT_EQ(anna.signals.back(), "cleo on");
  EXPECT_EQ(ben.signals.back(), "cleo on");
}

TEST(Cluster, only_one_node_holds_a_lease_and_another_one_takes_it_over) {
  Several all(2);
  Node &a = *all.nodes[0], &b = *all.nodes[1];
  Lease first("work", "a", a.engine), second("work", "b", b.engine);
  all.run(first.renew());
  all.run(second.renew());
  EXPECT_TRUE(first.held());
  EXPECT_FALSE(second.held());
  // The first dies.
  milliseconds both{0}, none{0};
  for (milliseconds passed{0}; passed < Lease::free_after + milliseconds{1'500};
       passed += milliseconds{250}) {
    if (passed % Lease::renew_every == milliseconds{0}) all.run(second.renew());
    both += first.held() && second.held() ? milliseconds{250} : milliseconds{0};
    none += !first.held() && !second.held() ? milliseconds{250} : milliseconds{0};
    all.wait(milliseconds{250});
  }
  EXPECT_TRUE(second.held());
  EXPECT_EQ(both, milliseconds{0});
  EXPECT_GT(none, milliseconds{0});
  // Given back, it is free at once.
  all.run(second.let_go());
  all.run(first.renew());
  EXPECT_TRUE(first.held());
}

// Everybody sends, joins and leaves on three nodes while the ether does its worst.
TEST(Cluster, whatever_the_ether_does_everybody_hears_everything_once_and_in_order) {
  for (std::uint32_t seed = 1; seed <= 6; ++seed) {
    std::mt19937 random(seed);
    Several all(3);
    all.machine.ether.lost_of_100 = 20;
    all.machine.ether.repeated_of_100 = 20;
    all.machine.ether.delayed_of_100 = 30;
    std::vector<ConversationId> talks;
    for (int i = 0; i < 4; ++i)
      talks.push_back(all.group(*all.nodes[random() % 3], "anna", {"ben", "cleo"}));
    std::vector<std::unique_ptr<Ears>> ears;
    const std::vector<std::string> people{"anna", "ben", "cleo"};
    for (std::size_t i = 0; i < 6; ++i)
      ears.push_back(std::make_unique<Ears>(all, *all.nodes[i % 3], people[i / 2]));
    std::vector<std::pair<ConversationId, std::string>> sent;
    for (int i = 0; i < 150; ++i) {
      const ConversationId where = talks[random() % talks.size()];
      const std::string text = std::to_string(seed) + '.' + std::to_string(i);
      ASSERT_TRUE(all.send(*all.nodes[random() % 3], people[random() % 3], where, text));
      sent.emplace_back(where, text);
      if (i % 40 == 20) {
        talks.push_back(all.group(*all.nodes[random() % 3], "ben", {"anna", "cleo"}));
        ASSERT_TRUE(all.send(*all.nodes[random() % 3], "cleo", talks.back(), "new " + text));
        sent.emplace_back(talks.back(), "new " + text);
      }
      all.wait(milliseconds{random() % 40});
    }
    all.wait(in_the_end + milliseconds{300});
    for (const auto& ear : ears) {
      EXPECT_EQ(ear->texts.size(), sent.size()) << "seed " << seed;
      EXPECT_EQ(std::set(ear->texts.begin(), ear->texts.end()).size(), sent.size());
      std::map<ConversationId, std::uint64_t> last;
      for (const auto& [where, seq] : ear->places) {
        EXPECT_GT(seq, last[where]);
        last[where] = seq;
      }
    }
  }
}

}  // namespace
}  // namespace parley::cluster
