// parley_micro: times each work; or does one so many times, for an instrument that counts.
#include <benchmark/benchmark.h>

#include <charconv>
#include <cstring>
#include <iostream>

#include "bench/micro/works.h"

namespace {

using parley::bench::NamedWork;
using parley::bench::works;

int do_one(std::string_view name, std::string_view count) {
  std::size_t times = 0;
  const auto end = count.data() + count.size();
  if (std::from_chars(count.data(), end, times).ptr != end) {
    std::cerr << "parley_micro: " << count << " is no number\n";
    return 2;
  }
  for (const NamedWork& one : works()) {
    if (one.name != name) continue;
    one.prepare()(times);
    return 0;
  }
  std::cerr << "parley_micro: there is no work " << name << "; there is:";
  for (const NamedWork& one : works()) std::cerr << ' ' << one.name;
  std::cerr << '\n';
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 4 && std::strcmp(argv[1], "--do") == 0) return do_one(argv[2], argv[3]);
  for (const NamedWork& one : works())
    benchmark::RegisterBenchmark(std::string(one.name).c_str(), [&one](benchmark::State& state) {
      const auto work = one.prepare();
      while (state.KeepRunningBatch(1)) work(1);
    });
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
