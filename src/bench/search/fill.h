// Fills a store through its own door: conversations with members, then messages, as many at once as it takes.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>

#include "bench/search/corpus.h"
#include "store/store.h"

namespace parley::bench {

struct Population {
  std::uint64_t messages = 0;
  std::uint64_t conversations = 0;
};

// Who is in so many conversations.
struct Person {
  std::string name;
  std::uint64_t conversations = 0;
};
[[nodiscard]] std::vector<Person> people(const Population& population);

class Filler final : public store::Listener {
 public:
  explicit Filler(store::Store& store) : store_(store) { store_.listen(*this); }
  // `told`: now and then, how many messages are there.
  void fill(const Population& population, Corpus& corpus,
            const std::function<void(std::uint64_t)>& told);

 private:
  void settled(store::SettledBatch batch) override;
  void submit(store::Change change);
  void wait_for_all();

  store::Store& store_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t submitted_ = 0, settled_ = 0, failed_ = 0;
};

}  // namespace parley::bench
