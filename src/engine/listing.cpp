// The conversations that somebody is in: in pages by what is active, or by their last messages.
#include <algorithm>
#include <unordered_map>

#include "base/unicode.h"
#include "engine/engine.h"
#include "engine/place.h"
#include "engine/progress.h"
#include "store/extras.h"

namespace parley::engine {
namespace {

using After = ListQuery::After;

// Latest first; the id settles ties, so that the order is total and pages can go on from any place in it.
bool comes_before(const After& a, const After& b) {
  return a.activity != b.activity ? a.activity > b.activity : a.id > b.id;
}

struct Listed {
  After place;
  store::Membership membership;
};

Result<bool> is_about(store::Reader& reader, const ListQuery::About& about,
                      const store::Membership& one) {
  if (about.words.matches(one.conversation.name)) return true;
  const std::string folded = fold_case(about.text);
  TRY(members, reader.members(one.conversation.id, {}, one.conversation.members_count));
  return std::ranges::any_of(members, [&](const Member& member) {
    return member.user != one.member.user &&
           fold_case(member.user.text).find(folded) != std::string::npos;
  });
}

Result<bool> wanted(store::Reader& reader, const Policy* policy, const ListQuery& query,
                    const store::Membership& one) {
  if (!one.member.present() || one.conversation.deleted_seq.value != 0) return false;
  const bool hides = query.without_put_away || (policy != nullptr && policy->put_away_is_unseen);
  if (hides && lies_away(one.conversation, one.member)) return false;
  if (query.type && *query.type != one.conversation.type) return false;
  if (query.unread_only && unread_count(one.conversation, one.member) == 0) return false;
  if (query.with) {
    TRY(other, reader.member(one.conversation.id, *query.with));
    if (!other || !other->present()) return false;
  }
  return query.about ? is_about(reader, *query.about, one) : true;
}

// When the conversation was last active as the cursor has it; nothing if it was made later.
Result<std::optional<Time>> activity_at(store::Reader& reader, const Conversation& conversation,
                                        const Cursor& as_of) {
  std::uint64_t seen =
      as_of.lanes[lane_of(conversation.id, static_cast<std::uint32_t>(as_of.lanes.size()))];
  if (conversation.last_at <= seen) return conversation.updated_at;
  TRY(later, reader.first_after(conversation.id, seen));
  if (!later || later->value <= 1) return std::nullopt;
  TRY(last, reader.log(conversation.id, Seq{later->value - 1}, 1));
  return last.empty() ? std::nullopt : std::optional{last.front()->at};
}

// The list as it was at `as_of`: what has been active since then keeps the place it had, so that no page repeats a
// conversation or leaves one out while messages arrive.
Result<std::vector<Listed>> list_as_of(store::Reader& reader, const UserId& user,
                                       const Policy* policy, const ListQuery& query,
                                       const Cursor& as_of) {
  TRY(memberships, reader.memberships(user));
  std::vector<Listed> listed;
  for (store::Membership& one : memberships) {
    TRY(keep, wanted(reader, policy, query, one));
    if (!keep) continue;
    TRY(activity, activity_at(reader, one.conversation, as_of));
    if (!activity) continue;  // made after the first page: it belongs to the next look at the list
    After place{as_of, *activity, one.conversation.id};
    if (query.after && !comes_before(*query.after, place)) continue;
    listed.push_back({std::move(place), std::move(one)});
  }
  return listed;
}

Result<ListPage> list_page(store::Reader& reader, const UserId& user, const Policy* policy,
                           const ListQuery& query) {
  TRY(head, reader.head());
  const Cursor as_of = query.after ? query.after->as_of : head;
  if (as_of.store != head.store || !as_of.not_after(head))
    return fail(Code::bad_request, "after must be the next of an earlier page");
  TRY(listed, list_as_of(reader, user, policy, query, as_of));
  std::size_t count = std::min(query.limit, listed.size());
  std::ranges::partial_sort(
      listed, listed.begin() + static_cast<std::ptrdiff_t>(count),
      [](const Listed& a, const Listed& b) { return comes_before(a.place, b.place); });
  bool more = listed.size() > count;
  listed.resize(count);
  std::vector<std::pair<ConversationId, Seq>> places;
  for (const Listed& one : listed)
    if (one.membership.conversation.last_message_seq.value > 0)
      places.emplace_back(one.membership.conversation.id,
                          one.membership.conversation.last_message_seq);
  TRY(messages, reader.messages_at(places));
  if (query.whole_messages) TRY_DO(store::add_extras(reader, messages));
  ListPage page;
  for (Listed& one : listed) {
    ConversationView seen{
        std::move(one.membership.conversation), std::move(one.membership.member), {}, 0};
    TRY(mentions, reader.mention_count(seen.conversation.id, user, seen.mine.read_seq));
    seen.mention_count = mentions;
    auto last = std::ranges::find(messages, seen.conversation.id, &Message::conversation);
    if (last != messages.end()) seen.last_message = std::move(*last);
    if (seen.last_message && seen.last_message->gone()) {
      TRY(shown, last_message_in(reader, {seen.conversation, seen.mine}, policy));
      seen.last_message = std::move(shown);
    }
    if (seen.last_message && query.whole_messages)
      TRY_DO(add_progress(reader, seen.conversation, std::span(&*seen.last_message, 1)));
    page.items.push_back(std::move(seen));
  }
  if (more) page.next = listed.back().place;
  return page;
}

// ---- by their last messages

// With the one that is shown of each.
Result<std::vector<ConversationView>> with_last_messages(store::Reader& reader, const UserId& user,
                                                         const Policy* policy,
                                                         const ListQuery& query) {
  TRY(memberships, reader.memberships(user));
  std::vector<ConversationView> all;
  std::vector<store::Place> places;
  for (store::Membership& one : memberships) {
    TRY(keep, wanted(reader, policy, query, one));
    if (!keep) continue;
    if (one.conversation.last_message_seq.value > 0)
      places.emplace_back(one.conversation.id, one.conversation.last_message_seq);
    all.push_back({std::move(one.conversation), std::move(one.member), {}, 0});
  }
  TRY(messages, reader.messages_at(places));
  std::unordered_map<ConversationId, Message*> last;
  for (Message& one : messages) last[one.conversation] = &one;
  for (ConversationView& one : all) {
    auto at = last.find(one.conversation.id);
    if (at == last.end()) continue;
    one.last_message = std::move(*at->second);
    if (!one.last_message->gone()) continue;
    TRY(shown, last_message_in(reader, {one.conversation, one.mine}, policy));
    one.last_message = std::move(shown);
  }
  return all;
}

// Larger comes first.
auto rank_of(const ConversationView& view, const ListQuery& query) {
  const bool spoken =
      view.last_message.has_value() || query.order == ListQuery::Order::message_or_birth;
  const Time at = view.last_message ? view.last_message->created_at : view.conversation.created_at;
  return std::tuple(query.pinned_first && view.mine.own.pinned, spoken, at, view.conversation.id);
}

Result<ListPage> page_by_message(store::Reader& reader, const UserId& user, const Policy* policy,
                                 const ListQuery& query) {
  TRY(all, with_last_messages(reader, user, policy, query));
  ListPage page;
  page.total = all.size();
  const std::size_t from = std::min(query.offset, all.size());
  const std::size_t upto = from + std::min(query.limit, all.size() - from);
  std::ranges::partial_sort(all, all.begin() + static_cast<std::ptrdiff_t>(upto), std::greater{},
                            [&](const ConversationView& view) { return rank_of(view, query); });
  for (std::size_t i = from; i < upto; ++i) {
    ConversationView& view = all[i];
    TRY(mentions, reader.mention_count(view.conversation.id, user, view.mine.read_seq));
    view.mention_count = mentions;
    page.items.push_back(std::move(view));
  }
  return page;
}

}  // namespace

Task<Result<ListPage>> Engine::conversations(Caller caller, ListQuery query) {
  auto ask = [user = caller.user, policy = caller.policy, query](store::Reader& reader) {
    return query.order == ListQuery::Order::activity ? list_page(reader, user, policy, query)
                                                     : page_by_message(reader, user, policy, query);
  };
  co_return co_await store_.browse(std::move(ask));
}

}  // namespace parley::engine
