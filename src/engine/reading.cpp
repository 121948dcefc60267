// What a person may see: conversations, members, history, what was missed; and how far they have read.
#include <algorithm>
#include <map>

#include "base/unicode.h"
#include "engine/engine.h"
#include "engine/place.h"
#include "engine/progress.h"
#include "store/extras.h"

namespace parley::engine {
namespace {

using After = ListQuery::After;

constexpr std::size_t newly_read_max = 200;

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

Result<bool> wanted(store::Reader& reader, const ListQuery& query, const store::Membership& one) {
  if (!one.member.present() || one.conversation.deleted_seq.value != 0) return false;
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
                                       const ListQuery& query, const Cursor& as_of) {
  TRY(memberships, reader.memberships(user));
  std::vector<Listed> listed;
  for (store::Membership& one : memberships) {
    TRY(keep, wanted(reader, query, one));
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
  TRY(listed, list_as_of(reader, user, query, as_of));
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
      TRY(shown, last_message_in(reader, seen.conversation, policy));
      seen.last_message = std::move(shown);
    }
    if (seen.last_message && query.whole_messages)
      TRY_DO(add_progress(reader, seen.conversation, std::span(&*seen.last_message, 1)));
    page.items.push_back(std::move(seen));
  }
  if (more) page.next = listed.back().place;
  return page;
}

Result<std::vector<Message>> around(store::Reader& reader, const ConversationId& where, Seq seq,
                                    std::size_t limit) {
  using Towards = store::MessageRange::Towards;
  // Half below, the message itself and the rest above; newest first, as all pages but after_seq.
  std::size_t below = limit / 2;
  TRY(newer, reader.messages(
                 where, {Towards::newer, Seq{seq.value == 0 ? 0 : seq.value - 1}, limit - below}));
  TRY(older,
      reader.messages(where, {Towards::older, Seq{std::max<std::uint64_t>(seq.value, 1)}, below}));
  std::ranges::reverse(newer);
  newer.insert(newer.end(), older.begin(), older.end());
  return newer;
}

// What is gone takes no place on a page, so one may take more than one look.
Result<std::vector<Message>> read_living(store::Reader& reader, const ConversationId& where,
                                         const HistoryQuery& query) {
  std::vector<Message> found;
  TRY(conversation, reader.conversation(where));
  if (!conversation || query.offset >= conversation->message_count) return found;
  std::size_t passed = 0;
  Seq from = query.mode == HistoryQuery::Mode::before ? query.seq : Seq{};
  const std::size_t look = query.offset + query.limit;
  for (;;) {
    TRY(some, reader.messages(where, {store::MessageRange::Towards::older, from, look}));
    for (Message& one : some) {
      if (one.seq <= query.above || found.size() == query.limit) return found;
      if (!one.gone() && passed++ >= query.offset) found.push_back(std::move(one));
    }
    if (some.size() < look || some.back().seq.value <= 1) return found;
    from = some.back().seq;
  }
}

Result<std::vector<Message>> read_history(store::Reader& reader, const ConversationId& where,
                                          const HistoryQuery& query) {
  using Towards = store::MessageRange::Towards;
  using Mode = HistoryQuery::Mode;
  if (query.only_living) return read_living(reader, where, query);
  switch (query.mode) {
    case Mode::newest:
      return reader.messages(where, {Towards::older, Seq{}, query.limit});
    case Mode::before:
      if (query.seq.value <= 1) return std::vector<Message>{};  // 0 would mean: from the newest
      return reader.messages(where, {Towards::older, query.seq, query.limit});
    case Mode::after:
      return reader.messages(where, {Towards::newer, query.seq, query.limit});
    case Mode::around:
      return around(reader, where, query.seq, query.limit);
  }
  return std::vector<Message>{};
}

}  // namespace

Task<Result<ConversationView>> Engine::conversation(Caller caller, ConversationId where) {
  co_return co_await view(std::move(caller), where);
}

Task<Result<ListPage>> Engine::conversations(Caller caller, ListQuery query) {
  auto ask = [user = caller.user, policy = caller.policy, query](store::Reader& reader) {
    return list_page(reader, user, policy, query);
  };
  co_return co_await store_.read(std::move(ask));
}

Task<Result<std::optional<ConversationId>>> Engine::of_exactly(Caller caller,
                                                               std::vector<UserId> members) {
  auto ask = [user = std::move(caller.user), wanted = std::move(members)](
                 store::Reader& reader) -> Result<std::optional<ConversationId>> {
    TRY(memberships, reader.memberships(user));
    std::erase_if(memberships, [&](const store::Membership& one) {
      return !one.member.present() || one.conversation.deleted_seq.value != 0 ||
             one.conversation.members_count != wanted.size();
    });
    std::ranges::sort(memberships, std::greater{},
                      [](const store::Membership& one) { return one.conversation.updated_at; });
    for (const auto& [conversation, mine] : memberships) {
      TRY(there, reader.members(conversation.id, {}, wanted.size() + 1));
      if (std::ranges::equal(there, wanted, {}, &Member::user)) return conversation.id;
    }
    return std::nullopt;
  };
  co_return co_await store_.read(std::move(ask));
}

