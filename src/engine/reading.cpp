// What a person may see: a conversation, its members, its history; and how far they have read.
#include <algorithm>
#include <map>

#include "base/unicode.h"
#include "engine/engine.h"
#include "engine/place.h"
#include "engine/progress.h"
#include "store/extras.h"

namespace parley::engine {
namespace {

constexpr std::size_t newly_read_max = 200;
constexpr std::size_t looked_at_once = 1'000;

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

// What is left out or passed over takes no place on a page, so one may take more than one look. Nothing up to `unseen`.
Result<std::vector<Message>> read_sifted(store::Reader& reader, const Conversation& conversation,
                                         const HistoryQuery& query, Seq unseen) {
  using Towards = store::MessageRange::Towards;
  using Mode = HistoryQuery::Mode;
  std::vector<Message> found;
  const std::uint64_t most =
      query.only_living ? conversation.message_count : conversation.last_seq.value;
  if (query.limit == 0 || query.offset >= most) return found;
  const bool onwards = query.mode == Mode::after;
  if (query.mode == Mode::before && query.seq.value <= 1) return found;
  Seq from = query.mode == Mode::newest ? Seq{} : query.seq;
  std::size_t passed = 0;
  const std::size_t look = std::min(query.offset + query.limit, looked_at_once);
  for (;;) {
    TRY(some,
        reader.messages(conversation.id, {onwards ? Towards::newer : Towards::older, from, look}));
    for (Message& one : some) {
      if (one.seq <= unseen && !onwards) return found;
      if (one.seq <= unseen || (query.only_living && one.gone())) continue;
      if (passed++ < query.offset) continue;
      found.push_back(std::move(one));
      if (found.size() == query.limit) return found;
    }
    if (some.size() < look) return found;
    from = some.back().seq;
    if (!onwards && from.value <= 1) return found;
  }
}

Result<std::vector<Message>> read_history(store::Reader& reader, const Conversation& at,
                                          const HistoryQuery& query, Seq unseen) {
  using Towards = store::MessageRange::Towards;
  using Mode = HistoryQuery::Mode;
  if (query.mode == Mode::around) return around(reader, at.id, query.seq, query.limit);
  if (query.only_living || query.offset > 0 || unseen.value > 0)
    return read_sifted(reader, at, query, unseen);
  switch (query.mode) {
    case Mode::before:
      if (query.seq.value <= 1) return std::vector<Message>{};  // 0 would mean: from the newest
      return reader.messages(at.id, {Towards::older, query.seq, query.limit});
    case Mode::after:
      return reader.messages(at.id, {Towards::newer, query.seq, query.limit});
    default:
      return reader.messages(at.id, {Towards::older, Seq{}, query.limit});
  }
}

}  // namespace

Task<Result<ConversationView>> Engine::conversation(Caller caller, ConversationId where) {
  co_return co_await view(std::move(caller), where);
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
  auto ask = [user = caller.user, policy = caller.policy, where,
              query](store::Reader& reader) -> Result<std::vector<Message>> {
    TRY(at, seen_by(reader, user, where));
    TRY(messages, read_history(reader, at.conversation, query, unseen_upto(at.member, policy)));
    TRY_DO(store::add_extras(reader, messages));
    if (query.with_progress) TRY_DO(add_progress(reader, at.conversation, messages));
    if (query.with_readers && at.conversation.settings.read_receipts)
      TRY_DO(store::add_readers(reader, messages));
    return messages;
  };
  co_return co_await store_.browse(std::move(ask));
}

Task<Result<Message>> Engine::message(Caller caller, MessageId id) {
  auto ask = [user = caller.user, policy = caller.policy,
              id](store::Reader& reader) -> Result<Message> {
    TRY(found, reader.message(id));
    if (!found)
      return fail(Code::not_found, "there is no such message, or you are not in its conversation");
    TRY(at, seen_with_message(reader, user, found->conversation, policy));
    if (found->seq <= unseen_upto(at.member, policy))
      return fail(Code::not_found, "there is no such message, or you are not in its conversation");
    TRY_DO(store::add_extras(reader, *found));
    TRY_DO(add_progress(reader, at.conversation, std::span(&*found, 1)));
    return std::move(*found);
  };
  co_return co_await store_.read(std::move(ask));
}

Task<Result<void>> Engine::mark_delivered(Caller caller, ConversationId where, Seq upto,
                                          std::vector<UserId> authors) {
  store::Change change = begin(caller, where);
  change.read = store::ReadMove{.user = caller.user, .upto = upto, .only_delivered = true};
  CO_TRY(done, co_await commit(caller, std::move(change), nullptr));
  if (done.pointer && done.pointer_moved) tell(std::move(authors), *done.pointer);
  co_return Result<void>{};
}

Task<Result<Pointer>> Engine::mark_read(Caller caller, ConversationId where, MessageId id,
                                        Receipt receipt, Extent extent) {
  CO_TRY(last, co_await message(caller, id));
  if (last.conversation != where)
    co_return Error{Code::not_found, "that message is of another conversation", {}};
  const bool alone = extent != Extent::up_to_it;
  if (alone && last.gone()) co_return Error{Code::gone, "the message was deleted or recalled", {}};
  if (alone && last.sender == caller.user) {
    Pointer unmoved;
    unmoved.conversation = where;
    unmoved.user = std::move(caller.user);
    co_return unmoved;
  }
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

// In large conversations only those are told whose messages were read, or taken.
void Engine::tell(std::vector<UserId> authors, const Pointer& pointer) {
  if (authors.empty() || !pointer.receipts || pointer.members_count <= pointers_shown_up_to_members)
    return;
  Signal signal;
  signal.kind = Signal::Kind::reading;
  signal.user = pointer.user;
  signal.to = std::move(authors);
  signal.pointer = std::make_shared<const Pointer>(pointer);
  bus_.publish(signal);
}

void Engine::tell_authors(const Caller& caller, const Pointer& pointer) {
  if (!pointer.receipts || pointer.members_count <= pointers_shown_up_to_members) return;
  auto tell_them = [this, pointer](const Result<std::vector<Message>>& read) {
    if (!read) return;
    std::vector<UserId> authors;
    for (const Message& one : *read)
      if (std::ranges::find(authors, one.sender) == authors.end()) authors.push_back(one.sender);
    tell(std::move(authors), pointer);
  };
  spawn(newly_read(caller, pointer), std::move(tell_them));
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
