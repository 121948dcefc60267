// store: makes changes durable, numbers them, and answers from what is durable.
//
// Knows:     conversations, members, the log; what one commit writes (plan.h) and what may be asked (reader.h).
// Does not:  rules: it never decides who may do what, only whether a decision still holds (version, key, pair).
// In:        changes from the engine, many gathered into one commit.   Out: events with their seq, to the listener.
// Promises:  durable before settled; seq dense per conversation; a change is applied whole or not at all, and alone: a
//            refused one leaves its neighbours; changes of one lane settle in the order of their positions; a reader
//            sees whole commits only. An outcome nobody knows (connection lost at COMMIT) is found out by asking for the
//            ids of the events, never guessed.
// Failing:   Code::unavailable within the deadline, then it recovers by itself.
// Start at:  Store::submit(), plan.h. Adapters: store/{memory,sqlite,postgres}; they pass conformance.h.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <type_traits>
#include <vector>

#include "base/task.h"
#include "store/change.h"
#include "store/reader.h"

namespace parley::store {

// Given the result where it lies: other loops may be reading the same one.
using Reply = std::move_only_function<void(const Result<Committed>&)>;

struct Submission {
  Change change;
  Origin origin;  // goes into the events; origin.loop says where the reply belongs
  Reply reply;    // may be empty
};

// A submission whose fate is known. The listener calls the reply, on the loop it belongs to.
struct Settled {
  Origin origin;
  Result<Committed> result;
  Reply reply;
};
using SettledBatch = std::shared_ptr<std::vector<Settled>>;

class Listener {
 public:
  // From a thread of the store: what one commit settled, in order; per lane in the order of positions. Must not block.
  virtual void settled(SettledBatch batch) = 0;

 protected:
  ~Listener() = default;
};

struct Health {
  bool up = false;
  double latency_ms = 0;
  std::string why;  // when it is not up
};

class Store {
 public:
  virtual ~Store() = default;

  // Before the first submit; the listener outlives the store's stop().
  virtual void listen(Listener& listener) = 0;
  // Takes the change for the next commit of its lane. Never blocks; a full queue settles it as unavailable.
  // Submissions for one lane by one thread take effect in the order given.
  virtual void submit(Submission submission) = 0;

  // Runs the question on a reader, within one snapshot, and resumes the caller where it was.
  //   auto found = co_await store.read([id](Reader& reader) { return reader.message(id); });
  template <class Ask, class R = std::invoke_result_t<Ask, Reader&>>
  [[nodiscard]] Task<R> read(Ask ask) {
    co_return co_await called_back<R>([&](auto done) {
      this->ask([ask = std::move(ask), done = std::move(done)](Result<Reader*> reader) mutable {
        if (reader)
          done(ask(**reader));
        else
          done(R(std::unexpected(std::move(reader).error())));
      });
    });
  }

  // The same for what may be much to read, as pages of history or a search: a replica may answer, where the store has one
  // that has everything which was committed before it answers. Nobody could tell; it may take a moment longer.
  template <class Ask, class R = std::invoke_result_t<const Ask&, Reader&>>
  [[nodiscard]] Task<R> browse(Ask ask) {
    auto answer = co_await called_back<std::optional<R>>([&](auto done) {
      this->ask_anywhere([ask, done = std::move(done)](Result<Reader*> reader) mutable {
        if (!reader) return done(std::optional<R>(std::unexpected(std::move(reader).error())));
        std::optional<R> answer(ask(**reader));
        if ((*reader)->replica_lost()) answer.reset();
        done(std::move(answer));
      });
    });
    if (answer) co_return std::move(*answer);
    co_return co_await read(std::move(ask));  // it went in the middle
  }

  // Which lanes there are, and this store's own number: what a cursor of it looks like.
  [[nodiscard]] virtual Cursor beginning() const = 0;
  [[nodiscard]] virtual Task<Health> health() = 0;
  // Finishes what was submitted, then ends its threads. Nothing may be submitted afterwards.
  virtual void stop() = 0;

 protected:
  using Question = std::move_only_function<void(Result<Reader*>)>;
  virtual void ask(Question question) = 0;
  virtual void ask_anywhere(Question question) { ask(std::move(question)); }
};

}  // namespace parley::store
