// Whether each reader gets each message exactly once, in the order of seq.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace parley::bench {

class Ledger {
 public:
  // A reader, and the seq that it must see next; readers are numbered from 0.
  void add_reader(std::uint64_t next_seq) { next_.push_back(next_seq); }
  // True if it was the one awaited.
  bool arrived(std::size_t reader, std::uint64_t seq) {
    if (next_[reader] != seq) return wrong(reader, seq);
    ++next_[reader];
    return true;
  }
  // Something else that must not happen, once for each text.
  void note(std::string what);
  [[nodiscard]] std::uint64_t next_seq(std::size_t reader) const { return next_[reader]; }
  [[nodiscard]] bool intact() const { return failures_.empty(); }
  [[nodiscard]] const std::vector<std::string>& failures() const { return failures_; }

 private:
  bool wrong(std::size_t reader, std::uint64_t seq);

  std::vector<std::uint64_t> next_;
  std::vector<std::string> failures_;
};

}  // namespace parley::bench
