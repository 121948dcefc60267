// Unread counts that are read again because a message they may count has gone.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "model/event.h"

namespace parley::engine {

// One reader's. A count is told where it is exact: behind the events it was read after, and with those it was read
// before. So whoever counts new messages by themselves never counts one twice.
class Recounts {
 public:
  using Tell = std::function<void(const ConversationId&, std::uint64_t)>;
  Recounts(UserId reader, Tell tell) : reader_(std::move(reader)), tell_(std::move(tell)) {}

  [[nodiscard]] static bool concerns(const Event& event, const UserId& reader) {
    return event.message && event.message->gone() && amends_message(event.kind) &&
           event.message->sender != reader;
  }

  // An event has been handed over. A number: the count of its conversation is to be read, and given back with it.
  [[nodiscard]] std::optional<std::uint64_t> told(const Event& event);
  // The reader's own pointer has been handed over, and with it a count that is exact already.
  void told(const Pointer& pointer);
  void answered(std::uint64_t number, const Conversation& conversation, const Member& reader);

 private:
  struct Pending {
    std::uint64_t number = 0;
    Seq gone;                    // the last of the messages that went
    Seq last;                    // the last event handed over
    std::vector<Seq> by_others;  // messages handed over since the question
    struct Answer {
      std::uint64_t count = 0;
      Seq upto;
    };
    std::optional<Answer> answer;
  };
  void tell_if_due(const ConversationId& where);

  UserId reader_;
  Tell tell_;
  std::map<ConversationId, Pending> pending_;
  std::uint64_t number_ = 0;
};

}  // namespace parley::engine
