#include "store/pool/pool.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "base/assert.h"
#include "base/metrics.h"
#include "store/pool/inbox.h"
#include "store/pool/queue.h"

namespace parley::store {
namespace {

using Clock = std::chrono::steady_clock;

metrics::Histogram& commit_seconds() {
  static auto& figure = metrics::histogram(
      "parley_commit_seconds", "Time of one commit, from its first write to its sync",
      {0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 5});
  return figure;
}

metrics::Histogram& commit_changes() {
  static auto& figure =
      metrics::histogram("parley_commit_changes", "Changes gathered into one commit",
                         {1, 2, 5, 10, 20, 50, 100, 200, 500, 1000});
  return figure;
}

metrics::Histogram& read_seconds() {
  static auto& figure =
      metrics::histogram("parley_read_seconds", "Time of one question to the store, once begun",
                         {0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 1});
  return figure;
}

Error too_late() {
  return {Code::unavailable, "the store did not take this in time; try again",
          std::chrono::seconds{1}};
}
Error has_stopped() {
  return {Code::unavailable, "the store has stopped", std::chrono::seconds{1}};
}
Error too_full() {
  return {Code::unavailable, "too much is waiting for the store; try again",
          std::chrono::seconds{1}};
}

// While the fate of a commit is not known and nobody asks for anything.
constexpr std::chrono::milliseconds between_questions{500};

struct Waiting {
  Submission submission;
  Instant since;
};

// While several callers are at it, commits begin at a distance: each sync then carries more, for a delay that nobody
// notices. Who is alone never waits. Nor does anybody once the most of lately have come: where each asks again only after
// the answer, there are no others.
class Pace {
 public:
  explicit Pace(std::chrono::microseconds distance) : distance_(distance) {}
  template <class T>
  void keep(Inbox<T>& inbox) {
    kept_ = last_size_ >= (kept_ ? worth_keeping : worth_beginning);
    if (kept_) inbox.gather(most_lately_, last_ + distance_);
    last_ = Clock::now();
  }
  void took(std::size_t size) {
    last_size_ = size;
    if (++since_forgetting_ == forgets_every) {
      since_forgetting_ = 0;
      most_lately_ -= std::min(most_lately_, 1 + most_lately_ / forgotten_part);
    }
    most_lately_ = std::max(size, most_lately_);
  }

 private:
  static constexpr std::size_t worth_beginning = 2;
  static constexpr std::size_t worth_keeping = 4;
  // Slowly: where callers come as they please, now and then more come by chance, and that must not count as the most.
  static constexpr std::size_t forgets_every = 16;
  static constexpr std::size_t forgotten_part = 16;
  std::chrono::microseconds distance_;
  Instant last_{};
  std::size_t last_size_ = 0;
  std::size_t most_lately_ = 0;
  std::size_t since_forgetting_ = 0;
  bool kept_ = false;
};

}  // namespace

class PooledStore final : public Store {
 public:
  PooledStore(std::unique_ptr<Backend> backend, PoolLimits limits)
      : backend_(std::move(backend)),
        limits_(limits),
        lanes_(static_cast<std::uint32_t>(backend_->beginning().lanes.size())),
        questions_(limits.questions) {
    for (std::size_t i = 0; i < limits_.writers; ++i)
      writers_.push_back(std::make_unique<WriterThread>(limits_.queue));
    for (std::size_t i = 0; i < limits_.readers; ++i)
      readers_.emplace_back(
          [this, session = std::shared_ptr(backend_->reader())] { answer_loop(*session); });
  }
  ~PooledStore() override { stop(); }

  void listen(Listener& listener) override {
    PARLEY_ASSERT(listener_ == nullptr);
    listener_ = &listener;
    for (auto& writer : writers_)
      writer->thread =
          std::thread([this, &writer = *writer, session = std::shared_ptr(backend_->writer())] {
            write_loop(writer.inbox, *session);
          });
  }

  void submit(Submission submission) override {
    std::uint32_t lane = lane_of(submission.change.where, lanes_);
    WriterThread& writer = *writers_[lane % writers_.size()];
    // What does not fit settles too, on the writer's thread like everything else.
    writer.inbox.put({std::move(submission), Clock::now()});
  }

  [[nodiscard]] Cursor beginning() const override { return backend_->beginning(); }

  Task<Health> health() override {
    const Instant begun = Clock::now();
    auto ask = [](Reader& reader) { return reader.head(); };
    auto head = co_await read(std::move(ask));
    co_return Health{
        .up = head.has_value(),
        .latency_ms = std::chrono::duration<double, std::milli>(Clock::now() - begun).count(),
        .why = head ? std::string{} : head.error().detail};
  }

  void stop() override {
    for (auto& writer : writers_) writer->inbox.close();
    for (auto& writer : writers_)
      if (writer->thread.joinable()) writer->thread.join();
    questions_.close();
    for (std::thread& reader : readers_)
      if (reader.joinable()) reader.join();
  }

