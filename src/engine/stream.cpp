#include "engine/stream.h"

#include <algorithm>

#include "engine/notifications.h"
#include "engine/place.h"

namespace parley::engine {
namespace {

constexpr std::size_t blocked_max = 10'000;

std::uint64_t seen_in_lane(const Cursor& cursor, const ConversationId& conversation) {
  return cursor.lanes[lane_of(conversation, static_cast<std::uint32_t>(cursor.lanes.size()))];
}

bool lives_in(const store::Membership& one) {
  return one.member.present() && one.conversation.deleted_seq.value == 0;
}

// The conversations with something unread, or with a count that may have changed since the cursor.
Result<std::vector<Sink::Unread>> unread_since(store::Reader& reader, const UserId& user,
                                               const Cursor& since) {
  TRY(memberships, reader.memberships(user));
  std::vector<Sink::Unread> counts;
  for (const store::Membership& one : memberships) {
    if (!lives_in(one)) continue;
    std::uint64_t count = unread_count(one.conversation, one.member);
    std::uint64_t seen = seen_in_lane(since, one.conversation.id);
    if (count != 0 || one.conversation.last_at > seen || one.member.read_position > seen)
      counts.push_back({one.conversation.id, count});
  }
  return counts;
}

struct Arrival {
  Cursor head;
  std::vector<store::Block> blocked;
  std::vector<store::Membership> memberships;
};

// A cursor of another store, or ahead of everything committed, comes from a past that is no longer kept.
Result<void> check_cursor(const std::optional<Cursor>& since, const Cursor& head) {
  if (!since || (since->store == head.store && since->not_after(head))) return {};
  return fail(Code::cursor_too_old,
              "this cursor points to something that is no longer kept: read again by REST");
}

Error connection_closed() { return {Code::unavailable, "the connection was closed", {}}; }

}  // namespace

Stream::Stream(Engine& engine, Sink& sink, Caller caller)
    : Subscriber(caller.user, caller.origin),
      engine_(engine),
      sink_(sink),
      caller_(std::move(caller)) {}

Stream::~Stream() { close(); }

void Stream::close() {
  if (state_ == State::closed) return;
  state_ = State::closed;
  hears_signals_ = false;
  waiting_.clear();
  recounts_.reset();
  engine_.hub().detach(*this);
}

Task<Result<Cursor>> Stream::open(std::optional<Cursor> since) {
  engine_.hub().attach(*this);
  state_ = State::catching_up;
  // Before the memberships are read: what is committed in between is found by catch_up(), what comes later comes live.
  const Cursor now = seen_ = engine_.hub().positions();
  auto ask = [user = caller_.user, unheard = caller_.policy->blocked_are_unheard](
                 store::Reader& reader) -> Result<Arrival> {
    TRY(head, reader.head());
    TRY(memberships, reader.memberships(user));
    Arrival arrival{std::move(head), {}, std::move(memberships)};
    if (!unheard) return arrival;
    TRY(blocked, reader.blocks_of(user, {}, blocked_max));
    arrival.blocked = std::move(blocked);
    return arrival;
  };
  auto arrival = co_await engine_.store().read(ask);
  while (!arrival && arrival.error().code == Code::unavailable && state_ != State::closed) {
    const bool again = co_await sink_.store_is_away();
    if (!again || state_ == State::closed) break;
    arrival = co_await engine_.store().read(ask);
  }
  if (state_ == State::closed) co_return connection_closed();
  auto good =
      arrival ? check_cursor(since, arrival->head) : Result<void>(std::unexpected(arrival.error()));
  if (!good) {
    close();
    co_return std::move(good).error();
  }
  for (store::Block& one : arrival->blocked) blocked_.insert(std::move(one.blocked));
  // Where others commit, too, what came before this hub asked for it was not sent here.
  nothing_missed_ =
      !engine_.hub().is_one_of_many() && arrival->head == now && engine_.hub().positions() == now;
  sink_.memberships(arrival->memberships);
  std::vector<ConversationId> follows;
  for (const store::Membership& one : arrival->memberships)
    if (lives_in(one)) follows.push_back(one.conversation.id);
  engine_.hub().follow(*this, std::move(follows));
  resumed_from_ = std::move(since);
  co_return now;
}

Task<Result<void>> Stream::catch_up() {
  if (state_ == State::closed) co_return connection_closed();
  bool say_synced = resumed_from_.has_value();
  // Who resumes gets the past first.
  hears_signals_ = !say_synced;
  if (!say_synced && nothing_missed_) {
    go_live();
    co_return Result<void>{};
  }
  if (resumed_from_) seen_ = *resumed_from_;
  for (;;) {
    overflowed_ = false;
    auto step = co_await read_step(seen_, say_synced ? Counts::wanted : Counts::not_wanted);
    if (state_ == State::closed) co_return connection_closed();
    if (!step && step.error().code == Code::unavailable) {
      const bool again = co_await sink_.store_is_away();
      if (state_ == State::closed) co_return connection_closed();
      if (again) continue;
    }
    if (!step) {
      close();
      co_return std::move(step).error();
    }
    bool there = co_await hand_over(step->page);
    if (there && !step->page.more) {
      // The counts are those of the page's own snapshot: what still waits in line is newer, and counted by the client.
      if (std::exchange(say_synced, false)) {
        for (const store::Record& one : step->notifications) hand_over(one);
        notified_upto_ = seen_;
        sink_.synced(seen_, step->unread);
      }
      if (!overflowed_) {
        go_live();
        co_return Result<void>{};
      }
    }
    if (!there) close();
    if (state_ == State::closed) co_return connection_closed();
  }
}

Task<Result<Stream::Step>> Stream::read_step(Cursor since, Counts counts) {
  auto ask = [user = caller_.user, since, from = resumed_from_,
              counts](store::Reader& reader) -> Result<Step> {
    TRY(page, store::read_since(reader, user, since, page_size));
    Step step{std::move(page), {}, {}};
    if (step.page.more || counts == Counts::not_wanted) return step;
    TRY(unread, unread_since(reader, user, *from));
    step.unread = std::move(unread);
    TRY(notifications, notifications_after(reader, user, *from));
    step.notifications = std::move(notifications);
    return step;
  };
  co_return co_await engine_.store().read(std::move(ask));
}

// However large a page is: never more at once than the connection has room for, or it would be closed as too slow, and
// again at each resume.
Task<bool> Stream::hand_over(const store::SincePage& page) {
  for (std::size_t i = 0; i < page.events.size(); ++i) {
    if (unheard(*page.events[i])) continue;
    bool there = co_await sink_.ready();
    if (!there || state_ == State::closed) co_return false;
    hub::Encodings encodings;
    sink_.event(*page.events[i], page.cursors[i], encodings);
  }
  for (const Pointer& pointer : page.pointers) {
    hub::Encodings encodings;
    sink_.pointer(pointer, encodings);
  }
  seen_ = page.next;
  bool there = co_await sink_.ready();
  co_return there;
}

// As it would have come live.
void Stream::hand_over(const store::Record& notification) {
  Signal signal;
  signal.kind = Signal::Kind::notification;
  signal.space = notification.space;
  signal.to = {caller_.user};
  signal.details = notification.body;
  hub::Encodings encodings;
  sink_.signal(signal, encodings);
}

// With a cursor of this reader's own, as long as the hub's is not far enough to hold for it.
void Stream::hand_over(const Event& event) {
  seen_.saw(event.position);
  if (unheard(event)) return;
  hub::Encodings encodings;
  sink_.event(event, seen_, encodings);
  recount(event);
}

// Live only: after a resume all counts are told anyway.
void Stream::recount(const Event& event) {
  if (!recounts_ && !Recounts::concerns(event, caller_.user)) return;
  if (!recounts_)
    recounts_ = std::make_shared<Recounts>(
        caller_.user,
        [this](const ConversationId& where, std::uint64_t count) { sink_.unread(where, count); });
  const auto number = recounts_->told(event);
  if (!number) return;
  auto ask = [user = caller_.user, where = event.conversation](store::Reader& reader) {
    return seen_by(reader, user, where);
  };
  // close() forgets them, and with them the way to the sink.
  auto answer = [recounts = std::weak_ptr(recounts_),
                 number](const Result<store::Membership>& found) {
    auto alive = recounts.lock();
    if (alive && found) alive->answered(*number, found->conversation, found->member);
  };
  spawn(engine_.store().read(std::move(ask)), std::move(answer));
}

void Stream::go_live() {
  state_ = State::live;
  for (Waiting& one : std::exchange(waiting_, {})) {
    if (seen_.has_seen(one.position())) continue;
    if (one.event) {
      hand_over(*one.event);
    } else {
      hub::Encodings encodings;
      sink_.pointer(*one.pointer, encodings);
    }
  }
  for (const Signal& signal : std::exchange(waiting_notifications_, {}))
    if (!notified_upto_.has_seen(*signal.position)) receive_notification(signal);
}

// What happened before it in its lane has been handed over: the hub hears of both in that order. From another node each
// comes its own way, and the place is seen when the log's turn has come.
void Stream::receive_notification(const Signal& signal) {
  if (!hub_caught_up_ && !engine_.hub().is_one_of_many()) seen_.saw(*signal.position);
  hub::Encodings encodings;
  sink_.signal(signal, encodings);
}

void Stream::wait_in_line(Waiting one) {
  if (waiting_.size() >= waiting_max) {
    waiting_.clear();
    overflowed_ = true;
  }
  if (!overflowed_) waiting_.push_back(std::move(one));
}

void Stream::receive(const hub::Delivery& delivery) {
  if (state_ == State::closed || (!hub_caught_up_ && seen_.has_seen(delivery.event.position)))
    return;
  if (state_ == State::catching_up) {
    wait_in_line({delivery.shared, std::nullopt});
    return;
  }
  if (!hub_caught_up_ && !seen_.not_after(delivery.cursor)) {
    hand_over(delivery.event);
    return;
  }
  hub_caught_up_ = true;
  if (unheard(delivery.event)) return;
  sink_.event(delivery.event, delivery.cursor, delivery.encodings);
  recount(delivery.event);
}

void Stream::receive(const Pointer& pointer, hub::Encodings& encodings) {
  if (state_ == State::closed || (!hub_caught_up_ && seen_.has_seen(pointer.position))) return;
  if (state_ == State::catching_up)
    wait_in_line({nullptr, pointer});
  else {
    sink_.pointer(pointer, encodings);
    if (recounts_ && !pointer.only_delivered) recounts_->told(pointer);
  }
}

void Stream::receive(const Signal& signal, hub::Encodings& encodings) {
  if (signal.kind == Signal::Kind::blocks) return hear_of_block(signal);
  if (signal.kind == Signal::Kind::reading) {
    if (state_ == State::live) sink_.pointer(*signal.pointer, encodings);
    return;
  }
  const bool kept = signal.kind == Signal::Kind::notification && signal.position.has_value();
  if (kept && state_ == State::live) return receive_notification(signal);
  if (kept && !hears_signals_) {
    if (state_ == State::catching_up && waiting_notifications_.size() < waiting_max)
      waiting_notifications_.push_back(signal);
    return;
  }
  if (state_ == State::live || hears_signals_) sink_.signal(signal, encodings);
}

void Stream::hear_of_block(const Signal& signal) {
  if (!caller_.policy->blocked_are_unheard) return;
  if (signal.on)
    blocked_.insert(signal.user);
  else
    blocked_.erase(signal.user);
}

}  // namespace parley::engine
