// fetch: asks other servers over HTTP.
//
// Knows:     HTTP as a client: whole answers, limits of time and size.
// Does not:  what is asked for.
// In:        a question.   Out: its answer.
// Lives on:  ask() and document() block whoever calls them; Asker has threads of its own.
// Failing:   unavailable, with a reason that does not show the URL's secrets.
// Start at:  ask().
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/task.h"
#include "base/worker.h"

namespace parley::fetch {

struct Limits {
  std::chrono::milliseconds connect{5'000};
  std::chrono::milliseconds whole{10'000};
  std::size_t bytes = 1UL << 20;
};

struct Question {
  std::string url;
  std::string json{};  // posted, if not empty
  std::string bearer{};
  Limits limits{};
};
struct Answer {
  long status = 0;
  std::string body;
};

// http and https only, also after a redirect, and never from https back to http.
[[nodiscard]] Result<Answer> ask(const Question& question);
// Anything but a whole answer with status 200 is unavailable.
[[nodiscard]] Result<std::string> document(const std::string& url, const Limits& limits = {});

// Asks without blocking whoever awaits the answer.
class Asker {
 public:
  explicit Asker(std::size_t threads);
  [[nodiscard]] Task<Result<Answer>> ask(Question question);

 private:
  std::vector<std::unique_ptr<Worker>> workers_;
  std::atomic<std::size_t> next_ = 0;
};

}  // namespace parley::fetch
