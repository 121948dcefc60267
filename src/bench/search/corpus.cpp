#include "bench/search/corpus.h"

#include <algorithm>
#include <array>

namespace parley::bench {
namespace {

constexpr std::size_t words_known = 100'000;
constexpr std::size_t words_in_text_max = 17;  // nine on average
constexpr std::array syllables{"ka",  "to",  "mi",  "ren", "sol", "bar", "qui", "lo",
                               "vex", "dan", "ru",  "shi", "pal", "gor", "nat", "el",
                               "ith", "one", "ter", "san", "wu",  "jo",  "fen", "ly"};

}  // namespace

// Zipf's law, flattened at its top as in short messages.
Corpus::Corpus(unsigned seed)
    : random_(seed),
      markers_{{"zzrarest", 1'000'000},
               {"zzrare", 100'000},
               {"zzmiddle", 1'000},
               {"zzcommon", 100},
               {"zzfrequent", 5}} {
  double all = 0;
  for (std::size_t rank = 0; rank < words_known; ++rank) {
    std::string word;
    std::size_t number = rank + 24;
    for (; number > 0; number /= syllables.size()) word += syllables[number % syllables.size()];
    words_.push_back(std::move(word));
    upto_.push_back(all += 1.0 / (static_cast<double>(rank) + 10.0));
  }
}

std::string Corpus::text() {
  std::string made;
  std::uniform_real_distribution<double> place(0, upto_.back());
  for (std::size_t left = 1 + random_() % words_in_text_max; left > 0; --left) {
    const auto at = std::ranges::lower_bound(upto_, place(random_)) - upto_.begin();
    made += words_[std::min(static_cast<std::size_t>(at), words_.size() - 1)];
    made += left > 1 ? " " : ".";
  }
  for (const Marker& one : markers_)
    if (random_() % one.one_in == 0) made += ' ' + one.word;
  return made;
}

}  // namespace parley::bench
