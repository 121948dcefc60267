#include "store/pool/pool.h"

#include <gmock/gmock.h>

#include <condition_variable>
#include <mutex>
#include <semaphore>
#include <thread>

namespace parley::store {
namespace {

using namespace std::chrono_literals;

// A writer that commits when it is allowed to, and remembers in which batches.
struct Book {
  std::counting_semaphore<> allowed{0};
  std::binary_semaphore begun{0};  // the first batch is being committed
  std::mutex mutex;
  std::vector<std::size_t> batches;
  bool fails = false;
};

class SlowWriter final : public Writer {
 public:
  explicit SlowWriter(Book& book) : book_(book) {}
  Result<std::vector<Committed>> commit(std::span<const Submission* const> batch,
                                        Instant /*deadline*/) override {
    if (!std::exchange(told_, true)) book_.begun.release();
    book_.allowed.acquire();
    std::lock_guard lock(book_.mutex);
    book_.batches.push_back(batch.size());
    if (book_.fails) return fail(Code::unavailable, "broken");
    return std::vector<Committed>(batch.size());
  }

 private:
  Book& book_;
  bool told_ = false;
};

class SlowReader final : public ReadSession {
 public:
  explicit SlowReader(Book& book) : book_(book) {}
  Result<Reader*> begin(Instant /*deadline*/, Source /*source*/) override {
    if (!std::exchange(told_, true)) book_.begun.release();
    book_.allowed.acquire();
    return fail(Code::not_found, "answered");
  }
  void end() override {}

 private:
  Book& book_;
  bool told_ = false;
};

class SlowBackend final : public Backend {
 public:
  SlowBackend(Book& writing, Book& reading) : writing_(writing), reading_(reading) {}
  [[nodiscard]] Cursor beginning() const override { return {7, {0}}; }
  [[nodiscard]] std::unique_ptr<Writer> writer() override {
    return std::make_unique<SlowWriter>(writing_);
  }
  [[nodiscard]] std::unique_ptr<ReadSession> reader() override {
    return std::make_unique<SlowReader>(reading_);
  }

 private:
  Book& writing_;
  Book& reading_;
};

// What became of each: "committed", or the refusal.
class Fates final : public Listener {
 public:
  void settled(SettledBatch batch) override {
    std::lock_guard lock(mutex_);
    for (const Settled& one : *batch)
      names_.push_back(one.result ? "committed" : one.result.error().detail);
    changed_.notify_all();
  }
  std::vector<std::string> first(std::size_t count) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, 30s, [&] { return names_.size() >= count; }));
    return names_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> names_;
};

