// The last deliveries of a hub, for who listens already and is not ready to hear: kept while anybody is so, within bounds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <utility>

#include "model/event.h"

namespace parley::hub {

// Lives on: its hub's loop.
class Tail {
 public:
  struct Bounds {
    std::size_t deliveries = 65'536;
    std::size_t bytes = 32U << 20U;  // about
  };
  // An event, or else a pointer.
  struct Delivered {
    EventRef event;
    std::shared_ptr<const Pointer> pointer;
    [[nodiscard]] const Position& position() const {
      return event ? event->position : pointer->position;
    }
  };
  // From where somebody will want to hear.
  class Mark {
   public:
    Mark() = default;
    Mark(Mark&& other) noexcept : tail_(std::exchange(other.tail_, nullptr)), at_(other.at_) {}
    Mark& operator=(Mark&& other) noexcept {
      std::swap(tail_, other.tail_);
      std::swap(at_, other.at_);
      return *this;
    }
    ~Mark() {
      if (tail_ != nullptr) tail_->leave();
    }

   private:
    friend class Tail;
    Mark(Tail& tail, std::uint64_t at) : tail_(&tail), at_(at) {}
    Tail* tail_ = nullptr;
    std::uint64_t at_ = 0;
  };

  Tail() = default;
  explicit Tail(Bounds bounds) : bounds_(bounds) {}

  [[nodiscard]] Mark mark() {
    ++marks_;
    return {*this, first_ + kept_.size()};
  }
  void add(const EventRef& event) {
    if (marks_ > 0) keep({event, nullptr});
  }
  void add(const Pointer& pointer) {
    if (marks_ > 0) keep({nullptr, std::make_shared<const Pointer>(pointer)});
  }
  // Each since then, in order. False, and none: more has come than is kept.
  [[nodiscard]] bool each_since(const Mark& mark, auto&& fn) const {
    if (mark.at_ < first_) return false;
    for (std::uint64_t at = mark.at_; at < first_ + kept_.size(); ++at) fn(kept_[at - first_]);
    return true;
  }
  [[nodiscard]] std::size_t size() const { return kept_.size(); }

 private:
  void keep(Delivered one);
  void drop_first();
  void leave();

  Bounds bounds_;
  std::deque<Delivered> kept_;
  std::uint64_t first_ = 0;  // number of the first that is kept
  std::size_t bytes_ = 0;
  std::size_t marks_ = 0;
};

}  // namespace parley::hub
