// bench/search: how long searches take over a store with very many messages.
//
// Knows:     the engine and the embedded store, in one process: what is measured is a search without its wire.
// Does not:  check what is found (the tests do), or run anywhere but in `parley_search_bench`.
// In:        how many messages, in how many conversations.   Out: a table.
// Start at:  main.cpp.
//
// corpus: texts that are made up, with words as frequent as they are in a language, and some of a known frequency.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace parley::bench {

// A word that stands in one of so many messages.
struct Marker {
  std::string word;
  std::uint64_t one_in = 1;
};

class Corpus {
 public:
  explicit Corpus(unsigned seed);
  [[nodiscard]] std::string text();
  [[nodiscard]] const std::vector<Marker>& markers() const { return markers_; }
  // The n-th most frequent word.
  [[nodiscard]] const std::string& word(std::size_t rank) const { return words_[rank]; }
  std::mt19937_64& random() { return random_; }

 private:
  std::mt19937_64 random_;
  std::vector<std::string> words_;
  std::vector<double> upto_;  // of each word, its share and those of all more frequent ones
  std::vector<Marker> markers_;
};

}  // namespace parley::bench
