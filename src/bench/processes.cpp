#include "bench/processes.h"

#include <fmt/core.h>
#include <sys/resource.h>
#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>

namespace parley::bench {
namespace {

std::string read_file(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

using Stats = std::map<int, ProcessStat>;

Stats all_stats() {
  Stats stats;
  std::error_code ignored;  // a process may end while we look
  for (const auto& entry : std::filesystem::directory_iterator("/proc", ignored)) {
    const std::string name = entry.path().filename();
    int pid = 0;
    const auto read = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (read.ec != std::errc{} || read.ptr != name.data() + name.size()) continue;
    if (const auto stat = parse_stat(read_file(entry.path() / "stat"))) stats[pid] = *stat;
  }
  return stats;
}

bool descends_from(const Stats& stats, int pid, int root) {
  for (int steps = 0; steps < 64; ++steps) {
    if (pid == root) return true;
    const auto found = stats.find(pid);
    if (found == stats.end()) return false;
    pid = found->second.parent;
  }
  return false;
}

double seconds_of_tree(const Stats& stats, int root) {
  unsigned long long ticks = 0;
  for (const auto& [pid, stat] : stats) {
    if (descends_from(stats, pid, root)) ticks += stat.ticks;
  }
  return static_cast<double>(ticks) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

}  // namespace

std::optional<ProcessStat> parse_stat(std::string_view line) {
  const auto name_end = line.rfind(')');  // the name may contain blanks and parentheses
  if (name_end == line.npos) return std::nullopt;
  std::istringstream rest{std::string(line.substr(name_end + 1))};
  ProcessStat stat;
  std::string skipped;
  unsigned long long user = 0;
  unsigned long long system = 0;
  unsigned long long children_user = 0;
  unsigned long long children_system = 0;
  rest >> skipped >> stat.parent;                            // 3 state, 4 parent
  for (int field = 5; field < 14; ++field) rest >> skipped;  // 14–17: the times
  rest >> user >> system >> children_user >> children_system;
  if (!rest) return std::nullopt;
  stat.ticks = user + system + children_user + children_system;
  return stat;
}

std::optional<Memory> parse_smaps_rollup(std::string_view text) {
  std::istringstream lines{std::string(text)};
  Memory memory;
  int found = 0;
  for (std::string name; lines >> name;) {
    if (name == "Rss:") found += static_cast<bool>(lines >> memory.rss_kib) ? 1 : 0;
    if (name == "Pss:") found += static_cast<bool>(lines >> memory.pss_kib) ? 1 : 0;
  }
  return found == 2 ? std::optional{memory} : std::nullopt;
}

Result<CpuSeconds> Processes::cpu() const {
  CpuSeconds seconds;
  if (pids_.empty()) return seconds;
  const Stats stats = all_stats();
  for (const int pid : pids_) {
    if (!stats.contains(pid)) {
      return fail(Code::unavailable, fmt::format("--pid {}: there is no such process", pid));
    }
    (pid == pids_.front() ? seconds.server : seconds.others) += seconds_of_tree(stats, pid);
  }
  return seconds;
}

Result<Memory> Processes::memory() const {
  const auto memory =
      parse_smaps_rollup(read_file(fmt::format("/proc/{}/smaps_rollup", pids_.front())));
  if (memory) return *memory;
  return fail(Code::unavailable,
              fmt::format("cannot read /proc/{}/smaps_rollup: run the client as the server's user",
                          pids_.front()));
}

double own_cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

}  // namespace parley::bench
