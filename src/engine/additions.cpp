// What one adds to messages that are there: replies, reactions, pins, copies of them elsewhere.
#include "engine/decide.h"
#include "engine/engine.h"
#include "engine/fingerprint.h"
#include "engine/place.h"
#include "engine/progress.h"
#include "store/extras.h"

namespace parley::engine {
namespace {

std::unexpected<Error> no_such_message() {
  return fail(Code::not_found, "there is no such message, or you are not in its conversation");
}

// Nothing where nothing is named.
Result<std::shared_ptr<const Message>> target_of(store::Reader& reader, const MessageId& id,
                                                 const ConversationId& where,
                                                 std::string_view name) {
  if (id.empty()) return nullptr;
  TRY(target, reader.message(id));
  if (!target || target->conversation != where || target->gone())
    return fail(Code::unprocessable,
                std::string(name) + " must be a message of this conversation that is still there");
  return std::make_shared<const Message>(std::move(*target));
}

// The last ones before that place, oldest first.
Result<std::vector<Message>> last_replies(store::Reader& reader, const Message& top, Seq before,
                                          std::size_t limit) {
  constexpr std::size_t look = 500;
  std::vector<Message> last;
  for (Seq after{};;) {
    TRY(some, reader.replies(top, after, look));
    for (Message& one : some) {
      if (one.seq >= before) return last;
      after = one.seq;
      if (last.size() == limit) last.erase(last.begin());
      last.push_back(std::move(one));
    }
    if (some.size() < look) return last;
  }
}

constexpr std::size_t members_with_receipts = 5'000;
struct Named {
  std::shared_ptr<const Message> quoted;
  std::vector<Mention> members;
};

SendMessage copy_of(const Message& original, Time now) {
  SendMessage command;
  command.type = original.type;
  command.text = original.text;
  command.attachments = original.attachments;
  command.attachment_count = original.attachments.empty() ? 0 : 1;
  command.files = files_in(original.attachments, original.metadata);
  command.metadata = original.metadata;
  command.sealed = original.sealed;
  // A copy does not outlive what it is a copy of.
  if (original.expires_at != Time{})
    command.expires_in =
        std::max(std::chrono::seconds{1},
                 std::chrono::floor<std::chrono::seconds>(original.expires_at - now));
  command.forwarded_from = original.forwarded_from.value_or(
      Forwarded{original.id, original.conversation, original.sender});
  return command;
}

}  // namespace

// The messages and people that a message names: of this conversation, as the sender may see it. Who may not is told the
// same as always by the send itself.
Task<Result<void>> Engine::check_named(const Caller& caller, SendMessage& command) {
  auto ask = [user = caller.user, where = command.where, parent = command.parent,
              quote = command.quote, mentions = command.mentions,
              strangers =
                  caller.policy->mentioned_strangers](store::Reader& reader) -> Result<Named> {
    TRY_DO(seen_by(reader, user, where));
    TRY_DO(target_of(reader, parent, where, "parent_id"));
    TRY(quoted, target_of(reader, quote, where, "quote_id"));
    TRY(members, members_named(reader, where, mentions, strangers));
    return Named{std::move(quoted), std::move(members)};
  };
  CO_TRY(named, co_await store_.read(std::move(ask)));
  command.quoted = std::move(named.quoted);
  command.mentions = std::move(named.members);
  co_return Result<void>{};
}

Task<Result<bool>> Engine::react(Caller caller, MessageId id, std::string emoji, bool on,
                                 Turn& turn) {
  // What can't be there is not there: taking it back changes nothing.
  if (on) CO_TRY_DO(check_emoji(emoji, *caller.policy));
  for (int tries = 0; tries < stale_tries; ++tries) {
    CO_TRY(found, co_await find_message(caller, id));
    CO_TRY_DO(may_react(found.message, found.standing));
    store::Change change = begin(caller, found.message.conversation);
    change.expects = found.standing.version;
    change.reacts = store::ReactionSet{id, found.message.seq, emoji, on};
    store::EventDraft event = draft(on ? EventKind::reaction_added : EventKind::reaction_removed);
    event.subject = caller.user;
    event.details = emoji;
    change.events.push_back(std::move(event));
    CO_TRY(done, co_await commit(caller, std::move(change), &turn));
    if (done.outcome == store::Outcome::stale) continue;
    if (done.outcome == store::Outcome::gone)
      co_return Error{Code::gone, "the message was deleted or recalled", {}};
    if (done.outcome != store::Outcome::committed) co_return no_such_message().error();
    co_return !done.events.empty();
  }
  co_return too_much_changing();
}

Task<Result<Message>> Engine::pin(Caller caller, MessageId id, bool on) {
  Turn turn;
  for (int tries = 0; tries < stale_tries; ++tries) {
    CO_TRY(found, co_await find_message(caller, id));
    CO_TRY_DO(may_pin(found.message, found.standing));
    store::Amendment amendment{};
    amendment.what = on ? store::Amendment::What::pins : store::Amendment::What::unpins;
    CO_TRY(done,
           co_await amend(caller, found, std::move(amendment),
                          on ? EventKind::message_pinned : EventKind::message_unpinned, turn));
    if (done.outcome == store::Outcome::stale) continue;
    if (done.outcome == store::Outcome::gone)
      co_return Error{Code::gone, "the message was deleted or recalled", {}};
    if (done.outcome != store::Outcome::committed) co_return no_such_message().error();
    if (done.events.empty()) co_return std::move(found.message);
    co_return *done.events.front()->message;
  }
  co_return too_much_changing();
}

Task<Result<std::vector<Message>>> Engine::thread(Caller caller, MessageId parent, Seq after,
                                                  std::size_t limit, Seq before) {
  auto ask = [user = caller.user, policy = caller.policy, parent, after, limit,
              before](store::Reader& reader) -> Result<std::vector<Message>> {
    TRY(top, reader.message(parent));
    if (!top) return no_such_message();
    TRY_DO(seen_with_message(reader, user, top->conversation, policy));
    TRY(replies, before.value == 0 ? reader.replies(*top, after, limit)
                                   : last_replies(reader, *top, before, limit));
    TRY_DO(store::add_extras(reader, replies));
    TRY_DO(add_progress(reader, replies));
    return replies;
  };
  co_return co_await store_.browse(std::move(ask));
}

Task<Result<Engine::Receipts>> Engine::receipts(Caller caller, MessageId id) {
  auto ask = [user = caller.user, id](store::Reader& reader) -> Result<Receipts> {
    TRY(message, reader.message(id));
    if (!message) return no_such_message();
    auto at = seen_by(reader, user, message->conversation);
    if (!at) return no_such_message();
    Receipts receipts{std::move(*message), at->conversation.settings.read_receipts, {}};
    if (receipts.shown) TRY_DO(store::add_readers(reader, std::span(&receipts.message, 1)));
    TRY(members, reader.members(receipts.message.conversation, UserId{}, members_with_receipts));
    std::erase_if(members, [&](const Member& one) { return one.user == receipts.message.sender; });
    receipts.members = std::move(members);
    return receipts;
  };
  co_return co_await store_.read(std::move(ask));
}

Task<Result<std::vector<Message>>> Engine::pins(Caller caller, ConversationId where) {
  auto ask = [user = caller.user, where](store::Reader& reader) -> Result<std::vector<Message>> {
    TRY_DO(seen_by(reader, user, where));
    TRY(pinned, reader.pinned(where, 200));
    TRY_DO(store::add_extras(reader, pinned));
    TRY_DO(add_progress(reader, pinned));
    return pinned;
  };
  co_return co_await store_.read(std::move(ask));
}

Task<Result<std::vector<Result<Message>>>> Engine::forward(Caller caller, MessageId id,
                                                           std::vector<ConversationId> where,
                                                           std::string once,
                                                           std::vector<UserId> people) {
  const std::size_t count = where.size() + people.size();
  if (count == 0 || count > limits_.forwards)
    co_return Error{Code::unprocessable,
                    "name 1 to " + std::to_string(limits_.forwards) + " conversations",
                    {}};
  CO_TRY(original, co_await message(caller, id));
  if (original.gone()) co_return Error{Code::gone, "the message was deleted or recalled", {}};
  const SendMessage command = copy_of(original, clock_.now());
  std::vector<Result<Message>> copies;
  auto keep = [&](Result<Sent> sent) {
    if (sent)
      copies.emplace_back(*sent->message);
    else
      copies.emplace_back(std::unexpected(std::move(sent).error()));
  };
  for (const ConversationId& one : where) {
    SendMessage copy = command;
    copy.where = one;
    if (!once.empty())
      copy.once =
          "forward " + std::to_string(Fingerprint{}.add(once).add(id.raw()).add(one.raw()).value());
    Turn turn;
    keep(co_await send(caller, std::move(copy), turn));
  }
  for (UserId& one : people) {
    SendMessage copy = command;
    Turn turn;
    keep(co_await send_to(caller, std::move(one), std::move(copy), turn));
  }
  co_return copies;
}

}  // namespace parley::engine