 protected:
  struct Asked {
    Question question;
    Source source;
    Instant since;
  };
  void ask(Question question) override { ask(std::move(question), Source::primary); }
  void ask_anywhere(Question question) override { ask(std::move(question), Source::anywhere); }

 private:
  struct WriterThread {
    explicit WriterThread(std::size_t most) : inbox(most) {}
    Inbox<Waiting> inbox;
    std::thread thread;
  };

  // Whoever asks while the process ends is waiting for an answer, too.
  void ask(Question question, Source source) {
    if (auto late = questions_.push({std::move(question), source, Clock::now()}))
      late->question(fail(has_stopped()));
  }

  void answer_loop(ReadSession& session) {
    while (auto asked = questions_.pop()) {
      if (asked->dropped) {
        asked->item.question(fail(too_full()));
        continue;
      }
      if (Clock::now() - asked->item.since > limits_.timeout) {
        asked->item.question(fail(too_late()));
        continue;
      }
      const Instant begun = Clock::now();
      asked->item.question(session.begin(asked->item.since + limits_.timeout, asked->item.source));
      session.end();
      read_seconds().Observe(std::chrono::duration<double>(Clock::now() - begun).count());
    }
  }

  // Takes all that waits, and commits it together.
  void write_loop(Inbox<Waiting>& inbox, Writer& writer) {
    Pace pace(limits_.pace);
    Inbox<Waiting>::Taken taken;
    for (;;) {
      while (writer.in_doubt() && !inbox.await_for(between_questions)) {
        writer.find_out(Clock::now() + limits_.timeout);
        settle_late(writer);
      }
      inbox.await();
      pace.keep(inbox);
      inbox.take_all(taken);
      if (taken.empty()) return;
      pace.took(taken.items.size());
      settle_all(std::move(taken.dropped), too_full());
      const std::span<Waiting> waiting(taken.items);
      for (std::size_t from = 0; from < waiting.size(); from += limits_.batch)
        commit_batch(writer, waiting.subspan(from, std::min(limits_.batch, waiting.size() - from)));
    }
  }

  void commit_batch(Writer& writer, std::span<Waiting> waiting) {
    const Instant begun = Clock::now();
    std::vector<Waiting> late;
    std::vector<const Submission*> batch;
    std::vector<Waiting*> committed;
    for (Waiting& one : waiting) {
      if (begun - one.since > limits_.timeout) {
        late.push_back(std::move(one));
        continue;
      }
      batch.push_back(&one.submission);
      committed.push_back(&one);
    }
    settle_all(std::move(late), too_late());
    if (batch.empty()) return;
    auto results = writer.commit(batch, begun + limits_.timeout);
    commit_seconds().Observe(std::chrono::duration<double>(Clock::now() - begun).count());
    commit_changes().Observe(static_cast<double>(batch.size()));
    settle_late(writer);
    PARLEY_ASSERT(!results || results->size() == batch.size());
    auto settled = std::make_shared<std::vector<Settled>>();
    settled->reserve(batch.size());
    for (std::size_t i = 0; i < committed.size(); ++i) {
      Submission& submission = committed[i]->submission;
      settled->push_back({submission.origin,
                          results ? Result<Committed>(std::move((*results)[i]))
                                  : Result<Committed>(fail(results.error())),
                          std::move(submission.reply)});
    }
    listener_->settled(std::move(settled));
    if (results) backend_->committed();
  }

  // Nobody waits for an answer any more; who asked was refused, and so hears of it like everybody else.
  void settle_late(Writer& writer) {
    auto settled = std::make_shared<std::vector<Settled>>();
    for (Committed& one : writer.late()) {
      for (EventRef& event : one.events) {
        auto of_nobody = std::make_shared<Event>(*event);
        of_nobody->origin = {};
        event = std::move(of_nobody);
      }
      settled->push_back({{}, std::move(one), {}});
    }
    if (settled->empty()) return;
    listener_->settled(std::move(settled));
    backend_->committed();
  }

  void settle_all(std::vector<Waiting> waiting, const Error& error) {
    if (waiting.empty()) return;
    auto settled = std::make_shared<std::vector<Settled>>();
    for (Waiting& one : waiting)
      settled->push_back({one.submission.origin, fail(error), std::move(one.submission.reply)});
    listener_->settled(std::move(settled));
  }

  std::unique_ptr<Backend> backend_;
  PoolLimits limits_;
  std::uint32_t lanes_;
  Listener* listener_ = nullptr;
  std::vector<std::unique_ptr<WriterThread>> writers_;
  Queue<Asked> questions_;
  std::vector<std::thread> readers_;
};

std::unique_ptr<Store> make_pooled_store(std::unique_ptr<Backend> backend, PoolLimits limits) {
  return std::make_unique<PooledStore>(std::move(backend), limits);
}

}  // namespace parley::store