struct Pool {
  explicit Pool(PoolLimits limits) {
    limits.readers = 1;
    store = make_pooled_store(std::make_unique<SlowBackend>(writing, reading), limits);
    store->listen(fates);
  }
  ~Pool() {
    writing.allowed.release(1'000);
    reading.allowed.release(1'000);
    store->stop();
  }
  void submit(int times) {
    for (int i = 0; i < times; ++i) store->submit({});
  }
  // With the first being committed, so that what follows waits.
  void submit_behind_a_commit(int times) {
    submit(1);
    EXPECT_TRUE(writing.begun.try_acquire_for(30s));
    submit(times);
  }

  Book writing, reading;
  Fates fates;
  std::unique_ptr<Store> store;
};

TEST(Pool, gathers_what_waits_into_one_commit) {
  Pool pool({});
  pool.submit_behind_a_commit(50);
  pool.writing.allowed.release(2);
  EXPECT_THAT(pool.fates.first(51), testing::Each("committed"));
  EXPECT_THAT(pool.writing.batches, testing::ElementsAre(1, 50));
}

TEST(Pool, commits_at_most_a_batch_at_once) {
  Pool pool({.batch = 20});
  pool.submit_behind_a_commit(50);
  pool.writing.allowed.release(4);
  pool.fates.first(51);
  EXPECT_THAT(pool.writing.batches, testing::ElementsAre(1, 20, 20, 10));
}

TEST(Pool, refuses_what_does_not_fit_and_keeps_what_does) {
  Pool pool({.queue = 10});
  pool.submit_behind_a_commit(15);
  pool.writing.allowed.release(2);
  const auto fates = pool.fates.first(16);
  EXPECT_EQ(std::ranges::count(fates, "committed"), 11);
  EXPECT_EQ(std::ranges::count(fates, "too much is waiting for the store; try again"), 5);
}

TEST(Pool, refuses_what_has_waited_too_long) {
  Pool pool({.timeout = 500ms});
  pool.submit_behind_a_commit(3);
  // Not a wait for something: the time itself is what is tested.
  std::this_thread::sleep_for(600ms);
  pool.writing.allowed.release(2);
  const auto fates = pool.fates.first(4);
  EXPECT_EQ(std::ranges::count(fates, "the store did not take this in time; try again"), 3);
}

TEST(Pool, who_is_alone_does_not_wait_for_company) {
  Pool pool({.pace = 1h});
  pool.writing.allowed.release(10);
  for (std::size_t i = 1; i <= 10; ++i) {
    pool.submit(1);
    EXPECT_EQ(pool.fates.first(i).size(), i);
  }
}

TEST(Pool, commits_of_several_callers_begin_at_a_distance) {
  Pool pool({.pace = 200ms});
  pool.submit_behind_a_commit(5);
  pool.writing.allowed.release(100);
  pool.fates.first(6);
  const auto begun = std::chrono::steady_clock::now();
  pool.submit(1);
  pool.fates.first(7);
  EXPECT_GE(std::chrono::steady_clock::now() - begun, 100ms);
}

// Where everybody asks again only after the answer, all that there are have come.
TEST(Pool, who_has_come_back_with_all_others_waits_no_longer) {
  Pool pool({.pace = 1h});
  pool.submit_behind_a_commit(5);
  pool.writing.allowed.release(100);
  EXPECT_EQ(pool.fates.first(6).size(), 6U);
  pool.submit(5);
  EXPECT_EQ(pool.fates.first(11).size(), 11U);
}

TEST(Pool, who_asks_after_the_stop_gets_an_answer) {
  Pool pool({});
  pool.store->stop();
  auto ask = [](Reader& reader) { return reader.head(); };
  std::optional<Result<Cursor>> answer;
  spawn(pool.store->read(std::move(ask)), [&](Result<Cursor> one) { answer = std::move(one); });
  ASSERT_TRUE(answer.has_value());
  ASSERT_FALSE(answer->has_value());
  EXPECT_EQ(answer->error().code, Code::unavailable);
}

TEST(Pool, a_failed_commit_fails_all_of_it_and_no_more) {
  Pool pool({});
  pool.writing.fails = true;
  pool.submit_behind_a_commit(3);
  pool.writing.allowed.release(2);
  EXPECT_THAT(pool.fates.first(4), testing::Each("broken"));
  {
    std::lock_guard lock(pool.writing.mutex);
    pool.writing.fails = false;
  }
  pool.submit(1);
  pool.writing.allowed.release(1);
  EXPECT_EQ(pool.fates.first(5).back(), "committed");
}

// Its first commit is never answered; what became of it is known when it is asked for the second time.
class DoubtfulWriter final : public Writer {
 public:
  Result<std::vector<Committed>> commit(std::span<const Submission* const> batch,
                                        Instant deadline) override {
    if (in_doubt() && !find_out(deadline)) return fail(Code::unavailable, "not yet");
    if (asked_ > 0) return std::vector<Committed>(batch.size());
    in_doubt_ = true;
    return fail(Code::unavailable, "nobody knows");
  }
  [[nodiscard]] bool in_doubt() const override { return in_doubt_; }
  bool find_out(Instant /*deadline*/) override {
    in_doubt_ = ++asked_ < 2;
    if (!in_doubt_) late_.emplace_back();
    return !in_doubt_;
  }
  [[nodiscard]] std::vector<Committed> late() override { return std::exchange(late_, {}); }

 private:
  bool in_doubt_ = false;
  int asked_ = 0;
  std::vector<Committed> late_;
};

class DoubtfulBackend final : public Backend {
 public:
  [[nodiscard]] Cursor beginning() const override { return {7, {0}}; }
  [[nodiscard]] std::unique_ptr<Writer> writer() override {
    return std::make_unique<DoubtfulWriter>();
  }
  [[nodiscard]] std::unique_ptr<ReadSession> reader() override {
    return std::make_unique<SlowReader>(reading_);
  }

 private:
  Book reading_;
};

TEST(Pool, a_commit_in_doubt_is_told_of_late_though_nobody_asks_for_anything) {
  Fates fates;
  auto store = make_pooled_store(std::make_unique<DoubtfulBackend>(), {.readers = 1});
  store->listen(fates);
  store->submit({});
  EXPECT_THAT(fates.first(2), testing::ElementsAre("nobody knows", "committed"));
  store->stop();
}

TEST(Pool, refuses_questions_that_do_not_fit) {
  Pool pool({.questions = 2});
  Fates answers;
  auto ask = [&] {
    spawn(pool.store->read([](Reader&) -> Result<bool> { return true; }),
          [&](const Result<bool>& answer) {
            auto settled = std::make_shared<std::vector<Settled>>();
            settled->push_back({{}, fail(answer.error()), {}});
            answers.settled(std::move(settled));
          });
  };
  ask();
  EXPECT_TRUE(pool.reading.begun.try_acquire_for(30s));
  for (int i = 0; i < 4; ++i) ask();
  pool.reading.allowed.release(3);
  const auto all = answers.first(5);
  EXPECT_EQ(std::ranges::count(all, "answered"), 3);
  EXPECT_EQ(std::ranges::count(all, "too much is waiting for the store; try again"), 2);
}

}  // namespace
}  // namespace parley::store
