// Stretches of a conversation's numbers: which of its messages somebody has read.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/names.h"

namespace parley {

// Both ends are in it.
struct SeqSpan {
  Seq from, upto;
  friend bool operator==(const SeqSpan&, const SeqSpan&) = default;
};

// In order, and none touches the next.
class SeqSpans {
 public:
  [[nodiscard]] bool empty() const { return spans_.empty(); }
  [[nodiscard]] bool contains(Seq seq) const;
  [[nodiscard]] const std::vector<SeqSpan>& all() const { return spans_; }
  // What of this is not in any of them.
  [[nodiscard]] std::vector<SeqSpan> gaps(SeqSpan within) const;
  void add(SeqSpan span);
  void pop_front() { spans_.erase(spans_.begin()); }

  // "5-9 12-12", and back; for rows.
  [[nodiscard]] std::string text() const;
  [[nodiscard]] static SeqSpans parse(std::string_view text);

  friend bool operator==(const SeqSpans&, const SeqSpans&) = default;

 private:
  std::vector<SeqSpan> spans_;
};

}  // namespace parley
