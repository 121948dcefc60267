#include "engine/known_sets.h"

namespace parley::engine {

std::optional<ConversationId> KnownSets::find(const People& people) const {
  const auto here = sets_.find(people);
  return here == sets_.end() ? std::nullopt : here->second.where;
}

KnownSets::Question KnownSets::ask(const People& people) {
  if (sets_.size() >= most) forget_all();
  const Question asked = ++last_;
  const auto [here, is_new] = sets_.try_emplace(people);
  if (is_new) {
    here->second.answers_from = asked;
    for (const UserId& one : people) by_user_[one].insert(&here->first);
  }
  return asked;
}

void KnownSets::learn(const People& people, const ConversationId& where, Question asked) {
  const auto here = sets_.find(people);
  if (here == sets_.end() || asked < here->second.answers_from) return;
  here->second.where = where;
  conversations_[where] = &here->first;
}

void KnownSets::notice(const Event& event) {
  if (sets_.empty()) return;
  const bool changes_people =
      !event.joined.empty() || !event.left.empty() || event.kind == EventKind::conversation_deleted;
  if (changes_people) return forget_all();
  if (!conversations_.contains(event.conversation)) doubt(event.actor, event.members_count);
}

void KnownSets::doubt(const UserId& actor, std::size_t people) {
  const auto mine = by_user_.find(actor);
  if (mine == by_user_.end()) return;
  for (const People* set : mine->second) {
    if (set->size() != people) continue;
    Known& known = sets_.find(*set)->second;
    known.answers_from = last_ + 1;
    if (known.where) conversations_.erase(*known.where);
    known.where.reset();
  }
}

// Those that are asked for now are not there to be learned any more.
void KnownSets::forget_all() {
  conversations_.clear();
  by_user_.clear();
  sets_.clear();
}

}  // namespace parley::engine
