#include "dialects/pulse/users.h"

#include <algorithm>
#include <iterator>

#include "base/encodings.h"
#include "base/log.h"

namespace parley::pulse {
namespace {

constexpr std::chrono::seconds remembered_for{60};
constexpr fetch::Limits patience{.connect = std::chrono::milliseconds{5'000},
                                 .whole = std::chrono::milliseconds{5'000},
                                 .bytes = 1UL << 20};
constexpr long there = 200;
constexpr long not_there = 404;
constexpr std::size_t asked_at_once = 8;

// Answers that come in any order; the last one wakes who waits.
struct Gathered {
  std::size_t left = 0;
  bool silence = false;  // somebody got no answer
  Users::Found found;
  std::move_only_function<void(bool)> done;
};

}  // namespace

Users::Users(std::string url, const Clock& clock) : url_(std::move(url)), clock_(clock) {
  while (url_.ends_with('/')) url_.pop_back();
}

std::optional<bool> Users::remembered(const UserId& user) {
  std::lock_guard lock(mutex_);
  auto at = known_.find(user);
  if (at == known_.end() || clock_.instant() - at->second.since > remembered_for)
    return std::nullopt;
  return at->second.exists;
}

void Users::remember(const UserId& user, bool exists) {
  std::lock_guard lock(mutex_);
  if (known_.size() >= remembered_max) known_.clear();
  known_[user] = {exists, clock_.instant()};
}

// Some at once, so that a service that is away costs its patience once, not for each of them.
Task<Users::Found> Users::look_up(std::vector<UserId> users) {
  Found found;
  std::vector<UserId> asked;
  for (UserId& user : users) {
    const auto exists = url_.empty() ? std::optional{true} : remembered(user);
    if (!exists)
      asked.push_back(std::move(user));
    else if (!*exists)
      found.unknown.push_back(std::move(user));
  }
  for (std::size_t at = 0; at < asked.size(); at += asked_at_once) {
    const std::span some(asked.data() + at, std::min(asked_at_once, asked.size() - at));
    const bool answered = co_await ask(some, found);
    if (answered) continue;
    log::warn("the user service does not answer: participants are taken unseen",
              {{"how_many", asked.size() - at}});
    break;
  }
  co_return found;
}

Task<bool> Users::ask(std::span<const UserId> users, Found& found) {
  auto gathered = std::make_shared<Gathered>();
  gathered->left = users.size();
  co_await called_back<bool>([&](auto done) {
    gathered->done = std::move(done);
    for (const UserId& user : users) {
      auto take = [this, gathered, user](const Result<fetch::Answer>& answer) {
        const bool exists = !answer || answer->status != not_there;
        gathered->silence = gathered->silence || !answer;
        if (answer) remember(user, exists);
        if (!exists) gathered->found.unknown.push_back(user);
        if (answer && answer->status == there)
          gathered->found.answers.emplace_back(user, answer->body);
        if (--gathered->left == 0) std::exchange(gathered->done, nullptr)(true);
      };
      spawn(asker_.ask({.url = url_ + "/api/v1/users/" + percent_encoded(user.text),
                        .json = {},
                        .bearer = {},
                        .limits = patience}),
            std::move(take));
    }
  });
  std::ranges::move(gathered->found.unknown, std::back_inserter(found.unknown));
  std::ranges::move(gathered->found.answers, std::back_inserter(found.answers));
  co_return !gathered->silence;
}

}  // namespace parley::pulse
