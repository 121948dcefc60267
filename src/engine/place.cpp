#include "engine/place.h"

namespace parley::engine {

Result<store::Membership> seen_by(store::Reader& reader, const UserId& user,
                                  const ConversationId& where) {
  TRY(conversation, reader.conversation(where));
  if (conversation && conversation->deleted_seq.value == 0) {
    TRY(member, reader.member(where, user));
    if (member && member->present())
      return store::Membership{std::move(*conversation), std::move(*member)};
  }
  return fail(Code::not_found, "there is no such conversation, or you are not in it");
}

Result<Standing> standing_in(store::Reader& reader, const store::Membership& at) {
  Standing standing = standing_of(at.conversation, at.member);
  TRY(blocked, blocked_in(reader, at.conversation, at.member.user));
  standing.blocked = blocked;
  return standing;
}

Task<Result<Engine::Place>> Engine::place(UserId user, ConversationId where) {
  auto ask = [user, where](store::Reader& reader) -> Result<Place> {
    TRY(found, seen_by(reader, user, where));
    TRY(standing, standing_in(reader, found));
    return Place{std::move(found.conversation), std::move(found.member), standing};
  };
  co_return co_await store_.read(std::move(ask));
}

Task<Result<ConversationView>> Engine::view(UserId user, ConversationId where) {
  auto ask = [user, where](store::Reader& reader) -> Result<ConversationView> {
    TRY(found, seen_by(reader, user, where));
    TRY(last, reader.messages_at({{where, found.conversation.last_message_seq}}));
    ConversationView seen{std::move(found.conversation), std::move(found.member), {}};
    if (!last.empty()) seen.last_message = std::move(last.front());
    return seen;
  };
  co_return co_await store_.read(std::move(ask));
}

}  // namespace parley::engine
