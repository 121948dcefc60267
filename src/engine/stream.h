// One reader's events without gap and without repeat: first what was missed since a cursor, then live.
//
// What happens while the store is asked where the reader is, the hub's tail has. From then on, while it catches up, live
// events wait in a bounded line; what the log has already shown is dropped from it. A line that overflows is dropped whole,
// and the log is read on from where the reader stands: slower, never wrong.
//
// Lives on: one loop, that of the hub it is attached to. Owned by a connection; must outlive its own catch_up().
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <vector>

#include "engine/engine.h"
#include "engine/recounts.h"

namespace parley::engine {

// Where a stream's events go: the dialect's session.
class Sink {
 public:
  virtual ~Sink() = default;
  virtual void event(const Event& event, const Cursor& cursor, hub::Encodings& encodings) = 0;
  virtual void pointer(const Pointer& pointer, hub::Encodings& encodings) = 0;
  // Everything missed has been handed over; live from here on. `unread`: what changed or is not zero, after a resume.
  struct Unread {
    ConversationId conversation;
    std::uint64_t count = 0;
  };
  virtual void synced(const Cursor& cursor, const std::vector<Unread>& unread) = 0;
  virtual void signal(const Signal& signal, hub::Encodings& encodings) = 0;
  // What the store is asked beside, as the stream opens.
  struct Wants {
    bool memberships = false;  // there may be many thousands
    bool partners = false;     // in direct conversations
    bool whether_met = false;
  };
  [[nodiscard]] virtual Wants wants() const { return {}; }
  // It is told before any event.
  struct Found {
    std::vector<store::Membership> memberships;
    std::optional<std::vector<UserId>> partners;
    bool met = false;
  };
  virtual void found(const Found& /*found*/) {}
  // A count has changed otherwise than by a new message or by reading.
  virtual void unread(const ConversationId& where, std::uint64_t count) = 0;
  // Comes back when the connection can take another page; false: it is gone.
  virtual Task<bool> ready() = 0;
  // The store can't be read now. Comes back when it is to be asked again; false: the stream is to end with that.
  virtual Task<bool> store_is_away() { co_return false; }
};

class Stream final : public hub::Subscriber {
 public:
  Stream(Engine& engine, Sink& sink, Caller caller);
  ~Stream() override;

  // Attaches, and says where "now" is: without a cursor, everything that is told from this call on will come. A cursor to
  // resume from is checked here. Then catch_up() once.
  Task<Result<Cursor>> open(std::optional<Cursor> since);
  // Hands over what was missed since the cursor (none: since open()), then goes live. An error leaves it closed.
  Task<Result<void>> catch_up();
  // Everything up to here was handed over, or is not this reader's.
  [[nodiscard]] const Cursor& seen() const {
    return hub_caught_up_ ? engine_.hub().positions() : seen_;
  }
  // Of whose presence the reader is told, as signals.
  void watch(std::vector<UserId> users) {
    if (state_ != State::closed) engine_.hub().watch(*this, std::move(users));
  }
  // Whether what this person says is for the reader, as far as that is known.
  [[nodiscard]] bool hears(const UserId& user) const {
    return !std::ranges::binary_search(blocked_, user);
  }
  // No more events; a catch-up under way ends.
  void close();

  void receive(const hub::Delivery& delivery) override;
  void receive(const Pointer& pointer, hub::Encodings& encodings) override;
  void receive(const Signal& signal, hub::Encodings& encodings) override;

 private:
  enum class State : std::uint8_t { closed, arriving, catching_up, live };
  // An event, or else a pointer.
  struct Waiting {
    EventRef event;
    std::optional<Pointer> pointer;
    [[nodiscard]] const Position& position() const {
      return event ? event->position : pointer->position;
    }
  };
  // A page and, of the same snapshot, the unread counts if it is the last one of a resume.
  struct Step {
    store::SincePage page;
    std::vector<Sink::Unread> unread;
    std::vector<store::Record> notifications;  // missed, where the counts are wanted
  };
  // What the store says of a reader who comes, of one snapshot.
  struct Arrival {
    Cursor head;
    std::vector<ConversationId> follows;
    std::vector<store::Block> blocked;
    Sink::Found found;
    std::optional<Step> first;  // where there may be something to hand over
  };

  // What is needed until the stream is live only: nearly all of many connections are.
  struct CatchingUp {
    std::optional<Cursor> resumed_from;  // what the counts after a resume are compared with
    std::optional<Step> first;
    std::vector<Waiting> waiting;
    std::vector<Signal> notifications;  // that wait, too
    Cursor notified_upto;               // those that took their place up to here were looked for
    bool overflowed = false;
  };

  Task<Result<void>> arrive(Sink::Wants wants);
  Task<Result<Arrival>> ask_where(Sink::Wants wants);
  // False: more has happened since than the tail keeps.
  [[nodiscard]] bool take_place(Arrival arrival, const hub::Tail::Mark& asked_at);
  [[nodiscard]] static Result<Step> step_after(store::Reader& reader, const UserId& user,
                                               const Cursor& since,
                                               const std::optional<Cursor>& counted_from);
  Task<Result<Step>> read_step(bool counts_wanted);
  [[nodiscard]] bool unheard(const Event& event) const {
    return event.kind == EventKind::message_created && !hears(event.actor);
  }
  // False: the connection has gone meanwhile.
  Task<bool> hand_over(const store::SincePage& page);
  void hand_over(const Event& event);
  void hand_over(const store::Record& notification);
  void recount(const Event& event);
  void wait_in_line(Waiting one);
  void go_live();
  void hub_has_caught_up();
  void hear_of_block(const Signal& signal);
  void receive_notification(const Signal& signal);

  static constexpr std::size_t page_size = 200;
  static constexpr std::size_t waiting_max = 2'000;
  static constexpr int attempts = 3;

  Engine& engine_;
  Sink& sink_;
  const Policy& policy_;
  std::unique_ptr<CatchingUp> catching_up_;
  // Everything up to here was handed over (or is not this reader's), until the hub has come as far: then its cursors,
  // which all share, hold for this reader.
  Cursor seen_;
  std::shared_ptr<Recounts> recounts_;  // made when the first is needed
  std::vector<UserId> blocked_;         // where the policy has them unheard; in order
  State state_ = State::closed;
  bool hub_caught_up_ = false;
  bool hears_signals_ = false;  // also while it catches up
};

}  // namespace parley::engine
