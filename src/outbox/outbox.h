// outbox: carries what was committed to a broker, at least once, in the order of each conversation.
//
// Knows:     how far each lane has been carried (a mark in the store); when to try again.
// Does not:  what a message says (a dialect's Wording), how a broker is spoken to (Sink).
// In:        the trail of each lane, from the store.   Out: messages, to the sink.
// Lives on:  one loop; the sink has a thread of its own.
// Failing:   while the broker is away the mark stays, and nothing else waits for it; what was sent before a crash and not
//            yet marked is sent again, with the same id.
// Start at:  Courier::step().
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/executor.h"
#include "base/worker.h"
#include "engine/engine.h"
#include "outbox/sink.h"

namespace parley::outbox {

// How one wire tells of what has happened. Called within the snapshot that the step was read in.
class Wording {
 public:
  virtual ~Wording() = default;
  [[nodiscard]] virtual Result<void> tell(store::Reader& reader, const store::TrailStep& step,
                                          std::vector<Out>& out) const = 0;
  // The broker has taken these, in that time. On the courier's executor.
  virtual void taken(std::span<const Out> /*out*/, std::chrono::duration<double> /*took*/) const {}
};

// Of a reading: the newest message by others that was read with it, if it is not too far back.
[[nodiscard]] Result<std::optional<Message>> newest_read(store::Reader& reader,
                                                         const store::TrailStep& step);

class Courier {
 public:
  // `name` is that of its marks: another one begins anew, with what happens from then on.
  Courier(std::string name, Executor& executor, engine::Engine& engine, std::unique_ptr<Sink> sink,
          std::shared_ptr<const Wording> wording);

  // Before start(): it carries only while this says so, since another process does otherwise.
  void only_while(std::function<bool()> its_turn) { its_turn_ = std::move(its_turn); }
  // On the executor: begins; goes on until stop().
  void start();
  // On the executor: something was committed.
  void poke();
  // On the executor: comes back when nothing of it is under way any more.
  Task<void> stop();
  // From any thread. Comes back when the broker has what happened up to there; or when it takes nothing now: then at
  // once.
  [[nodiscard]] Task<void> carried(Position at);
  // From any thread, for what nobody keeps.
  void pass(Out one);
  // Whether the broker took what was sent last, as far as it is for this process to send. From any thread.
  [[nodiscard]] bool up() const { return up_ || !is_its_turn_; }

 private:
  using Marks = std::vector<std::uint64_t>;  // by lane
  struct Load {
    std::vector<Out> out;
    Marks upto;
    bool more = false;
  };
  enum class Wake : std::uint8_t { by_pokes, by_time };

  Task<void> run();
  [[nodiscard]] bool takes_turn();
  // True: there may be more at once.
  Task<Result<bool>> step();
  Task<Result<void>> load_marks();
  Task<Result<void>> save_marks();
  Task<Result<void>> send(const std::vector<Out>& out);
  // Those who wait for what has been carried; all of them where nothing moves.
  enum class Whom : bool { who_has_it, all };
  void wake_waiting(Whom whom);
  Task<void> rest(std::chrono::milliseconds most, Wake wake);
  void tell_of(const Result<bool>& done);

  std::string name_;
  Executor& executor_;
  engine::Engine& engine_;
  std::unique_ptr<Sink> sink_;
  std::shared_ptr<const Wording> wording_;
  std::function<bool()> its_turn_ = [] { return true; };
  std::atomic<bool> is_its_turn_ = true;
  Marks marks_, saved_;
  Instant saved_at_{};
  std::atomic<bool> up_ = false;
  struct Waiting {
    Position at;
    std::move_only_function<void(bool)> done;
  };
  std::mutex waiting_mutex_;
  std::vector<Waiting> waiting_;
  bool told_down_ = false;
  std::atomic<bool> stopping_ = false;
  bool running_ = false;
  bool poked_ = false;
  Wake waked_ = Wake::by_time;
  Work wake_;   // set while it rests
  Work ended_;  // set while somebody waits for its end
  Worker worker_;
};

}  // namespace parley::outbox