Task<Result<std::vector<Member>>> Engine::members(Caller caller, ConversationId where, UserId after,
                                                  std::size_t limit) {
  auto ask = [user = caller.user, where, after,
              limit](store::Reader& reader) -> Result<std::vector<Member>> {
    TRY_DO(seen_by(reader, user, where));
    return reader.members(where, after, limit);
  };
  co_return co_await store_.read(std::move(ask));
}

Task<Result<std::vector<Message>>> Engine::history(Caller caller, ConversationId where,
                                                   HistoryQuery query) {
  auto ask = [user = caller.user, where,
              query](store::Reader& reader) -> Result<std::vector<Message>> {
    TRY(at, seen_by(reader, user, where));
    TRY(messages, read_history(reader, where, query));
    TRY_DO(store::add_extras(reader, messages));
    if (query.with_progress) TRY_DO(add_progress(reader, at.conversation, messages));
    if (query.with_readers && at.conversation.settings.read_receipts)
      TRY_DO(store::add_readers(reader, messages));
    return messages;
  };
  co_return co_await store_.read(std::move(ask));
}

Task<Result<Message>> Engine::message(Caller caller, MessageId id) {
  auto ask = [user = caller.user, policy = caller.policy,
              id](store::Reader& reader) -> Result<Message> {
    TRY(found, reader.message(id));
    if (!found)
      return fail(Code::not_found, "there is no such message, or you are not in its conversation");
    TRY(at, seen_with_message(reader, user, found->conversation, policy));
    TRY_DO(store::add_extras(reader, *found));
    TRY_DO(add_progress(reader, at.conversation, std::span(&*found, 1)));
    return std::move(*found);
  };
  co_return co_await store_.read(std::move(ask));
}

Task<Result<store::SincePage>> Engine::since(Caller caller, std::optional<Cursor> cursor,
                                             std::size_t limit) {
  auto ask = [user = caller.user, cursor,
              limit](store::Reader& reader) -> Result<store::SincePage> {
    if (cursor) return store::read_since(reader, user, *cursor, limit);
    store::SincePage now;
    TRY(head, reader.head());
    now.next = std::move(head);
    return now;
  };
  co_return co_await store_.read(std::move(ask));
}

Task<Result<void>> Engine::mark_delivered(Caller caller, ConversationId where, Seq upto) {
  store::Change change = begin(caller, where);
  change.read = store::ReadMove{.user = caller.user, .upto = upto, .only_delivered = true};
  CO_TRY_DO(co_await commit(caller, std::move(change), nullptr));
  co_return Result<void>{};
}

Task<Result<Pointer>> Engine::mark_read(Caller caller, ConversationId where, MessageId id,
                                        Receipt receipt, Extent extent) {
  CO_TRY(last, co_await message(caller, id));
  if (last.conversation != where)
    co_return Error{Code::not_found, "that message is of another conversation", {}};
  const bool told_alone = extent == Extent::up_to_it_told_alone;
  for (int tries = 0; tries < stale_tries; ++tries) {
    std::optional<std::uint64_t> late;
    if (told_alone) {
      CO_TRY(found, co_await read_without_receipt(caller.user, last));
      late = found;
    }
    store::Change change = begin(caller, where);
    change.read = store::ReadMove{.user = caller.user,
                                  .upto = last.seq,
                                  .message = id,
                                  .silently = receipt == Receipt::silent,
                                  .only_that_one = extent == Extent::only_it,
                                  .told_alone = told_alone,
                                  .late = late};
    CO_TRY(done, co_await commit(caller, std::move(change), nullptr));
    if (done.outcome == store::Outcome::stale) continue;
    if (done.outcome != store::Outcome::committed || !done.pointer)
      co_return Error{Code::not_found, "there is no such conversation, or you are not in it", {}};
    if (done.pointer_moved) tell_authors(caller, *done.pointer);
    co_return *done.pointer;
  }
  co_return too_much_changing();
}

// Where the reader's pointer stands, if they have read this and nobody was told.
Task<Result<std::optional<std::uint64_t>>> Engine::read_without_receipt(UserId user,
                                                                        Message message) {
  auto ask = [user = std::move(user), where = message.conversation,
              seq = message.seq](store::Reader& reader) -> Result<std::optional<std::uint64_t>> {
    TRY(member, reader.member(where, user));
    if (!member || !member->has_read(seq) || !member->own.read_receipts) return std::nullopt;
    TRY(readings, reader.readings(where, seq, seq));
    const bool told = std::ranges::any_of(readings, [&](const Reading& one) {
      return one.user == user && one.span.from <= seq && seq <= one.span.upto;
    });
    return told ? std::nullopt : std::optional{member->read_position};
  };
  co_return co_await store_.read(std::move(ask));
}

