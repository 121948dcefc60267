// Who is in a conversation, and with which role.
#include <algorithm>

#include "engine/decide.h"
#include "engine/engine.h"
#include "engine/place.h"

namespace parley::engine {
namespace {

// The caller's view of somebody in a conversation that the caller is in.
struct Someone {
  store::Membership mine;
  std::optional<Member> theirs;
  std::vector<Member> elders;  // present members, oldest first: who may have to be promoted
};

Result<Someone> look_at(store::Reader& reader, const UserId& caller, const ConversationId& where,
                        const UserId& whom, const Policy* policy) {
  TRY(mine, seen_for_change(reader, caller, where, policy));
  TRY(theirs, reader.member(where, whom));
  Someone someone{std::move(mine), std::move(theirs), {}};
  if (!someone.theirs || !someone.theirs->present())
    return fail(Code::not_found, "that user is not in this conversation");
  if (someone.theirs->role != Role::owner) return someone;
  // Any other owner, or the oldest admin, or the oldest member will do: two of each kind are enough to find one who is
  // not the one that leaves.
  for (Role least : {Role::owner, Role::admin, Role::reader}) {
    TRY(elders, reader.members_from(where, least, 2));
    someone.elders.insert(someone.elders.end(), elders.begin(), elders.end());
  }
  return someone;
}

store::EventDraft about(store::EventDraft event, const UserId& whom, Role role) {
  event.subject = whom;
  event.role = role;
  return event;
}

}  // namespace

Task<Result<std::vector<Member>>> Engine::add_members(Caller caller, AddMembers command) {
  const std::size_t most =
      caller.policy->group_size > 0 ? caller.policy->group_size : limits_.group_size;
  if (command.users.size() > most)
    co_return Error{
        Code::too_large, "at most " + std::to_string(most) + " users can be added at once", {}};
  for (const UserId& user : command.users)
    if (!valid_user_id(user.text))
      co_return Error{Code::unprocessable, "a user's id is 1 to 128 bytes of printable UTF-8", {}};
  std::ranges::sort(command.users);
  auto repeats = std::ranges::unique(command.users);
  command.users.erase(repeats.begin(), repeats.end());

  using Rows = std::vector<std::optional<Member>>;
  auto ask = [where = command.where, users = command.users](store::Reader& reader) -> Result<Rows> {
    Rows rows;
    for (const UserId& user : users) {
      TRY(row, reader.member(where, user));
      rows.push_back(std::move(row));
    }
    return rows;
  };
  for (int tries = 0; tries < stale_tries; ++tries) {
    // The place first: if anything changes between the two questions, its version is stale at the commit.
    CO_TRY(at, co_await place(caller, command.where));
    CO_TRY_DO(may_add(at.standing, command.role));
    if (command.users.empty())
      co_return Error{Code::unprocessable, "name the users to add, as user_id or user_ids", {}};
    CO_TRY(rows, co_await store_.read(ask));
    store::Change change = begin(caller, command.where);
    change.expects = at.standing.version;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (rows[i] && rows[i]->present()) continue;  // is in already: adding again changes nothing
      change.sets.push_back(
          {.user = command.users[i], .role = command.role, .by_event = change.events.size()});
      change.events.push_back(
          about(draft(EventKind::member_added), command.users[i], command.role));
    }
    if (!change.events.empty()) {
      CO_TRY(done, co_await commit(caller, std::move(change), nullptr));
      if (done.outcome == store::Outcome::stale) continue;
      if (done.outcome != store::Outcome::committed)
        co_return Error{Code::not_found, "there is no such conversation", {}};
    }
    CO_TRY(now, co_await store_.read(ask));
    std::vector<Member> members;
    for (auto& row : now)
      if (row && row->present()) members.push_back(std::move(*row));
    co_return members;
  }
  co_return too_much_changing();
}

