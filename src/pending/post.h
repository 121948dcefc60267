// A message to a set of people, as it was accepted.
#pragma once

#include <string>
#include <vector>

#include "base/time.h"
#include "model/names.h"

namespace parley::pending {

struct Post {
  MessageId id;
  Time at{};
  UserId sender;
  std::vector<UserId> people;  // in order, each once, the sender among them
  ConversationId fresh;        // what is made for them is called so; it follows from who they are
  std::string text;
  std::string once;  // the sender's key; empty: none

  [[nodiscard]] std::size_t bytes() const {
    std::size_t all = sizeof(Post) + text.size() + once.size();
    for (const UserId& one : people) all += sizeof(UserId) + one.text.size();
    return all;
  }
};

}  // namespace parley::pending
