// What happens when a device comes, and when the last one goes.
#include "dialects/dinq/keys.h"
#include "dialects/dinq/notifications.h"
#include "dialects/dinq/seen.h"
#include "dialects/dinq/session.h"
#include "dialects/dinq/wire.h"

namespace parley::dinq {
namespace {

constexpr engine::MissedWindow worth_showing{.most = 1'000, .age = std::chrono::hours{7 * 24}};

}  // namespace

Task<std::string> Session::arrive() {
  stream_.emplace(door_.engine, *this, caller());
  auto now = co_await stream_->open(std::nullopt);
  if (!now) {
    close(1013, "the store can't be read now");
    co_return std::string{};
  }
  if (first_) announce(true);
  if (door_.shared.keys) co_await show_left_behind();
  if (first_) {
    auto shown = co_await show_missed(*now);
    if (!shown) close(1013, "the store can't be read now");
  }
  if (door_.shared.keys) co_await door_.shared.keys->written();
  co_await show_newest_notification();
  auto live = co_await stream_->catch_up();
  if (!live && socket_ != nullptr) close(1013, "the store can't be read now");
  arrived_ = live.has_value();
  co_return std::string{};
}

// What the original kept for this person before we took its place. It goes once it has been said.
Task<void> Session::show_left_behind() {
  const auto left = co_await door_.shared.keys->left_for(user_);
  if (left.empty() || socket_ == nullptr) co_return;
  for (const std::string& one : left) {
    auto message = parse_json_object(one);
    if (!message) continue;
    // A message, or the frame of one.
    const std::string inside = message->raw("data");
    say(frame("offline_message",
              [&](JsonWriter& json) { json.raw(inside.empty() ? one : inside); }));
  }
  door_.shared.keys->shown(user_, left.size());
}

// What others wrote while no device of this person was there: the newest of it, oldest first.
Task<Result<void>> Session::show_missed(const Cursor& now) {
  CO_TRY(record,
         co_await door_.engine.record(std::string(seen_space), user_.text, std::string(seen_key)));
  Cursor since = cursor_in(record).value_or(door_.engine.store().beginning());
  auto missed = co_await door_.engine.missed(caller(), std::move(since), now, worth_showing);
  // A place in another store, or in one that was wiped: there is nothing to be missed before now.
  if (!missed && missed.error().code == Code::cursor_too_old) missed.emplace();
  if (!missed) co_return std::move(missed).error();
  for (const EventRef& event : *missed) {
    bool there = co_await ready();
    if (!there) co_return Result<void>{};
    say(frame("offline_message", [&](JsonWriter& json) { write(json, *event->message); }));
  }
  CO_TRY_DO(co_await door_.engine.put_records(caller(), seen_record(user_, now)));
  if (door_.shared.log_keys) door_.shared.log_keys.pass(nothing_waits_for(user_));
  co_return Result<void>{};
}

Task<void> Session::show_newest_notification() {
  auto newest = co_await newest_unread(door_, user_);
  if (newest && *newest)
    say(frame("notification", [&](JsonWriter& json) { json.raw((*newest)->body); }));
}

void Session::announce(bool online) {
  if (partners_.empty() || !door_.shared.settings->on("enable_online_status")) return;
  Signal signal;
  signal.kind = Signal::Kind::presence;
  signal.user = user_;
  signal.to.assign(partners_.begin(), partners_.end());
  signal.on = online;
  door_.engine.tell(signal);
}

void Session::leave() {
  if (!std::exchange(counted_, false)) return;
  if (!looking_at_.empty()) door_.shared.presence->looks_away(user_, looking_at_);
  const bool last = door_.shared.presence->went(user_) == 0;
  if (!last || !stream_) return;
  announce(false);
  if (!arrived_) return;
  // From here on it is missed. Those who come back at once may see the last seconds twice, never miss them.
  auto kept = [self = Ref<Session>(this), pass = door_.commands.enter()](const auto& /*done*/) {};
  spawn(door_.engine.put_records(caller(), seen_record(user_, stream_->seen())), std::move(kept));
}

}  // namespace parley::dinq
