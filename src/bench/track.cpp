#include "bench/track.h"

namespace parley::bench {

void Track::add(Instant when, Histogram::Duration latency) {
  if (all_.count() == 0) began_ = slot_began_ = when;
  if (when - slot_began_ >= slot) {
    if (now_.count() > 0) points_.push_back(point());
    now_.clear();
    slot_began_ += (when - slot_began_) / slot * slot;
  }
  all_.add(latency);
  now_.add(latency);
}

std::vector<Track::Point> Track::points() const {
  std::vector<Point> points = points_;
  if (now_.count() > 0) points.push_back(point());
  return points;
}

Track::Point Track::point() const {
  return {std::chrono::duration<double>(slot_began_ - began_).count(), as_ms(now_.percentile(0.5)),
          as_ms(now_.percentile(0.99)), as_ms(now_.max())};
}

}  // namespace parley::bench
