// A conversation and the caller in it, as the store has them now: what decisions beside the hot path are made on.
#pragma once

#include "engine/engine.h"

namespace parley::engine {

struct Engine::Place {
  Conversation conversation;
  Member mine;
  Standing standing;
};

struct Engine::Found {
  Message message;
  Standing standing;
};

// Not found, unless the person is in the (living) conversation: for use inside one question, so within one snapshot.
[[nodiscard]] Result<store::Membership> seen_by(store::Reader& reader, const UserId& user,
                                                const ConversationId& where);

// The same for who would change something there; policy.strangers_are_told says what strangers hear.
[[nodiscard]] Result<store::Membership> seen_for_change(store::Reader& reader, const UserId& user,
                                                        const ConversationId& where,
                                                        const Policy* policy);

// The same for who asks for a message there; policy.strangers_are_told says what strangers hear.
[[nodiscard]] Result<store::Membership> seen_with_message(store::Reader& reader, const UserId& user,
                                                          const ConversationId& where,
                                                          const Policy* policy);

// Those of the mentions that are members; a stranger is refused or dropped.
[[nodiscard]] Result<std::vector<Mention>> members_named(store::Reader& reader,
                                                         const ConversationId& where,
                                                         const std::vector<Mention>& mentions,
                                                         Policy::Strangers strangers);

// The one that a list shows of it, as policy.last_message_lives has it.
[[nodiscard]] Result<std::optional<Message>> last_message_in(store::Reader& reader,
                                                             const store::Membership& at,
                                                             const Policy* policy);

// Whether nobody has written there since that person put it away.
[[nodiscard]] inline bool lies_away(const Conversation& conversation, const Member& member) {
  const Seq hidden = member.own.hidden_seq;
  return hidden.value != 0 && conversation.last_message_seq <= hidden;
}
// Up to where that person sees nothing; 0: all.
[[nodiscard]] inline Seq unseen_upto(const Member& member, const Policy* policy) {
  return policy != nullptr && policy->put_away_is_unseen ? member.own.hidden_seq : Seq{};
}

[[nodiscard]] Result<Standing> standing_in(store::Reader& reader, const store::Membership& at);

[[nodiscard]] inline Error too_much_changing() {
  return {Code::unavailable, "this conversation changes too quickly; try again",
          std::chrono::seconds{1}};
}

}  // namespace parley::engine
