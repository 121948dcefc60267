// Which conversation is that of exactly these people: what was found once and holds as far as this loop hears.
//
// Of several with the same people it is the one that was active last, so whatever happens in a conversation that is not
// known here may change the answer for who was active in it. Only for loops that hear of everything.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

#include "model/event.h"

namespace parley::engine {

class KnownSets {
 public:
  using People = std::vector<UserId>;  // in order

  [[nodiscard]] std::optional<ConversationId> find(const People& people) const;
  // The store is about to be asked. What it answers to that question is learned only if nothing came between.
  using Question = std::uint64_t;
  [[nodiscard]] Question ask(const People& people);
  void learn(const People& people, const ConversationId& where, Question asked);
  void notice(const Event& event);
  void forget_all();

 private:
  struct Known {
    std::optional<ConversationId> where;  // none: it is being asked for
    Question answers_from = 0;            // older ones may be wrong by now
  };
  using Sets = std::map<People, Known>;

  void doubt(const UserId& actor, std::size_t people);

  static constexpr std::size_t most = 4'096;

  Question last_ = 0;
  Sets sets_;
  std::unordered_map<UserId, std::set<const People*>> by_user_;
  std::unordered_map<ConversationId, const People*> conversations_;
};

}  // namespace parley::engine
