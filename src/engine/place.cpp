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

namespace {

// Who is not in it hears that it is there, or nothing of it.
Result<store::Membership> seen_or_told(store::Reader& reader, const UserId& user,
                                       const ConversationId& where, const Policy* policy,
                                       std::string_view stranger) {
  auto seen = seen_by(reader, user, where);
  if (seen || seen.error().code != Code::not_found) return seen;
  if (policy == nullptr || !policy->strangers_are_told) return seen;
  TRY(conversation, reader.conversation(where));
  if (!conversation || conversation->deleted_seq.value != 0) return seen;
  return fail(Code::not_member, std::string(stranger));
}

}  // namespace

Result<store::Membership> seen_for_change(store::Reader& reader, const UserId& user,
                                          const ConversationId& where, const Policy* policy) {
  return seen_or_told(reader, user, where, policy, "you are not in this conversation");
}

Result<store::Membership> seen_with_message(store::Reader& reader, const UserId& user,
                                            const ConversationId& where, const Policy* policy) {
  auto seen =
      seen_or_told(reader, user, where, policy, "you are not in the conversation of this message");
  if (!seen && seen.error().code == Code::not_found)
    return fail(Code::not_found, "there is no such message, or you are not in its conversation");
  return seen;
}

Result<std::optional<Message>> last_message_in(store::Reader& reader, const store::Membership& at,
                                               const Policy* policy) {
  constexpr std::size_t look = 20;
  const auto& [conversation, member] = at;
  TRY(last, reader.messages_at({{conversation.id, conversation.last_message_seq}}));
  if (last.empty()) return std::nullopt;
  const bool any_will_do = policy == nullptr || !policy->last_message_lives;
  if (any_will_do || !last.front().gone()) return std::move(last.front());
  const Seq unseen = unseen_upto(member, policy);
  Seq before = last.front().seq;
  for (;;) {
    TRY(older,
        reader.messages(conversation.id, {store::MessageRange::Towards::older, before, look}));
    for (Message& one : older) {
      if (one.seq <= unseen) return std::nullopt;
      if (!one.gone()) return std::move(one);
    }
    if (older.size() < look || older.back().seq.value <= 1) return std::nullopt;
    before = older.back().seq;
  }
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

Task<Result<Engine::Place>> Engine::place(const Caller& caller, ConversationId where) {
  auto ask = [user = caller.user, policy = caller.policy,
              where](store::Reader& reader) -> Result<Place> {
    TRY(found, seen_for_change(reader, user, where, policy));
    TRY(standing, standing_in(reader, found));
    return Place{std::move(found.conversation), std::move(found.member), standing};
  };
  co_return co_await store_.read(std::move(ask));
}

Task<Result<ConversationView>> Engine::view(Caller caller, ConversationId where) {
  auto ask = [user = std::move(caller.user), policy = caller.policy,
              where](store::Reader& reader) -> Result<ConversationView> {
    TRY(found, seen_by(reader, user, where));
    if (policy != nullptr && policy->put_away_is_unseen &&
        lies_away(found.conversation, found.member))
      return fail(Code::not_found, "there is no such conversation, or you are not in it");
    TRY(last, last_message_in(reader, found, policy));
    ConversationView seen{std::move(found.conversation), std::move(found.member), {}, 0};
    TRY(mentions, reader.mention_count(where, user, seen.mine.read_seq));
    seen.mention_count = mentions;
    if (last) {
      TRY_DO(store::add_extras(reader, *last));
      TRY_DO(add_progress(reader, seen.conversation, std::span(&*last, 1)));
    }
    seen.last_message = std::move(last);
    return seen;
  };
  co_return co_await store_.read(std::move(ask));
}

}  // namespace parley::engine
