// parley_search_bench: fills a folder once, then measures searches in it.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <filesystem>

#include "bench/search/measure.h"
#include "store/sqlite/sqlite.h"

namespace {

using namespace parley;
using namespace parley::bench;

double megabytes(const std::string& file) {
  std::error_code none;
  const auto size = std::filesystem::file_size(file, none);
  return none ? 0 : static_cast<double>(size) / 1e6;
}

int run(const std::string& folder, const Population& population, unsigned searches) {
  const std::string file = folder + "/parley.db";
  const bool is_there = std::filesystem::exists(file);
  auto store = store::open_sqlite({file, {}});
  if (!store) {
    fmt::print(stderr, "{}\n", store.error().detail);
    return 1;
  }
  Corpus corpus(1);
  Filler filler(**store);
  if (!is_there) {
    const auto begun = std::chrono::steady_clock::now();
    const auto seconds = [&] {
      return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
    };
    filler.fill(population, corpus, [&](std::uint64_t messages) {
      fmt::print(stderr, "\r{} messages in {:.0f} s", messages, seconds());
    });
    fmt::print("\nfilled with {} messages in {} conversations in {:.1f} s\n", population.messages,
               population.conversations, seconds());
  }
  fmt::print("the index had everything {:.1f} s later\n", let_the_index_catch_up(**store));
  fmt::print("parley.db {:.0f} MB, parley.db.search {:.0f} MB\n\n", megabytes(file),
             megabytes(file + ".search"));
  fmt::print("| who | what | searches | hits | p50, ms | p99, ms | max, ms |\n");
  fmt::print("| --- | --- | ---: | ---: | ---: | ---: | ---: |\n");
  for (const SearchTime& one : measure(**store, population, corpus, searches))
    fmt::print("| {} | {} | {} | {:.1f} | {:.2f} | {:.2f} | {:.2f} |\n", one.who, one.what,
               one.searches, one.hits, one.p50_ms, one.p99_ms, one.max_ms);
  (*store)->stop();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Population population{.messages = 1'000'000, .conversations = 0};
  std::string folder;
  unsigned searches = 200;
  CLI::App app{"Fills a folder with messages, once, and measures searches in it.",
               "parley_search_bench"};
  app.add_option("folder", folder, "Where the data is, or is made")->required();
  app.add_option("--messages", population.messages, "How many are made")->capture_default_str();
  app.add_option("--conversations", population.conversations,
                 "In so many; one for 500 messages if none is named");
  app.add_option("--searches", searches, "Of each kind, by each person")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  if (population.conversations == 0) population.conversations = population.messages / 500;
  return run(folder, population, searches);
}
