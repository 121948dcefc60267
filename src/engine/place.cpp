#include "engine/place.h"

#include "engine/progress.h"
#include "store/extras.h"

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

Result<std::vector<Mention>> members_named(store::Reader& reader, const ConversationId& where,
                                           const std::vector<Mention>& mentions,
                                           Policy::Strangers strangers) {
  std::vector<Mention> kept;
  for (const Mention& one : mentions) {
    if (!one.user.empty()) {
      TRY(member, reader.member(where, one.user));
      const bool present = member && member->present();
      if (!present && strangers == Policy::Strangers::refused)
        return fail(Code::unprocessable, "only members can be mentioned");
      if (!present) continue;
    }
    kept.push_back(one);
  }
  return kept;
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
    ConversationView seen{std::move(found.conversation), std::move(found.member), {}, 0};
    TRY(mentions, reader.mention_count(where, user, seen.mine.read_seq));
    seen.mention_count = mentions;
    TRY_DO(store::add_extras(reader, last));
    TRY_DO(add_progress(reader, seen.conversation, last));
    if (!last.empty()) seen.last_message = std::move(last.front());
    return seen;
  };
  co_return co_await store_.read(std::move(ask));
}

}  // namespace parley::engine
