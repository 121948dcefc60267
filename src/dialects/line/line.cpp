#include "dialects/line/line.h"

namespace parley::line {

void Line::add(Command command, bool overlaps) {
  if (closed_) return;
  auto entry = make_ref<Entry>(*this);
  entry->command = std::move(command);
  entry->overlaps = overlaps;
  entries_.push_back(std::move(entry));
  pump();
}

void Line::close() {
  closed_ = true;
  std::erase_if(entries_, [](const Ref<Entry>& entry) { return !entry->begun; });
}

// Commands that end at once would call it from within itself: then it goes round once more instead.
void Line::pump() {
  again_ = true;
  if (pumping_) return;
  Ref<Line> alive(this);
  pumping_ = true;
  while (std::exchange(again_, false)) {
    while (!entries_.empty() && entries_.front()->ended) {
      std::string answer = std::move(entries_.front()->answer);
      entries_.pop_front();
      if (!closed_ && !answer.empty()) say_(std::move(answer));
    }
    begin_what_may();
  }
  pumping_ = false;
}

void Line::begin_what_may() {
  for (auto at = entries_.begin(); at != entries_.end(); ++at) {
    const Entry& entry = **at;
    if (!entry.begun) {
      if (closed_ || (!entry.overlaps && at != entries_.begin())) return;
      begin(Ref<Entry>(*at));
      return;  // it may have changed the list: pump() looks again
    }
    const bool lets_by = entry.overlaps && (entry.ended || entry.turn.passed());
    if (!lets_by) return;
  }
}

void Line::begin(const Ref<Entry>& entry) {
  entry->begun = true;
  again_ = true;
  auto done = [line = Ref<Line>(this), entry, pass = gate_.enter()](std::string answer) {
    entry->ended = true;
    entry->answer = std::move(answer);
    line->pump();
  };
  spawn(entry->command(entry->turn), std::move(done));
}

}  // namespace parley::line