Task<Result<std::vector<Message>>> Engine::with_readers(Caller caller,
                                                        std::vector<Message> messages) {
  auto ask = [user = caller.user, all = std::move(messages)](
                 store::Reader& reader) mutable -> Result<std::vector<Message>> {
    for (auto from = all.begin(); from != all.end();) {
      const auto upto = std::find_if(from, all.end(), [&](const Message& one) {
        return one.conversation != from->conversation;
      });
      TRY(at, seen_by(reader, user, from->conversation));
      if (at.conversation.settings.read_receipts)
        TRY_DO(store::add_readers(reader, std::span(from, upto)));
      from = upto;
    }
    return std::move(all);
  };
  co_return co_await store_.read(std::move(ask));
}

Task<Result<std::vector<std::optional<MessageId>>>> Engine::last_read(Caller caller,
                                                                      ConversationId where,
                                                                      std::vector<Member> members) {
  auto ask = [user = std::move(caller.user), where, members = std::move(members)](
                 store::Reader& reader) -> Result<std::vector<std::optional<MessageId>>> {
    TRY_DO(seen_by(reader, user, where));
    // Most have read equally far.
    std::map<Seq, std::vector<Message>> upto;
    std::vector<std::optional<MessageId>> all;
    for (const Member& one : members) {
      const Seq newest = one.read_beyond.empty() ? one.read_seq : one.read_beyond.all().back().upto;
      auto at = upto.find(newest);
      if (at == upto.end()) {
        TRY(read, reader.messages(where, {store::MessageRange::Towards::older,
                                          Seq{newest.value + 1}, newly_read_max}));
        at = upto.emplace(newest, std::move(read)).first;
      }
      auto last = std::ranges::find_if(at->second, [&](const Message& message) {
        return message.sender != one.user && !message.gone() && message.seq > one.joined_seq;
      });
      all.push_back(last == at->second.end() ? std::nullopt : std::optional{last->id});
    }
    return all;
  };
  co_return co_await store_.read(std::move(ask));
}

// In large conversations only those are told whose messages were read.
void Engine::tell_authors(const Caller& caller, const Pointer& pointer) {
  if (!pointer.receipts || pointer.members_count <= pointers_shown_up_to_members) return;
  auto tell = [this, pointer](const Result<std::vector<Message>>& read) {
    if (!read) return;
    Signal signal;
    signal.kind = Signal::Kind::reading;
    signal.user = pointer.user;
    for (const Message& one : *read)
      if (std::ranges::find(signal.to, one.sender) == signal.to.end())
        signal.to.push_back(one.sender);
    signal.pointer = std::make_shared<const Pointer>(pointer);
    if (!signal.to.empty()) bus_.publish(signal);
  };
  spawn(newly_read(caller, pointer), std::move(tell));
}

Task<Result<std::vector<Message>>> Engine::newly_read(Caller caller, Pointer pointer) {
  auto ask = [user = caller.user,
              pointer = std::move(pointer)](store::Reader& reader) -> Result<std::vector<Message>> {
    TRY_DO(seen_by(reader, user, pointer.conversation));
    std::vector<Message> all;
    for (const SeqSpan& span : pointer.marked) {
      TRY(some,
          reader.messages(pointer.conversation, {.towards = store::MessageRange::Towards::older,
                                                 .from = Seq{span.upto.value + 1},
                                                 .limit = newly_read_max}));
      for (Message& one : some)
        if (one.seq >= span.from && one.sender != pointer.user && !one.gone())
          all.push_back(std::move(one));
    }
    std::ranges::sort(all, {}, &Message::seq);
    return all;
  };
  co_return co_await store_.read(std::move(ask));
}

Task<Result<Pointer>> Engine::mark_read(Caller caller, ConversationId where, Seq upto, Turn& turn) {
  store::Change change = begin(caller, where);
  change.read = store::ReadMove{.user = caller.user, .upto = upto};
  CO_TRY(done, co_await commit(caller, std::move(change), &turn));
  if (done.outcome == store::Outcome::beyond)
    co_return Error{Code::unprocessable, "seq is beyond the last event of this conversation", {}};
  if (done.outcome != store::Outcome::committed || !done.pointer)
    co_return Error{Code::not_found, "there is no such conversation, or you are not in it", {}};
  if (done.pointer_moved) tell_authors(caller, *done.pointer);
  co_return *done.pointer;
}

}  // namespace parley::engine
