#include "bench/search/fill.h"

#include <algorithm>

#include "base/assert.h"
#include "bench/search/change_maker.h"

namespace parley::bench {
namespace {

constexpr std::uint64_t under_way_max = 8'192;
constexpr std::uint64_t tell_every = 250'000;

}  // namespace

std::vector<Person> people(const Population& population) {
  std::vector<Person> all;
  for (const std::uint64_t count : {5U, 100U, 1'000U})
    if (count <= population.conversations) all.push_back({"in" + std::to_string(count), count});
  return all;
}

void Filler::fill(const Population& population, Corpus& corpus,
                  const std::function<void(std::uint64_t)>& told) {
  ChangeMaker make;
  std::vector<ConversationId> conversations;
  std::vector<std::vector<std::string>> members(population.conversations);
  for (const Person& one : people(population))
    for (std::uint64_t i = 0; i < one.conversations; ++i)
      members[corpus.random()() % population.conversations].push_back(one.name);
  for (std::uint64_t i = 0; i < population.conversations; ++i) {
    std::ranges::sort(members[i]);
    members[i].erase(std::ranges::unique(members[i]).begin(), members[i].end());
    conversations.push_back(make.conversation());
    submit(make.group(conversations.back(), members[i]));
  }
  wait_for_all();
  // Some conversations are much busier than others.
  std::uniform_real_distribution<double> share(0, 1);
  for (std::uint64_t i = 0; i < population.messages; ++i) {
    const double at = share(corpus.random());
    const auto where =
        static_cast<std::size_t>(at * at * static_cast<double>(conversations.size()));
    submit(make.message(conversations[where], corpus.text()));
    if ((i + 1) % tell_every == 0) told(i + 1);
  }
  wait_for_all();
  PARLEY_ASSERT(failed_ == 0);
}

void Filler::settled(store::SettledBatch batch) {
  std::lock_guard lock(mutex_);
  settled_ += batch->size();
  for (const store::Settled& one : *batch)
    if (!one.result || one.result->outcome != store::Outcome::committed) ++failed_;
  changed_.notify_all();
}

void Filler::submit(store::Change change) {
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return submitted_ - settled_ < under_way_max; });
    ++submitted_;
  }
  store_.submit({.change = std::move(change), .origin = {}, .reply = {}});
}

void Filler::wait_for_all() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return submitted_ == settled_; });
}

}  // namespace parley::bench
