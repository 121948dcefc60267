#include "bench/bench.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>

#include "base/random.h"
#include "bench/compare.h"
#include "bench/html.h"
#include "bench/report.h"
#include "bench/workloads.h"

namespace parley::bench {
namespace {

// Which outcomes there are to get, in order: some workloads run once for each window.
struct Part {
  std::string workload;
  unsigned window = 0;
};

std::vector<Part> parts_of(const Options& options) {
  std::vector<Part> parts;
  for (const std::string& workload : options.workloads) {
    if (workload != "fanout" && workload != "durable") {
      parts.push_back({workload, 0});
      continue;
    }
    for (const unsigned window : options.windows) parts.push_back({workload, window});
  }
  return parts;
}

using Outcomes = std::vector<Outcome>;

Result<Outcomes> one(Result<Outcome> outcome) {
  if (!outcome) return fail(std::move(outcome).error());
  return Outcomes{std::move(*outcome)};
}

Result<Outcomes> measure(const Context& context, const Part& part) {
  const std::string& workload = part.workload;
  if (workload == "fanout") return one(run_fanout(context, part.window));
  if (workload == "durable") return one(run_durable(context, part.window));
  if (workload == "live") return one(run_live(context));
  if (workload == "routed") return one(run_routed(context));
  if (workload == "storm") return one(run_storm(context));
  if (workload == "slow") return one(run_slow(context));
  if (workload == "mixed") return one(run_mixed(context));
  if (workload == "peer") return one(run_peer(context));
  if (workload == "doors") return run_doors(context);
  if (workload == "growth") return run_growth(context);
  return one(run_idle(context));
}

Result<void> write_file(std::string_view option, const std::string& path, std::string_view text) {
  std::ofstream file(path, std::ios::trunc);
  file << text << std::flush;
  if (file) return {};
  return fail(Code::unavailable, fmt::format("{}: cannot write {}", option, path));
}

Result<void> write_files(const Options& options, std::span<const Outcome> outcomes) {
  const Machine machine = this_machine();
  if (!options.json_file.empty())
    TRY_DO(write_file("--json", options.json_file, as_json(options, machine, outcomes)));
  if (!options.html_file.empty())
    TRY_DO(write_file("--html", options.html_file, as_html(options, machine, outcomes)));
  return {};
}

int print(const Error& error) {
  fmt::print(stderr, "parley bench: {}\n", error.detail);
  return 1;
}

// 1 if a check failed.
int print(std::span<const Outcome> outcomes) {
  if (outcomes.empty()) return 0;
  fmt::print("{}", as_table(outcomes));
  int exit_code = 0;
  for (const Outcome& outcome : outcomes) {
    for (const std::string& failure : outcome.failures) {
      fmt::print(stderr, "FAILED {}: {}\n", outcome.workload, failure);
      exit_code = 1;
    }
  }
  return exit_code;
}

int run_parts(const Options& options, const Target& target) {
  const Processes processes(options.pids);
  Progress progress(processes);
  SystemRandom random;
  Outcomes outcomes;
  std::optional<Error> trouble;
  for (const Part& part : parts_of(options)) {
    const std::string run = fmt::format("{:08x}", random.next() >> 32U);
    const Context context{options, target, processes, progress, run};
    auto measured = measure(context, part);
    progress.clear();
    if (!measured) {
      trouble = Error{measured.error().code, part.workload + ": " + measured.error().detail, {}};
      break;
    }
    std::ranges::move(*measured, std::back_inserter(outcomes));
  }
  int exit_code = print(outcomes);  // what was measured before something went wrong too
  if (const auto written = write_files(options, outcomes); !written)
    exit_code = print(written.error());
  return trouble ? print(*trouble) : exit_code;
}

}  // namespace

int run(std::span<const std::string_view> arguments) {
  if (!arguments.empty() && arguments.front() == "compare")
    return run_compare(arguments.subspan(1));
  const auto options = parse_options(arguments);
  if (!options) {
    fmt::print(options.error().exit_code == 0 ? stdout : stderr, "{}", options.error().text);
    return options.error().exit_code;
  }
  auto target = resolve(options->url);
  if (!target) return print(target.error());
  for (const std::string& url : options->also) {
    auto node = resolve(url);
    if (!node) return print(node.error());
    target->also.push_back(std::move(*node));
  }
  return run_parts(*options, *target);
}

}  // namespace parley::bench
