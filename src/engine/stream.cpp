#include "engine/stream.h"

#include <algorithm>
#include <set>

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
  catching_up_ = std::make_unique<CatchingUp>();
  Cursor now = engine_.hub().positions();
  seen_ = since.value_or(now);
  catching_up_->resumed_from = std::move(since);
  // Where others commit, too, what happens is sent here once this hub follows it.
  Result<void> arrived = engine_.hub().is_one_of_many() ? co_await arrive({}) : Result<void>{};
  if (arrived) arrived = co_await arrive(sink_.wants());
  if (arrived) co_return now;
  close();
  co_return std::move(arrived).error();
}

Task<Result<void>> Stream::arrive(Sink::Wants wants) {
  for (int i = 0; i < attempts; ++i) {
    state_ = State::arriving;
    // Before the store is asked: what its snapshot does not show comes after this.
    hub::Tail::Mark asked_at = engine_.hub().tail().mark();
    auto arrival = co_await ask_where(wants);
    while (!arrival && arrival.error().code == Code::unavailable && state_ != State::closed) {
      const bool again = co_await sink_.store_is_away();
      if (!again || state_ == State::closed) break;
      asked_at = engine_.hub().tail().mark();
      arrival = co_await ask_where(wants);
    }
    if (state_ == State::closed) co_return connection_closed();
    if (!arrival) co_return std::move(arrival).error();
    const Sink::Found found = std::move(arrival->found);
    if (!take_place(std::move(*arrival), asked_at)) continue;
    state_ = State::catching_up;
    sink_.found(found);
    co_return Result<void>{};
  }
  co_return Error{Code::unavailable, "too much happens right now; try again",
                  std::chrono::seconds{1}};
}

Task<Result<Stream::Arrival>> Stream::ask_where(Sink::Wants wants) {
  auto ask = [user = user(), unheard = policy_.blocked_are_unheard, wants, since = seen_,
              from = catching_up_->resumed_from](store::Reader& reader) -> Result<Arrival> {
    Arrival arrival;
    TRY(head, reader.head());
    TRY_DO(check_cursor(from, head));
    arrival.head = std::move(head);
    TRY(follows, reader.conversations_of(user));
    arrival.follows = std::move(follows);
    if (unheard) {
      TRY(blocked, reader.blocks_of(user, {}, blocked_max));
      arrival.blocked = std::move(blocked);
    }
    if (wants.memberships) {
      TRY(memberships, reader.memberships(user));
      arrival.found.memberships = std::move(memberships);
    }
    if (wants.partners) {
      TRY(partners, reader.partners(user));
      arrival.found.partners = std::move(partners);
    }
    if (wants.whether_met) {
      TRY(met, has_met(reader, user));
      arrival.found.met = met;
    }
    if (from || since != arrival.head) {
      TRY(first, step_after(reader, user, since, from));
      arrival.first = std::move(first);
    }
    return arrival;
  };
  co_return co_await engine_.store().read(std::move(ask));
}

// What has happened since the snapshot is as if it had come live to somebody who stood there.
bool Stream::take_place(Arrival arrival, const hub::Tail::Mark& asked_at) {
  // Those that were blocked meanwhile are among them already.
  for (store::Block& one : arrival.blocked) blocked_.push_back(std::move(one.blocked));
  std::ranges::sort(blocked_);
  auto repeats = std::ranges::unique(blocked_);
  blocked_.erase(repeats.begin(), repeats.end());
  std::set<ConversationId> follows(arrival.follows.begin(), arrival.follows.end());
  catching_up_->waiting.clear();
  catching_up_->overflowed = false;
  auto hear = [&](const hub::Tail::Delivered& one) {
    if (arrival.head.has_seen(one.position())) return;
    if (one.pointer) {
      const bool concerns = hub::Hub::is_for_all(*one.pointer)
                                ? follows.contains(one.pointer->conversation)
                                : one.pointer->user == user();
      if (concerns) wait_in_line({nullptr, *one.pointer});
      return;
    }
    const Event& event = *one.event;
    if (std::ranges::find(event.joined, user()) != event.joined.end())
      follows.insert(event.conversation);
    if (follows.contains(event.conversation)) wait_in_line({one.event, std::nullopt});
    if (event.kind == EventKind::conversation_deleted ||
        std::ranges::find(event.left, user()) != event.left.end())
      follows.erase(event.conversation);
  };
  if (!engine_.hub().tail().each_since(asked_at, hear)) return false;
  engine_.hub().follow(*this, {follows.begin(), follows.end()});
  catching_up_->first = std::move(arrival.first);
  return true;
}

Task<Result<void>> Stream::catch_up() {
  if (state_ == State::closed) co_return connection_closed();
  std::optional<Step> step = std::exchange(catching_up_->first, std::nullopt);
  bool say_synced = catching_up_->resumed_from.has_value();
  // Who resumes gets the past first.
  hears_signals_ = !say_synced;
  for (bool more = false; step || more || catching_up_->overflowed;) {
    if (!step) {
      catching_up_->overflowed = false;
      auto next = co_await read_step(say_synced);
      if (state_ == State::closed) co_return connection_closed();
      if (!next && next.error().code == Code::unavailable) {
        const bool again = co_await sink_.store_is_away();
        if (state_ == State::closed) co_return connection_closed();
        more = true;
        if (again) continue;
      }
      if (!next) {
        close();
        co_return std::move(next).error();
      }
      step = std::move(*next);
    }
    if (const bool there = co_await hand_over(step->page); !there) close();
    if (state_ == State::closed) co_return connection_closed();
    more = step->page.more;
    // The counts are those of the page's own snapshot: what still waits in line is newer, and counted by the client.
    if (!more && std::exchange(say_synced, false)) {
      for (const store::Record& one : step->notifications) hand_over(one);
      catching_up_->notified_upto = seen_;
      sink_.synced(seen_, step->unread);
    }
    step.reset();
  }
  go_live();
  co_return Result<void>{};
}

Task<Result<Stream::Step>> Stream::read_step(bool counts_wanted) {
  auto ask = [user = user(), since = seen_,
              from = counts_wanted ? catching_up_->resumed_from : std::nullopt](
                 store::Reader& reader) { return step_after(reader, user, since, from); };
  co_return co_await engine_.store().read(std::move(ask));
}

Result<Stream::Step> Stream::step_after(store::Reader& reader, const UserId& user,
                                        const Cursor& since,
                                        const std::optional<Cursor>& counted_from) {
  // What has news since the beginning of the resume has the news since this page, too.
  TRY(memberships,
      reader.memberships_with_news(
          user, counted_from.value_or(since),
          counted_from ? store::Reader::Unread::too : store::Reader::Unread::not_asked_for));
  TRY(page, store::read_since(reader, user, memberships, since, page_size));
  Step step{std::move(page), {}, {}};
  if (step.page.more || !counted_from) return step;
  step.unread = unread_since(memberships, *counted_from);
  TRY(notifications, notifications_after(reader, user, *counted_from));
  step.notifications = std::move(notifications);
  return step;
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
  if (state_ == State::closed || state_ == State::arriving) return;
  if (!hub_caught_up_ && seen_.has_seen(delivery.event.position)) return;
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
  if (state_ == State::closed || state_ == State::arriving) return;
  if (!hub_caught_up_ && seen_.has_seen(pointer.position)) return;
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
    if (catching_up_ && catching_up_->notifications.size() < waiting_max)
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
