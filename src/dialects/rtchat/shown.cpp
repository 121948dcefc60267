#include "dialects/rtchat/shown.h"

#include <utility>

namespace parley::rtchat {
namespace {

constexpr std::chrono::seconds a_while{60};

}  // namespace

void Shown::Lately::add(const MessageId& id, Instant now) {
  if (now - turned_ > a_while) {
    old_ = std::exchange(new_, {});
    turned_ = now;
  }
  new_.insert(id);
}

bool Shown::ahead(const MessageId& id) { return !logged_.has(id) && ahead_.insert(id).second; }

bool Shown::by_log(const MessageId& id, Instant now) {
  if (ahead_.contains(id)) return false;
  if (logged_.has(id)) return true;
  if (ahead_and_saved_.has(id)) return false;
  logged_.add(id, now);
  return true;
}

void Shown::saved(const MessageId& id, Instant now) {
  if (ahead_.erase(id) != 0) ahead_and_saved_.add(id, now);
}

}  // namespace parley::rtchat
