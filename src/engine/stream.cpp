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
std::vector<Sink::Unread> unread_since(const std::vector<store::Membership>& memberships,
                                       const Cursor& since) {
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
  std::vector<ConversationId> follows;
  std::vector<store::Block> blocked;
  std::vector<store::Membership> memberships;  // where the sink wants them
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
    : Subscriber(std::move(caller.user), caller.origin),
      engine_(engine),
      sink_(sink),
      policy_(*caller.policy) {}

Stream::~Stream() { close(); }

void Stream::close() {
  if (state_ == State::closed) return;
  state_ = State::closed;
  hears_signals_ = false;
  catching_up_.reset();
  recounts_.reset();
  engine_.hub().detach(*this);
}

Task<Result<Cursor>> Stream::open(std::optional<Cursor> since) {
  engine_.hub().attach(*this);
  state_ = State::catching_up;
  catching_up_ = std::make_unique<CatchingUp>();
  // Before the memberships are read: what is committed in between is found by catch_up(), what comes later comes live.
  const Cursor now = seen_ = engine_.hub().positions();
  auto ask = [user = user(), unheard = policy_.blocked_are_unheard,
              wanted = sink_.wants_memberships()](store::Reader& reader) -> Result<Arrival> {
    TRY(head, reader.head());
    TRY(follows, reader.conversations_of(user));
    Arrival arrival{std::move(head), std::move(follows), {}, {}};
    if (unheard) {
      TRY(blocked, reader.blocks_of(user, {}, blocked_max));
      arrival.blocked = std::move(blocked);
    }
    if (wanted) {
      TRY(memberships, reader.memberships(user));
      arrival.memberships = std::move(memberships);
    }
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
  for (store::Block& one : arrival->blocked) blocked_.push_back(std::move(one.blocked));
  std::ranges::sort(blocked_);
  // Where others commit, too, what came before this hub asked for it was not sent here.
  catching_up_->nothing_missed =
      !engine_.hub().is_one_of_many() && arrival->head == now && engine_.hub().positions() == now;
  if (sink_.wants_memberships()) sink_.memberships(arrival->memberships);
  engine_.hub().follow(*this, std::move(arrival->follows));
  catching_up_->resumed_from = std::move(since);
  co_return now;
}

Task<Result<void>> Stream::catch_up() {
  if (state_ == State::closed) co_return connection_closed();
  bool say_synced = catching_up_->resumed_from.has_value();
  // Who resumes gets the past first.
  hears_signals_ = !say_synced;
  if (!say_synced && catching_up_->nothing_missed) {
    go_live();
    co_return Result<void>{};
  }
  if (say_synced) seen_ = *catching_up_->resumed_from;
  for (;;) {
    catching_up_->overflowed = false;
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
        catching_up_->notified_upto = seen_;
        sink_.synced(seen_, step->unread);
      }
      if (!catching_up_->overflowed) {
        go_live();
        co_return Result<void>{};
      }
    }
    if (!there) close();
    if (state_ == State::closed) co_return connection_closed();
  }
}

Task<Result<Stream::Step>> Stream::read_step(Cursor since, Counts counts) {
  auto ask = [user = user(), since, from = catching_up_->resumed_from,
              counts](store::Reader& reader) -> Result<Step> {
    const bool wanted = counts == Counts::wanted;
    // What has news since the beginning of the resume has the news since this page, too.
    TRY(memberships, reader.memberships_with_news(user, wanted ? *from : since,
                                                  wanted ? store::Reader::Unread::too
                                                         : store::Reader::Unread::not_asked_for));
    TRY(page, store::read_since(reader, user, memberships, since, page_size));
    Step step{std::move(page), {}, {}};
    if (step.page.more || !wanted) return step;
    step.unread = unread_since(memberships, *from);
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
  co_return there&& state_ != State::closed;
}

// As it would have come live.
void Stream::hand_over(const store::Record& notification) {
  Signal signal;
  signal.kind = Signal::Kind::notification;
  signal.space = notification.space;
  signal.to = {user()};
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
  if (!recounts_ && !Recounts::concerns(event, user())) return;
  if (!recounts_)
    recounts_ = std::make_shared<Recounts>(
        user(),
        [this](const ConversationId& where, std::uint64_t count) { sink_.unread(where, count); });
  const auto number = recounts_->told(event);
  if (!number) return;
  auto ask = [user = user(), where = event.conversation](store::Reader& reader) {
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
  const std::unique_ptr<CatchingUp> done = std::move(catching_up_);
  for (const Waiting& one : done->waiting) {
    if (seen_.has_seen(one.position())) continue;
    if (one.event) {
      hand_over(*one.event);
    } else {
      hub::Encodings encodings;
      sink_.pointer(*one.pointer, encodings);
    }
  }
  for (const Signal& signal : done->notifications)
    if (!done->notified_upto.has_seen(*signal.position)) receive_notification(signal);
  if (seen_.not_after(engine_.hub().positions())) hub_has_caught_up();
}

void Stream::hub_has_caught_up() {
  hub_caught_up_ = true;
  seen_ = {};
}

// What happened before it in its lane has been handed over: the hub hears of both in that order. From another node each
// comes its own way, and the place is seen when the log's turn has come.
void Stream::receive_notification(const Signal& signal) {
  if (!hub_caught_up_ && !engine_.hub().is_one_of_many()) seen_.saw(*signal.position);
  hub::Encodings encodings;
  sink_.signal(signal, encodings);
}

void Stream::wait_in_line(Waiting one) {
  if (catching_up_->waiting.size() >= waiting_max) {
    catching_up_->waiting.clear();
    catching_up_->overflowed = true;
  }
  if (!catching_up_->overflowed) catching_up_->waiting.push_back(std::move(one));
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
  if (!hub_caught_up_) hub_has_caught_up();
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
    if (state_ == State::catching_up && catching_up_->notifications.size() < waiting_max)
      catching_up_->notifications.push_back(signal);
    return;
  }
  if (state_ == State::live || hears_signals_) sink_.signal(signal, encodings);
}

void Stream::hear_of_block(const Signal& signal) {
  if (!policy_.blocked_are_unheard) return;
  const auto at = std::ranges::lower_bound(blocked_, signal.user);
  const bool known = at != blocked_.end() && *at == signal.user;
  if (signal.on && !known) blocked_.insert(at, signal.user);
  if (!signal.on && known) blocked_.erase(at);
}

}  // namespace parley::engine
