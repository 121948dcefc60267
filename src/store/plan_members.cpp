// Who comes into a conversation, and who goes.
#include "store/plan_inside.h"

namespace parley::store {

void Plan::Inside::set_members(const Change& change, Conversation& row, const Committed& done) {
  for (const MemberSet& set : change.sets) {
    KnownMember& known = members[{row.id, set.user}];
    known.changed = true;
    if (known.row && known.row->present()) {
      known.row->role = set.role;
      continue;
    }
    const Seq joined = done.events.at(set.by_event)->seq;
    Member member = known.row.value_or(Member{});
    member.user = set.user;
    member.role = set.role;
    member.joined_at = change.at;
    member.joined_seq = joined;
    if (member.first_joined_seq.value == 0) member.first_joined_seq = joined;
    member.left_seq = {};
    member.read_seq = joined;
    member.read_beyond = {};
    member.delivered_seq = joined;
    member.unread_base = row.message_count;
    known.row = std::move(member);
    ++row.members_count;
  }
}

void Plan::Inside::remove_members(const Change& change, Conversation& row, const Committed& done) {
  for (const UserId& user : change.removes) {
    KnownMember& known = members[{row.id, user}];
    if (!known.row || !known.row->present()) continue;
    auto says_so = std::ranges::find_if(done.events, [&](const EventRef& event) {
      return event->kind == EventKind::member_removed && event->subject == user;
    });
    known.row->left_seq = says_so != done.events.end() ? (*says_so)->seq : row.last_seq;
    known.changed = true;
    --row.members_count;
  }
}

Result<void> Plan::Inside::load_members(const Change& change) {
  for (const MemberSet& set : change.sets) {
    // Nobody is in a conversation that is only being made.
    if (change.creates)
      members.try_emplace({change.where, set.user});
    else
      TRY_DO(member(change.where, set.user));
  }
  for (const UserId& user : change.removes) TRY_DO(member(change.where, user));
  return {};
}

}  // namespace parley::store
