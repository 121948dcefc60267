#include "net/slots.h"

#include <algorithm>
#include <functional>

namespace parley::net {

Place Slots::take() {
  if (free_.empty()) {
    slots_.emplace_back();
    return {size() - 1, 0};
  }
  const std::uint32_t slot = free_.back();
  free_.pop_back();
  return {slot, slots_[slot].generation};
}

Ref<Watched> Slots::release(Place place) {
  if (find(place) == nullptr) return {};
  Slot& slot = slots_[place.slot];
  Ref<Watched> left = std::move(slot.watched);
  slot = {.watched = {}, .generation = place.generation + 1, .standing = {}};
  free_.push_back(place.slot);
  return left;
}

Watched* Slots::find(Place place) const {
  if (place.slot >= slots_.size() || slots_[place.slot].generation != place.generation)
    return nullptr;
  return slots_[place.slot].watched.get();
}

void Slots::wake_at(Place place, Instant when) {
  Slot& slot = slots_[place.slot];
  slot.wake = when;
  if (when < slot.queued) queue(slot, place);
}

void Slots::never_wake(Place place) { slots_[place.slot].wake = Instant::max(); }

void Slots::queue(Slot& slot, Place place) {
  slot.queued = slot.wake;
  heap_.push_back({slot.wake, place});
  std::ranges::push_heap(heap_, std::greater<>{});
}

std::optional<Place> Slots::due(Instant now) {
  while (!heap_.empty() && heap_.front().when <= now) {
    const Wake entry = heap_.front();
    std::ranges::pop_heap(heap_, std::greater<>{});
    heap_.pop_back();
    Slot& slot = slots_[entry.place.slot];
    if (slot.generation != entry.place.generation || slot.queued != entry.when) continue;
    slot.queued = Instant::max();
    if (slot.wake > now) {
      if (slot.wake != Instant::max()) queue(slot, entry.place);
      continue;
    }
    slot.wake = Instant::max();
    return entry.place;
  }
  return std::nullopt;
}

std::optional<Instant> Slots::next_wake() const {
  if (heap_.empty()) return std::nullopt;
  return heap_.front().when;
}

}  // namespace parley::net
