// What becomes of a message: edits, deletion, recall.
#include "engine/decide.h"
#include "engine/engine.h"
#include "engine/place.h"
#include "store/extras.h"

namespace parley::engine {
namespace {

using What = store::Amendment::What;

std::unexpected<Error> no_such_message() {
  return fail(Code::not_found, "there is no such message, or you are not in its conversation");
}

// Those that are given; else those that still fit into the text.
std::optional<std::vector<Mention>> mentions_after(const EditMessage& command,
                                                   const Message& message) {
  if (command.mentions || message.mentions.empty() || !command.text) return command.mentions;
  std::vector<Mention> kept = message.mentions;
  const std::size_t length = code_points(*command.text);
  std::erase_if(kept, [&](const Mention& one) { return one.offset + one.length > length; });
  return kept;
}

bool changes_nothing(const EditMessage& command, const Message& message) {
  return command.text == message.text && !command.metadata && !command.mentions;
}

Error already_gone() { return {Code::gone, "the message was deleted or recalled", {}}; }

}  // namespace

Task<Result<Engine::Found>> Engine::find_message(const Caller& caller, MessageId id) {
  auto ask = [user = caller.user, policy = caller.policy,
              id](store::Reader& reader) -> Result<Found> {
    TRY(message, reader.message(id));
    if (!message) return no_such_message();
    TRY(at, seen_with_message(reader, user, message->conversation, policy));
    TRY(standing, standing_in(reader, at));
    return Found{std::move(*message), standing};
  };
  co_return co_await store_.read(std::move(ask));
}

Task<Result<store::Committed>> Engine::amend(const Caller& caller, const Found& found,
                                             store::Amendment amendment, EventKind kind,
                                             Turn& turn) {
  store::Change change = begin(caller, found.message.conversation);
  change.expects = found.standing.version;
  amendment.id = found.message.id;
  amendment.seq = found.message.seq;
  const bool goes = amendment.what == What::deletes || amendment.what == What::recalls;
  std::vector<std::string> files;
  if (goes) files = files_in(found.message.attachments, found.message.metadata);
  change.amends = std::move(amendment);
  change.beside = perhaps_loose(files);
  change.events.push_back(draft(kind));
  CO_TRY(done, co_await commit(caller, std::move(change), &turn));
  // What is not done now is done by the next sweep.
  if (!files.empty() && done.outcome == store::Outcome::committed)
    spawn(let_go_of(std::move(files)), [](const auto& /*gone*/) {});
  co_return done;
}

Task<Result<Message>> Engine::edit(Caller caller, EditMessage command, Turn& turn) {
  for (int tries = 0; tries < stale_tries; ++tries) {
    CO_TRY(found, co_await find_message(caller, command.id));
    CO_TRY_DO(may_edit(found.message, caller.user, found.standing));
    CO_TRY_DO(check_edit(command, found.message, caller.rank, *caller.policy, limits_));
    if (caller.policy->same_text_is_no_edit && changes_nothing(command, found.message))
      co_return std::move(found.message);
    if (command.mentions) {
      auto ask = [where = found.message.conversation, mentions = *command.mentions,
                  strangers = caller.policy->mentioned_strangers](store::Reader& reader) {
        return members_named(reader, where, mentions, strangers);
      };
      CO_TRY(named, co_await store_.read(std::move(ask)));
      command.mentions = std::move(named);
    }
    auto look = [seen = found.message](store::Reader& reader) mutable -> Result<Message> {
      TRY_DO(store::add_extras(reader, seen));
      return std::move(seen);
    };
    CO_TRY(seen, co_await store_.read(std::move(look)));
    store::Amendment amendment{.id = {},
                               .seq = {},
                               .what = What::edits,
                               .text = command.text,
                               .metadata = command.metadata,
                               .mentions = mentions_after(command, found.message),
                               .seen_as = std::make_shared<const Message>(std::move(seen))};
    CO_TRY(done,
           co_await amend(caller, found, std::move(amendment), EventKind::message_updated, turn));
    if (done.outcome == store::Outcome::stale) continue;
    if (done.outcome == store::Outcome::gone) co_return already_gone();
    if (done.outcome != store::Outcome::committed) co_return no_such_message().error();
    co_return *done.events.front()->message;
  }
  co_return too_much_changing();
}

Task<Result<void>> Engine::remove_message(Caller caller, MessageId id, Turn& turn) {
  for (int tries = 0; tries < stale_tries; ++tries) {
    CO_TRY(found, co_await find_message(caller, id));
    CO_TRY_DO(may_delete(found.message, caller.user, found.standing, *caller.policy));
    if (found.message.gone()) co_return Result<void>{};
    store::Amendment amendment{
        .id = {}, .seq = {}, .what = What::deletes, .text = {}, .metadata = {}, .mentions = {}};
    CO_TRY(done,
           co_await amend(caller, found, std::move(amendment), EventKind::message_deleted, turn));
    if (done.outcome == store::Outcome::stale) continue;
    if (done.outcome != store::Outcome::committed && done.outcome != store::Outcome::gone)
      co_return no_such_message().error();
    co_return Result<void>{};
  }
  co_return too_much_changing();
}

Task<Result<Message>> Engine::recall(Caller caller, MessageId id, Turn& turn) {
  for (int tries = 0; tries < stale_tries; ++tries) {
    CO_TRY(found, co_await find_message(caller, id));
    CO_TRY_DO(may_recall(found.message, caller.user, clock_.now(), *caller.policy));
    store::Amendment amendment{
        .id = {}, .seq = {}, .what = What::recalls, .text = {}, .metadata = {}, .mentions = {}};
    CO_TRY(done,
           co_await amend(caller, found, std::move(amendment), EventKind::message_recalled, turn));
    if (done.outcome == store::Outcome::stale) continue;
    if (done.outcome == store::Outcome::gone) co_return already_gone();
    if (done.outcome != store::Outcome::committed) co_return no_such_message().error();
    co_return *done.events.front()->message;
  }
  co_return too_much_changing();
}

Task<Result<std::vector<store::EarlierText>>> Engine::edits(Caller caller, MessageId id) {
  auto ask = [user = caller.user, policy = caller.policy,
              id](store::Reader& reader) -> Result<std::vector<store::EarlierText>> {
    TRY(message, reader.message(id));
    if (!message) return no_such_message();
    TRY_DO(seen_with_message(reader, user, message->conversation, policy));
    return reader.edits(id);
  };
  co_return co_await store_.read(std::move(ask));
}

}  // namespace parley::engine
