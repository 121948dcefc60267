#include "dialects/native/deliveries.h"

#include <algorithm>

namespace parley::native {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds gather{50};
constexpr milliseconds between{1'000};
constexpr milliseconds for_each_member{10};  // of a large conversation
constexpr milliseconds gather_max{std::chrono::minutes{10}};
constexpr std::size_t authors_max = 100;  // who are told of one delivery

}  // namespace

Deliveries::Deliveries(Executor& executor, const Clock& clock, Random& random, Tell tell)
    : executor_(executor), clock_(clock), random_(random), tell_(std::move(tell)) {}

Deliveries::~Deliveries() { executor_.cancel(timer_); }

void Deliveries::took(const Event& event) {
  auto at = std::ranges::find(taken_, event.conversation, &Taken::where);
  if (at == taken_.end()) at = taken_.insert(at, {.where = event.conversation});
  const bool waits = at->upto.value != 0;
  at->upto = std::max(at->upto, event.seq);
  const bool large = event.members_count > pointers_shown_up_to_members;
  if (large && at->authors.size() < authors_max &&
      std::ranges::find(at->authors, event.actor) == at->authors.end())
    at->authors.push_back(event.actor);
  if (waits) return;
  at->due = due(*at, event.members_count);
  wake_at(at->due);
}

// All members of a large one take a message at the same moment: each tells it at some time of its own.
Instant Deliveries::due(const Taken& one, std::uint32_t members) const {
  const Instant now = clock_.instant();
  if (members <= pointers_shown_up_to_members)
    return std::max(now + gather, one.told == Instant{} ? now : one.told + between);
  const milliseconds whole = std::min(members * for_each_member, gather_max);
  const auto half = static_cast<std::uint64_t>(whole.count() / 2);
  return now +
         std::max(milliseconds{static_cast<std::int64_t>(half + random_.next() % half)}, between);
}

void Deliveries::wake_at(Instant when) {
  if (when >= wakes_at_) return;
  executor_.cancel(timer_);
  wakes_at_ = when;
  const auto rest = std::chrono::ceil<milliseconds>(when - clock_.instant());
  timer_ = executor_.after(std::max(rest, milliseconds{0}), [this] { tell_due(); });
}

void Deliveries::tell_due() {
  timer_ = 0;
  wakes_at_ = Instant::max();
  const Instant now = clock_.instant();
  std::erase_if(taken_,
                [&](const Taken& one) { return one.upto.value == 0 && one.told + between <= now; });
  for (Taken& one : taken_) {
    if (one.upto.value != 0 && one.due <= now) {
      tell(one);
      one.told = now;
    }
    wake_at(one.upto.value != 0 ? one.due : one.told + between);
  }
}

void Deliveries::tell_all() {
  for (Taken& one : taken_)
    if (one.upto.value != 0) tell(one);
}

void Deliveries::tell(Taken& one) {
  tell_(one.where, std::exchange(one.upto, {}), std::exchange(one.authors, {}));
}

}  // namespace parley::native
