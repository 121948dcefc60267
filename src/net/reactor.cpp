#include "net/reactor.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <array>

#include "base/assert.h"
#include "base/metrics.h"
#include "net/connection.h"
#include "net/writer.h"
#include "net/ws_codec.h"

namespace parley::net {
namespace {

constexpr int events_max = 512;
// Some are a millisecond's work.
constexpr int events_behind_max = 8;
// Where more than these are lost in one turn, the rest is seen to behind the others.
constexpr int lost_max = 16;
// No slot has this number.
constexpr Place place_behind{UINT32_MAX, UINT32_MAX};
// What flushing queues anew (a connection that closed may be news for others) is written in the same turn; what goes
// on longer than this waits for the next one.
constexpr int flush_rounds_max = 8;

epoll_event event_of(Place place, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = static_cast<std::uint64_t>(place.generation) << 32 | place.slot;
  return event;
}

Place place_of(const epoll_event& event) {
  return {static_cast<std::uint32_t>(event.data.u64),
          static_cast<std::uint32_t>(event.data.u64 >> 32)};
}

}  // namespace

Reactor::Reactor(Loop& loop)
    : loop_(loop),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      behind_(::epoll_create1(EPOLL_CLOEXEC)),
      now_(std::chrono::steady_clock::now()),
      read_buffer_(std::make_unique<char[]>(read_buffer_bytes + slack_bytes)),
      writer_(std::make_unique<Writer>()) {
  PARLEY_ASSERT(epoll_ >= 0 && behind_ >= 0);
  epoll_event event = event_of(place_behind, EPOLLIN);
  const int added = ::epoll_ctl(epoll_, EPOLL_CTL_ADD, behind_, &event);
  PARLEY_ASSERT(added == 0);
}

Reactor::~Reactor() {
  ::close(behind_);
  ::close(epoll_);
}

bool Reactor::add_to(int set, Ref<Watched> watched, Place& place, Slots::Standing standing,
                     std::uint32_t events) {
  place = slots_.take();
  slots_.put(place, std::move(watched));
  slots_.standing(place) = standing;
  epoll_event event = event_of(place, events);
  if (::epoll_ctl(set, EPOLL_CTL_ADD, standing.descriptor, &event) == 0) return true;
  remove(place);
  return false;
}

bool Reactor::add(Ref<Watched> watched, Place& place, int descriptor, std::uint32_t events) {
  return add_to(epoll_, std::move(watched), place, {descriptor, false}, events);
}

bool Reactor::add_behind(Ref<Watched> watched, Place& place, int descriptor, std::uint32_t events) {
  return add_to(behind_, std::move(watched), place, {descriptor, true}, events);
}

void Reactor::settle(Place place, std::uint32_t events) {
  if (slots_.standing(place).behind) move(place, false, events);
}

void Reactor::fall_behind(Place place, std::uint32_t events) {
  if (!slots_.standing(place).behind) move(place, true, events);
}

// Where the kernel has no memory for it, it stays.
void Reactor::move(Place place, bool behind, std::uint32_t events) {
  Slots::Standing& standing = slots_.standing(place);
  epoll_event event = event_of(place, events);
  if (::epoll_ctl(behind ? behind_ : epoll_, EPOLL_CTL_ADD, standing.descriptor, &event) != 0)
    return;
  const int left =
      ::epoll_ctl(behind ? epoll_ : behind_, EPOLL_CTL_DEL, standing.descriptor, nullptr);
  PARLEY_ASSERT(left == 0);
  standing.behind = behind;
}

void Reactor::watch(Place place, std::uint32_t events) {
  const Slots::Standing standing = slots_.standing(place);
  epoll_event event = event_of(place, events);
  const int changed =
      ::epoll_ctl(standing.behind ? behind_ : epoll_, EPOLL_CTL_MOD, standing.descriptor, &event);
  PARLEY_ASSERT(changed == 0);
}

void Reactor::replace(Place place, Ref<Watched> by) {
  PARLEY_ASSERT(slots_.find(place) != nullptr);
  graveyard_.emplace_back(slots_.find(place));
  slots_.put(place, std::move(by));
}

void Reactor::remove(Place place) {
  if (Ref<Watched> gone = slots_.release(place)) graveyard_.push_back(std::move(gone));
}

void Reactor::each(const std::function<void(Watched&)>& visit) {
  const std::uint32_t count = slots_.size();
  for (std::uint32_t slot = 0; slot < count; ++slot)
    if (const Ref<Watched> watched(slots_.at(slot)); watched) visit(*watched);
}

void Reactor::turn() {
  std::array<epoll_event, events_max> events;
  const int count = ::epoll_wait(epoll_, events.data(), events_max, 0);
  bool some_behind = false;
  int lost = 0;
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    const Place place = place_of(event);
    some_behind |= place == place_behind;
    Watched* watched = slots_.find(place);
    if (watched == nullptr) continue;
    if ((event.events & (EPOLLHUP | EPOLLERR)) != 0 && ++lost > lost_max)
      move(place, true, EPOLLIN | EPOLLRDHUP);
    else
      watched->ready(event.events);
  }
  if (some_behind) turn_behind();
}

void Reactor::turn_behind() {
  std::array<epoll_event, events_behind_max> events;
  const int count = ::epoll_wait(behind_, events.data(), events_behind_max, 0);
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    if (Watched* watched = slots_.find(place_of(event))) watched->ready(event.events);
  }
}

void Reactor::wake_due() {
  again_now_.swap(again_);
  for (const Place place : again_now_)
    if (Watched* watched = slots_.find(place)) watched->ready(0);
  again_now_.clear();
  while (const auto place = slots_.due(now_))
    if (Watched* watched = slots_.find(*place)) watched->time_is_up();
}

void Reactor::finish_turn() {
  for (int round = 0; !dirty_.empty() && round < flush_rounds_max; ++round) {
    flushing_.swap(dirty_);
    writer_->flush(flushing_);
    flushing_.clear();
  }
  // Those in the graveyard may have been queued for writing; only then may they go.
  if (dirty_.empty()) {
    std::vector<Ref<Watched>> buried;
    buried.swap(graveyard_);
  }
  report();
}

std::optional<Instant> Reactor::next_wake() const {
  if (!again_.empty() || !dirty_.empty() || !graveyard_.empty()) return now_;
  return slots_.next_wake();
}

// Counted once a turn: a figure shared by all loops is dear to touch.
void Reactor::report() {
  static auto& received =
      metrics::counter("parley_net_received_bytes_total", "Bytes read from clients, after TLS");
  static auto& sent =
      metrics::counter("parley_net_sent_bytes_total", "Bytes written to clients, before TLS");
  if (received_ > 0) received.Increment(static_cast<double>(received_));
  if (sent_ > 0) sent.Increment(static_cast<double>(sent_));
  received_ = sent_ = 0;
}

}  // namespace parley::net
