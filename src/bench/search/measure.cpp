#include "bench/search/measure.h"

#include <future>
#include <thread>

#include "base/assert.h"
#include "bench/histogram.h"
#include "engine/engine.h"
#include "engine/text_query.h"

namespace parley::bench {
namespace {

using Clock = std::chrono::steady_clock;

// On this thread one thing after the other: no loop is needed.
template <class T>
T wait_for(Task<T> task) {
  auto value = std::make_shared<std::promise<T>>();
  auto known = value->get_future();
  spawn(std::move(task), [value](T result) { value->set_value(std::move(result)); });
  return known.get();
}

// Different words of about the same frequency, so that no answer is simply remembered.
struct Asked {
  std::string what;
  std::vector<std::string> queries;
};

std::vector<Asked> questions(const Corpus& corpus) {
  std::vector<Asked> all;
  for (const Marker& one : corpus.markers())
    all.push_back({"a word of 1 in " + std::to_string(one.one_in), {one.word}});
  Asked two{"two words", {}}, begun{"a beginning", {}}, nowhere{"a word that is nowhere", {}},
      any{"any word", {}}, phrase{"a phrase", {}};
  for (std::size_t i = 0; i < 50; ++i) {
    two.queries.push_back(corpus.word(20 + i * 7) + ' ' + corpus.word(500 + i * 31));
    phrase.queries.push_back('"' + corpus.word(20 + i * 7) + ' ' + corpus.word(300 + i * 31) + '"');
    begun.queries.push_back(corpus.word(1'000 + i * 97).substr(0, 5) + '*');
    nowhere.queries.push_back("qqnowhere" + std::to_string(i));
    any.queries.push_back(corpus.word(i * i * 30));
  }
  for (Asked& one : std::vector{two, phrase, begun, any, nowhere}) all.push_back(std::move(one));
  return all;
}

class Searcher {
 public:
  explicit Searcher(store::Store& store)
      : hub_(store.beginning()), engine_(store, hub_, bus_, clock_, random_, engine::Limits{}) {}

  SearchTime run(const Person& who, const Asked& asked, unsigned searches) {
    Histogram latency;
    std::size_t hits = 0;
    const engine::Caller caller{{who.name}, engine::Rank::user, {0, 0}, &policy_};
    for (unsigned i = 0; i < searches; ++i) {
      engine::FindText query;
      query.words = *engine::TextQuery::parse(asked.queries[i % asked.queries.size()]);
      query.limit = 51;
      const auto begun = Clock::now();
      auto found = wait_for(engine_.find_text(caller, std::move(query)));
      latency.add(Clock::now() - begun);
      PARLEY_ASSERT(found.has_value());
      hits += found->size();
    }
    const auto ms = [](Histogram::Duration time) {
      return std::chrono::duration<double, std::milli>(time).count();
    };
    return {who.name,
            asked.what,
            searches,
            static_cast<double>(hits) / searches,
            ms(latency.percentile(0.5)),
            ms(latency.percentile(0.99)),
            ms(latency.max())};
  }

 private:
  SystemClock clock_;
  SystemRandom random_;
  engine::Policy policy_;
  hub::Hub hub_;
  hub::LocalBus bus_;
  engine::Engine engine_;
};

}  // namespace

std::vector<SearchTime> measure(store::Store& store, const Population& population,
                                const Corpus& corpus, unsigned searches) {
  Searcher searcher(store);
  std::vector<SearchTime> times;
  for (const Person& who : people(population))
    for (const Asked& asked : questions(corpus))
      times.push_back(searcher.run(who, asked, searches));
  return times;
}

double let_the_index_catch_up(store::Store& store) {
  const auto begun = Clock::now();
  auto behind = [](store::Reader& reader) { return reader.not_indexed(); };
  for (;;) {
    const auto left = wait_for(store.read(behind));
    PARLEY_ASSERT(left.has_value());
    if (*left == 0) return std::chrono::duration<double>(Clock::now() - begun).count();
    std::this_thread::sleep_for(std::chrono::milliseconds{100});
  }
}

}  // namespace parley::bench