Task<Result<Member>> Engine::set_role(Caller caller, ConversationId where, UserId whom, Role role) {
  auto ask = [user = caller.user, policy = caller.policy, where, whom](store::Reader& reader) {
    return look_at(reader, user, where, whom, policy);
  };
  const Target target = whom == caller.user ? Target::self : Target::other;
  for (int tries = 0; tries < stale_tries; ++tries) {
    CO_TRY(at, co_await store_.read(ask));
    Standing standing = standing_of(at.mine.conversation, at.mine.member);
    CO_TRY_DO(may_set_role(standing, target, at.theirs->role, role, *caller.policy));
    Member after = *at.theirs;
    after.role = role;
    if (at.theirs->role == role) co_return after;

    store::Change change = begin(caller, where);
    change.expects = standing.version;
    change.sets.push_back({.user = whom, .role = role, .by_event = 0});
    change.events.push_back(about(draft(EventKind::member_updated), whom, role));
    if (caller.policy->one_owner && role == Role::owner) {
      change.sets.push_back({.user = caller.user, .role = Role::admin, .by_event = 1});
      change.events.push_back(about(draft(EventKind::member_updated), caller.user, Role::admin));
    } else if (auto heir =
                   at.theirs->role == Role::owner ? next_owner(at.elders, whom) : std::nullopt) {
      change.sets.push_back({.user = *heir, .role = Role::owner, .by_event = 1});
      change.events.push_back(about(draft(EventKind::member_updated), *heir, Role::owner));
    } else if (at.theirs->role == Role::owner && at.mine.conversation.members_count == 1) {
      co_return Error{Code::conflict, "the only member of a conversation stays its owner", {}};
    }
    CO_TRY(done, co_await commit(caller, std::move(change), nullptr));
    if (done.outcome == store::Outcome::stale) continue;
    if (done.outcome != store::Outcome::committed)
      co_return Error{Code::not_found, "there is no such conversation", {}};
    co_return after;
  }
  co_return too_much_changing();
}

Task<Result<void>> Engine::remove_member(Caller caller, ConversationId where, UserId whom) {
  const bool leaves = whom == caller.user && !caller.policy->leaving_is_apart;
  co_return co_await take_out(std::move(caller), where, std::move(whom),
                              leaves ? Departure::leaves : Departure::is_removed);
}

Task<Result<void>> Engine::leave(Caller caller, ConversationId where) {
  UserId whom = caller.user;
  co_return co_await take_out(std::move(caller), where, std::move(whom), Departure::leaves);
}

Task<Result<void>> Engine::take_out(Caller caller, ConversationId where, UserId whom,
                                    Departure how) {
  auto ask = [user = caller.user, policy = caller.policy, where, whom](store::Reader& reader) {
    return look_at(reader, user, where, whom, policy);
  };
  const Target target = how == Departure::leaves ? Target::self : Target::other;
  for (int tries = 0; tries < stale_tries; ++tries) {
    CO_TRY(at, co_await store_.read(ask));
    Standing standing = standing_of(at.mine.conversation, at.mine.member);
    CO_TRY_DO(may_remove_member(standing, target, at.theirs->role, *caller.policy));
    store::Change change = begin(caller, where);
    change.expects = standing.version;
    // First the heir, so that who leaves still sees it and the conversation has an owner at every seq.
    if (auto heir = at.theirs->role == Role::owner ? next_owner(at.elders, whom) : std::nullopt) {
      change.sets.push_back({.user = *heir, .role = Role::owner, .by_event = 0});
      change.events.push_back(about(draft(EventKind::member_updated), *heir, Role::owner));
    }
    change.removes.push_back(whom);
    change.events.push_back(about(draft(EventKind::member_removed), whom, at.theirs->role));
    CO_TRY(done, co_await commit(caller, std::move(change), nullptr));
    if (done.outcome == store::Outcome::stale) continue;
    if (done.outcome != store::Outcome::committed)
      co_return Error{Code::not_found, "there is no such conversation", {}};
    co_return Result<void>{};
  }
  co_return too_much_changing();
}

}  // namespace parley::engine
