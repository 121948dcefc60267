#include "model/spans.h"

#include <algorithm>
#include <charconv>

namespace parley {

bool SeqSpans::contains(Seq seq) const {
  auto at = std::ranges::lower_bound(spans_, seq, {}, &SeqSpan::upto);
  return at != spans_.end() && at->from <= seq;
}

std::vector<SeqSpan> SeqSpans::gaps(SeqSpan within) const {
  std::vector<SeqSpan> found;
  Seq next = within.from;
  for (const SeqSpan& span : spans_) {
    if (span.upto < next) continue;
    if (span.from > within.upto) break;
    if (span.from > next) found.push_back({next, Seq{span.from.value - 1}});
    next = Seq{span.upto.value + 1};
  }
  if (next <= within.upto) found.push_back({next, within.upto});
  return found;
}

void SeqSpans::add(SeqSpan span) {
  auto touches = [&](const SeqSpan& one) {
    return one.from.value <= span.upto.value + 1 && span.from.value <= one.upto.value + 1;
  };
  auto begin = std::ranges::find_if(spans_, touches);
  auto end = begin;
  for (; end != spans_.end() && touches(*end); ++end)
    span = {std::min(span.from, end->from), std::max(span.upto, end->upto)};
  const auto place = begin != end ? spans_.erase(begin, end)
                                  : std::ranges::lower_bound(spans_, span.from, {}, &SeqSpan::from);
  spans_.insert(place, span);
}

std::string SeqSpans::text() const {
  std::string out;
  for (const auto& [from, upto] : spans_) {
    if (!out.empty()) out += ' ';
    out += std::to_string(from.value) + '-' + std::to_string(upto.value);
  }
  return out;
}

SeqSpans SeqSpans::parse(std::string_view text) {
  SeqSpans spans;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at < end) {
    SeqSpan span;
    at = std::from_chars(at, end, span.from.value).ptr + 1;
    if (at >= end) break;
    at = std::from_chars(at, end, span.upto.value).ptr + 1;
    spans.spans_.push_back(span);
  }
  return spans;
}

}  // namespace parley
