#include <gtest/gtest.h>

#include <condition_variable>

#include "engine/world.h"
#include "outbox/outbox.h"

namespace parley::outbox {
namespace {

// What the broker has, and whether it is there.
struct Broker {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::string> taken;
  std::size_t batches = 0;
  bool away = false;

  void go(bool gone) {
    std::lock_guard lock(mutex);
    away = gone;
  }
  std::vector<std::string> all() {
    std::lock_guard lock(mutex);
    return taken;
  }
};

class TestSink final : public Sink {
 public:
  explicit TestSink(Broker& broker) : broker_(broker) {}
  Result<void> send(std::span<const Out> batch) override {
    std::lock_guard lock(broker_.mutex);
    ++broker_.batches;
    broker_.changed.notify_all();
    if (broker_.away) return fail(Code::unavailable, "away");
    for (const Out& one : batch) broker_.taken.push_back(one.body);
    return {};
  }
  void send_passing(const Out& one) override {
    std::lock_guard lock(broker_.mutex);
    if (!broker_.away) broker_.taken.push_back(one.body);
  }

 private:
  Broker& broker_;
};

class Texts final : public Wording {
 public:
  Result<void> tell(store::Reader& /*reader*/, const store::TrailStep& step,
                    std::vector<Out>& out) const override {
    if (step.event && step.event->message)
      out.push_back({"t", "k", "i", step.event->message->text, {}, {}});
    if (!step.event) out.push_back({"t", "k", "i", "read by " + step.reading.user.text, {}, {}});
    return {};
  }
};

struct Carrying {
  engine::World world;
  Broker broker;
  ConversationId talk = world.direct("anna", "ben");
  std::unique_ptr<Courier> courier = make();

  std::unique_ptr<Courier> make() {
    auto made =
        std::make_unique<Courier>("test", world.time, world.engine,
                                  std::make_unique<TestSink>(broker), std::make_shared<Texts>());
    world.time.run([&] { made->start(); });
    return made;
  }
  ~Carrying() { stop(); }
  void stop() {
    if (!courier) return;
    bool ended = false;
    world.time.run([&] { spawn(courier->stop(), [&] { ended = true; }); });
    turn_until([&] { return ended; });
    courier.reset();
  }
  // The sink has a real thread, so virtual time is moved until it has answered.
  void turn_until(const std::function<bool()>& there) {
    for (int i = 0; i < 20'000 && !there(); ++i) {
      world.time.run_for(std::chrono::milliseconds{20});
      std::this_thread::yield();
    }
    ASSERT_TRUE(there());
  }
  std::size_t tries() {
    std::lock_guard lock(broker.mutex);
    return broker.batches;
  }
  // The time, slowly: the sink's thread can answer before much more of it has passed.
  void pass(std::chrono::milliseconds time) {
    constexpr std::chrono::milliseconds step{100};
    for (; time > std::chrono::milliseconds{0}; time -= step) {
      world.time.run_for(step);
      for (int i = 0; i < 20; ++i) {
        std::this_thread::yield();
        world.time.run_ready();
      }
    }
  }
  void say(const std::string& text) {
    ASSERT_TRUE(world.send(world.caller("anna"), talk, text));
    world.time.run([&] { courier->poke(); });
  }
  void expect(const std::vector<std::string>& wanted) {
    turn_until([&] { return broker.all().size() >= wanted.size(); });
    EXPECT_EQ(broker.all(), wanted);
  }
  void wait_for_batches(std::size_t count) {
    turn_until([&] {
      std::lock_guard lock(broker.mutex);
      return broker.batches >= count;
    });
  }
};

TEST(Courier, carries_what_happens_in_its_order) {
  Carrying it;
  it.wait_for_batches(1);
  for (const char* text : {"one", "two", "three"}) it.say(text);
  ASSERT_TRUE(it.world.read("ben", it.talk, 3));
  it.world.time.run([&] { it.courier->poke(); });
  it.say("four");
  it.expect({"one", "two", "three", "read by ben", "four"});
}

TEST(Courier, what_happens_while_the_broker_is_away_is_carried_when_it_is_back) {
  Carrying it;
  it.wait_for_batches(1);
  it.say("before");
  it.expect({"before"});
  it.broker.go(true);
  for (int i = 0; i < 450; ++i) it.say(std::to_string(i));  // more than two looks
  it.turn_until([&] { return !it.courier->up(); });
  it.broker.go(false);
  std::vector<std::string> wanted{"before"};
  for (int i = 0; i < 450; ++i) wanted.push_back(std::to_string(i));
  it.expect(wanted);
  EXPECT_TRUE(it.courier->up());
}

TEST(Courier, a_broker_that_is_away_for_ten_minutes_is_not_hammered_and_lacks_nothing) {
  Carrying it;
  it.wait_for_batches(1);
  it.broker.go(true);
  it.say("0");
  it.turn_until([&] { return !it.courier->up(); });
  const std::size_t before = it.tries();
  std::vector<std::string> wanted{"0"};
  const Time gone = it.world.time.now();
  while (it.world.time.now() - gone < std::chrono::minutes{10}) {
    it.say(std::to_string(wanted.size()));
    wanted.push_back(std::to_string(wanted.size()));
    it.pass(std::chrono::seconds{1});
  }
  const std::size_t tries = it.tries() - before;
  EXPECT_GE(tries, 60U) << "at least every ten seconds";
  EXPECT_LE(tries, 150U);
  EXPECT_TRUE(it.broker.all().empty());
  it.broker.go(false);
  it.expect(wanted);
}

TEST(Courier, goes_on_where_it_was_after_a_restart_and_loses_nothing) {
  Carrying it;
  it.wait_for_batches(1);
  it.say("one");
  it.expect({"one"});
  it.stop();
  ASSERT_TRUE(it.world.send(it.world.caller("anna"), it.talk, "while it was not there"));
  it.courier = it.make();
  it.expect({"one", "while it was not there"});
}

TEST(Courier, begins_with_what_happens_from_then_on) {
  Carrying it;
  it.stop();
  ASSERT_TRUE(it.world.send(it.world.caller("anna"), it.talk, "early"));
  it.courier =
      std::make_unique<Courier>("another", it.world.time, it.world.engine,
                                std::make_unique<TestSink>(it.broker), std::make_shared<Texts>());
  const std::size_t before = it.broker.batches;
  it.world.time.run([&] { it.courier->start(); });
  it.wait_for_batches(before + 1);
  it.say("late");
  it.expect({"late"});
}

TEST(Courier, what_passes_is_lost_while_the_broker_is_away) {
  Carrying it;
  it.wait_for_batches(1);
  it.broker.go(true);
  it.courier->pass({"t", "", "", "lost", {}, {}});
  it.say("kept");
  it.turn_until([&] { return !it.courier->up(); });
  it.broker.go(false);
  it.expect({"kept"});
  it.courier->pass({"t", "", "", "seen", {}, {}});
  it.expect({"kept", "seen"});
}

}  // namespace
}  // namespace parley::outbox
