#include "pending/pending.h"

#include <algorithm>

#include "base/assert.h"
#include "base/log.h"
#include "base/metrics.h"

namespace parley::pending {
namespace {

constexpr std::chrono::milliseconds first_pause{100};
constexpr std::chrono::milliseconds longest_pause{5'000};
// A store that has committed nothing for so long, while something waits for it, is taken to be away.
constexpr std::chrono::milliseconds silent_for{250};
// However much it lives.
constexpr std::chrono::milliseconds waits_at_most{1'000};
// How long the store may think about who has blocked whom.
constexpr std::chrono::milliseconds asked_for{500};
constexpr std::size_t pairs_remembered = 100'000;

metrics::Counter& gave_up() {
  static auto& figure =
      metrics::counter("rtchat_persist_gave_up_total",
                       "Messages whose quick tries at saving all failed; they are "
                       "tried on now and then");
  return figure;
}
metrics::Counter& refused_late() {
  static auto& figure =
      metrics::counter("rtchat_persist_refused_total",
                       "Messages that were shown while the store was away, and refused by it then");
  return figure;
}
metrics::Gauge& waiting_now() {
  static auto& figure =
      metrics::gauge("rtchat_pending_messages", "Messages that were accepted and not saved yet");
  return figure;
}

Error going_away() {
  return {Code::unavailable, "the server is going away", std::chrono::seconds{1}};
}

bool passes(const Error& error) {
  return error.code == Code::unavailable || error.code == Code::internal;
}

}  // namespace

Pending::Pending(Executor& executor, engine::Engine& engine, Random& random, engine::Policy policy,
                 Rules rules)
    : executor_(executor),
      engine_(engine),
      random_(random),
      policy_(policy),
      rules_(std::move(rules)),
      journal_(rules_.journal) {
  gave_up().Increment(0);
  refused_late().Increment(0);
  waiting_now().Set(0);
}

// They were shown by the process before.
void Pending::start() {
  auto left = journal_.open();
  if (!left)
    return log::warn("nothing is taken while the store is away", {{"why", left.error().detail}});
  if (!left->empty())
    log::info("messages of before wait for the store", {{"how_many", left->size()}});
  for (Post& post : *left) {
    auto entry = std::make_shared<Entry>();
    entry->post = std::make_shared<const Post>(std::move(post));
    entry->stage = Stage::shown;
    put(std::move(entry));
  }
  executor_.post([this] {
    std::vector<ConversationId> all;
    for (const auto& [where, set] : sets_) all.push_back(where);
    for (const ConversationId& where : all) work(where);
  });
}

Task<Result<Accepted>> Pending::accept(Post post) {
  auto start = [&](auto done) {
    executor_.post([this, post = std::move(post), done = std::move(done)]() mutable {
      take(std::move(post), std::move(done));
    });
  };
  co_return co_await called_back<Result<Accepted>>(std::move(start));
}

void Pending::take(Post post, Answer answer) {
  if (stopping_) return answer(fail(going_away()));
  if (joins(post, answer)) return;
  if (bytes_ + post.bytes() > rules_.bytes_max)
    return answer(fail(
        {Code::unavailable, "too much waits for the store; try again", std::chrono::seconds{1}}));
  const auto id = MessageId::parse(engine_.fresh_key());
  PARLEY_ASSERT(id.has_value());
  post.id = *id;
  post.at = engine_.clock().now();
  auto entry = std::make_shared<Entry>();
  entry->post = std::make_shared<const Post>(std::move(post));
  entry->answers.push_back(std::move(answer));
  entry->since = engine_.clock().instant();
  if (policy_.shown_unsaved_after)
    entry->timer = executor_.after(*policy_.shown_unsaved_after, [this, entry] { look_at(entry); });
  const ConversationId where = entry->post->fresh;
  put(std::move(entry));
  work(where);
}

// The same key while the first one waits.
bool Pending::joins(const Post& post, Answer& answer) {
  if (post.once.empty()) return false;
  auto at = by_key_.find({post.sender, post.once});
  if (at == by_key_.end()) return false;
  const Post& first = *at->second->post;
  if (first.people != post.people || first.text != post.text)
    answer(fail(Code::unprocessable, "this key was used before for something else"));
  else if (at->second->stage == Stage::shown)
    answer(Accepted{first.id, first.at});
  else
    at->second->answers.push_back(std::move(answer));
  return true;
}

void Pending::put(EntryRef entry) {
  const Post& post = *entry->post;
  bytes_ += post.bytes();
  ++waiting_;
  waiting_now().Set(static_cast<double>(waiting_));
  if (!post.once.empty()) by_key_[{post.sender, post.once}] = entry;
  sets_[post.fresh].entries.push_back(std::move(entry));
}

// ---- on the way to who is there

// A store that lives has it in a moment, and then it is shown in its place among what other doors commit. One that is
// silent is away.
void Pending::look_at(const EntryRef& entry) {
  const Instant now = engine_.clock().instant();
  const Instant silent_at = std::max(lived_at_, entry->since) + silent_for;
  if (now >= silent_at) store_away_ = true;
  const Instant look_again = std::min(silent_at, entry->since + waits_at_most);
  if (!store_away_ && now < look_again) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(look_again - now);
    entry->timer = executor_.after(left, [this, entry] { look_at(entry); });
    return;
  }
  entry->timer = 0;
  entry->due = true;
  show_due(entry->post->fresh);
}

// One after the other, so that everybody sees them in the order in which they will be saved.
void Pending::show_due(const ConversationId& where) {
  auto set = sets_.find(where);
  if (set == sets_.end()) return;
  for (const EntryRef& one : set->second.entries) {
    if (one->stage == Stage::shown || one->stage == Stage::barred) continue;
    if (one->stage != Stage::quiet || !one->due) return;
    const auto blocked = is_blocked(*one->post);
    if (!blocked && !store_away_) return ask_first(EntryRef(one));
    if (!blocked.value_or(false)) return keep(EntryRef(one));
    one->stage = Stage::barred;
  }
}

// Who is blocked is told so. A store that can't say it does not hold up the message: those who are there know whom they
// have blocked, and in the end the store refuses it.
void Pending::ask_first(const EntryRef& entry) {
  entry->stage = Stage::asking;
  entry->timer = executor_.after(asked_for, [this, entry] {
    entry->timer = 0;
    if (entry->stage == Stage::asking && !entry->settled) keep(entry);
  });
  auto told = [this, entry, pass = saving_.enter()](const Result<std::vector<UserId>>& open) {
    asked(entry, open);
  };
  spawn(engine_.not_blocking(caller_of(*entry->post), {*other_of(*entry->post)}), std::move(told));
}

void Pending::asked(const EntryRef& entry, const Result<std::vector<UserId>>& open) {
  if (open)
    remember(*other_of(*entry->post), entry->post->sender, open->empty());
  else
    store_away_ = true;
  if (entry->stage != Stage::asking || entry->settled) return;
  if (entry->timer != 0) executor_.cancel(std::exchange(entry->timer, 0));
  entry->stage = Stage::quiet;
  show_due(entry->post->fresh);
}

void Pending::keep(const EntryRef& entry) {
  entry->stage = Stage::keeping;
  journal_.add(*entry->post, [this, entry](bool is_kept) {
    executor_.post([this, entry, is_kept] { kept(entry, is_kept); });
  });
}

void Pending::kept(const EntryRef& entry, bool is_kept) {
  if (!is_kept) {
    // Not shown: it may be saved yet, and is shown then like any other.
    entry->stage = Stage::barred;
    journal_.remove(entry->post->id);
    answer(entry, fail({Code::unavailable, "the store is away, and nothing can be kept meanwhile",
                        std::chrono::seconds{5}}));
  } else if (entry->settled) {
    journal_.remove(entry->post->id);
  } else {
    entry->stage = Stage::shown;
    show(entry);
    answer(entry, Accepted{entry->post->id, entry->post->at});
  }
  show_due(entry->post->fresh);
}

void Pending::show(const EntryRef& entry) {
  for (const Watcher& one : watchers_)
    one.executor->post([show = &one.show, post = entry->post] { (*show)(post); });
}

// ---- on the way to the store

void Pending::work(const ConversationId& where) {
  auto at = sets_.find(where);
  if (stopping_ || at == sets_.end() || at->second.at_work || at->second.pause != 0) return;
  Set& set = at->second;
  set.at_work = true;
  EntryRef entry = set.entries.front();
  const int tries = ++entry->tries;
  auto done = [this, entry, pass = saving_.enter()](const Result<engine::Sent>& sent) {
    saved(entry, sent);
  };
  spawn(save(entry->post, entry->stage == Stage::shown ? tries + 1 : tries), std::move(done));
}

// What was tried before may be there already, though nobody heard of it.
Task<Result<engine::Sent>> Pending::save(std::shared_ptr<const Post> post, int tries) {
  if (tries > 1) {
    auto ask = [id = post->id](store::Reader& reader) { return reader.message(id); };
    CO_TRY(there, co_await engine_.store().read(std::move(ask)));
    if (there) co_return engine::Sent{std::make_shared<Message>(std::move(*there)), false};
  }
  engine::SendMessage command;
  command.text = post->text;
  command.once = post->once;
  command.stamp = engine::Stamp{post->id, post->at};
  engine::Turn turn;
  co_return co_await engine_.send_to_exactly(caller_of(*post), post->people, post->fresh,
                                             std::move(command), turn);
}

void Pending::saved(const EntryRef& entry, const Result<engine::Sent>& done) {
  sets_.at(entry->post->fresh).at_work = false;
  const auto other = other_of(*entry->post);
  if (done) {
    if (other) remember(*other, entry->post->sender, false);
    answer(entry, Accepted{done->message->id, done->message->created_at});
    settle(entry);
    return store_lives();
  }
  if (done.error().code == Code::blocked && other) remember(*other, entry->post->sender, true);
  // Who waits for an answer may come back with it; what was shown is tried until it is there.
  const bool barred = entry->stage == Stage::barred;
  store_away_ = store_away_ || passes(done.error());
  if (passes(done.error()) && !barred) return try_again(entry);
  if (barred && passes(done.error()) && is_blocked(*entry->post).value_or(false))
    answer(entry, fail(Code::blocked, "this person has blocked you"));
  else
    answer(entry, std::unexpected(done.error()));
  if (entry->stage == Stage::shown) {
    refused_late().Increment();
    log::warn("a message was shown, and is refused by now", {{"code", name_of(done.error().code)}});
  }
  settle(entry);
}

void Pending::try_again(const EntryRef& entry) {
  if (entry->tries == rules_.quick_tries) {
    gave_up().Increment();
    log::warn("a message could not be saved yet; it stays in the journal",
              {{"tries", entry->tries}});
  }
  if (stopping_) return answer(entry, fail(going_away()));
  sets_.at(entry->post->fresh).pause =
      executor_.after(pause_after(entry->tries), [this, where = entry->post->fresh] {
        sets_.at(where).pause = 0;
        work(where);
      });
}

// ±20 %, so that many don't come back in step.
std::chrono::milliseconds Pending::pause_after(int tries) {
  auto pause = longest_pause;
  if (tries < rules_.quick_tries) {
    pause = first_pause;
    for (int n = 1; n < tries && pause < longest_pause; ++n) pause *= 2;
    pause = std::min(pause, longest_pause);
  }
  const auto fifth = static_cast<std::uint64_t>(pause.count() / 5);
  return pause - std::chrono::milliseconds{fifth} +
         std::chrono::milliseconds{random_.next() % (2 * fifth + 1)};
}

void Pending::store_lives() {
  lived_at_ = engine_.clock().instant();
  if (std::exchange(store_away_, false)) wake_who_rests();
}

void Pending::wake_who_rests() {
  std::vector<ConversationId> rested;
  for (auto& [where, set] : sets_) {
    if (set.pause == 0) continue;
    executor_.cancel(std::exchange(set.pause, 0));
    rested.push_back(where);
  }
  for (const ConversationId& where : rested) work(where);
}

// It is the first of its set: they are saved one after the other.
void Pending::settle(const EntryRef& entry) {
  const Post& post = *entry->post;
  entry->settled = true;
  if (entry->timer != 0) executor_.cancel(std::exchange(entry->timer, 0));
  if (entry->stage == Stage::shown) {
    journal_.remove(post.id);
    for (const Watcher& one : watchers_)
      one.executor->post([saved = &one.saved, id = post.id] { (*saved)(id); });
  }
  bytes_ -= post.bytes();
  waiting_now().Set(static_cast<double>(--waiting_));
  if (!post.once.empty()) by_key_.erase({post.sender, post.once});
  const ConversationId where = post.fresh;
  Set& set = sets_.at(where);
  set.entries.pop_front();
  if (set.entries.empty()) {
    sets_.erase(where);
    return;
  }
  show_due(where);
  work(where);
}

void Pending::answer(const EntryRef& entry, const Result<Accepted>& what) {
  for (Answer& one : std::exchange(entry->answers, {})) one(what);
}

// ---- who may write to whom, as far as it is known here

std::optional<UserId> Pending::other_of(const Post& post) {
  if (post.people.size() != 2) return std::nullopt;
  return post.people.front() == post.sender ? post.people.back() : post.people.front();
}

std::optional<bool> Pending::is_blocked(const Post& post) const {
  const auto other = other_of(post);
  if (!other) return false;
  auto known = blocked_.find({*other, post.sender});
  return known == blocked_.end() ? std::nullopt : std::optional{known->second};
}

void Pending::remember(const UserId& blocker, const UserId& blocked, bool on) {
  if (blocked_.size() >= pairs_remembered) blocked_.clear();
  blocked_[{blocker, blocked}] = on;
}

void Pending::heard_of_block(const UserId& blocker, const UserId& blocked, bool on) {
  remember(blocker, blocked, on);
}

engine::Caller Pending::caller_of(const Post& post) const {
  return {post.sender, engine::Rank::user, {}, &policy_};
}

Task<void> Pending::stop() {
  stopping_ = true;
  for (auto& [where, set] : sets_) {
    if (set.pause != 0) executor_.cancel(std::exchange(set.pause, 0));
    for (const EntryRef& one : set.entries) {
      if (one->timer != 0) executor_.cancel(std::exchange(one->timer, 0));
      if (!set.at_work || one != set.entries.front()) answer(one, fail(going_away()));
    }
  }
  co_await saving_.wait_empty();
  journal_.close();
}

}  // namespace parley::pending
