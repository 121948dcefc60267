#include "bench/ledger.h"

#include <fmt/core.h>

#include <algorithm>

namespace parley::bench {
namespace {
constexpr std::size_t failures_max = 10;  // the first ones tell enough
}

bool Ledger::wrong(std::size_t reader, std::uint64_t seq) {
  const std::uint64_t awaited = next_[reader];
  if (seq < awaited) {
    note(fmt::format("reader {} got seq {} twice or late, after seq {}", reader, seq, awaited - 1));
  } else {
    note(fmt::format("reader {} got seq {} but not {} to {} before it", reader, seq, awaited,
                     seq - 1));
    next_[reader] = seq + 1;
  }
  return false;
}

void Ledger::note(std::string what) {
  const bool known = std::ranges::find(failures_, what) != failures_.end();
  if (!known && failures_.size() < failures_max) failures_.push_back(std::move(what));
}

}  // namespace parley::bench
