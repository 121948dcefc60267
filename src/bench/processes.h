// What other processes of this machine have used, from /proc.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace parley::bench {

struct CpuSeconds {
  double server = 0;
  double others = 0;
  friend CpuSeconds operator-(CpuSeconds a, CpuSeconds b) {
    return {a.server - b.server, a.others - b.others};
  }
};

struct Memory {
  double rss_kib = 0;
  double pss_kib = 0;
};

// One line of /proc/N/stat.
struct ProcessStat {
  int parent = 0;
  unsigned long long ticks = 0;  // user and system, of all threads, and of children that have ended
};
[[nodiscard]] std::optional<ProcessStat> parse_stat(std::string_view line);
[[nodiscard]] std::optional<Memory> parse_smaps_rollup(std::string_view text);

// The server (the first pid), and what works for it, with all their children.
class Processes {
 public:
  explicit Processes(std::vector<int> pids) : pids_(std::move(pids)) {}
  [[nodiscard]] bool known() const { return !pids_.empty(); }
  [[nodiscard]] bool has_others() const { return pids_.size() > 1; }
  // All zero if no pid was given.
  [[nodiscard]] Result<CpuSeconds> cpu() const;
  // Of the server alone.
  [[nodiscard]] Result<Memory> memory() const;

 private:
  std::vector<int> pids_;
};

// Of this process.
[[nodiscard]] double own_cpu_seconds();

}  // namespace parley::bench
