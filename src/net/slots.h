// Who is watched, by slot; and when each wants to be woken.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/time.h"
#include "net/watched.h"

namespace parley::net {

// A slot and how often it has been given out: what is gone is not mistaken for what came after it.
struct Place {
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;
  friend bool operator==(const Place&, const Place&) = default;
};

class Slots {
 public:
  [[nodiscard]] Place take();
  void put(Place place, Ref<Watched> watched) { slots_[place.slot].watched = std::move(watched); }
  // Which descriptor it stands for, and whether it waits behind the others.
  struct Standing {
    int descriptor = -1;
    bool behind = false;
  };
  [[nodiscard]] Standing& standing(Place place) { return slots_[place.slot].standing; }
  // Returns what stood there.
  [[nodiscard]] Ref<Watched> release(Place place);
  [[nodiscard]] Watched* find(Place place) const;
  [[nodiscard]] Watched* at(std::uint32_t slot) const { return slots_[slot].watched.get(); }
  [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(slots_.size()); }

  // One time each; a later one replaces it. Putting it off costs nothing: the entry in the heap stays where it is, and
  // when it comes up the slot is asked again.
  void wake_at(Place place, Instant when);
  void never_wake(Place place);
  // Whose time has come, one by one.
  [[nodiscard]] std::optional<Place> due(Instant now);
  [[nodiscard]] std::optional<Instant> next_wake() const;

 private:
  struct Slot {
    Ref<Watched> watched;
    Instant wake = Instant::max();
    Instant queued = Instant::max();  // its entry in the heap that counts
    std::uint32_t generation = 0;
    Standing standing;
  };
  struct Wake {
    Instant when;
    Place place;
    friend bool operator>(const Wake& a, const Wake& b) { return a.when > b.when; }
  };
  void queue(Slot& slot, Place place);

  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_;
  std::vector<Wake> heap_;  // earliest first
};

}  // namespace parley::net
