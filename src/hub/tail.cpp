#include "hub/tail.h"

namespace parley::hub {
namespace {

std::size_t bytes_of(const Tail::Delivered& one) {
  constexpr std::size_t usual = 512;
  if (!one.event || !one.event->message) return usual;
  const Message& message = *one.event->message;
  return usual + message.text.size() + message.attachments.size() + message.metadata.size();
}

}  // namespace

void Tail::keep(Delivered one) {
  bytes_ += bytes_of(one);
  kept_.push_back(std::move(one));
  while (kept_.size() > bounds_.deliveries || bytes_ > bounds_.bytes) drop_first();
}

void Tail::drop_first() {
  bytes_ -= bytes_of(kept_.front());
  kept_.pop_front();
  ++first_;
}

void Tail::leave() {
  if (--marks_ > 0) return;
  first_ += kept_.size();
  kept_ = {};
  bytes_ = 0;
}

}  // namespace parley::hub
