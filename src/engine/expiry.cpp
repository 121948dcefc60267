// Messages that go by themselves: named in a list by the time at which they do, written with them.
#include "engine/expiry.h"

#include "engine/engine.h"
#include "engine/fading.h"

namespace parley::engine {
namespace {

constexpr std::size_t expired_at_once = 200;

store::RecordSet entry(std::string key, std::optional<std::string> body) {
  return {std::string(expiring_space), {}, std::move(key), std::move(body), {}};
}

}  // namespace

store::RecordSet expiring(const Message& message) {
  return entry(time_key(message.expires_at) + message.id.text(), "{}");
}

store::RecordSet no_longer_expiring(const Message& message) {
  return entry(time_key(message.expires_at) + message.id.text(), std::nullopt);
}

// As if its sender had deleted it. Gone already: fine.
Task<Result<void>> Engine::let_message_go(Message message) {
  Caller sender;
  sender.user = message.sender;
  store::Change change = begin(sender, message.conversation);
  change.amends = store::Amendment{.id = message.id,
                                   .seq = message.seq,
                                   .what = store::Amendment::What::deletes,
                                   .text = {},
                                   .metadata = {},
                                   .attachments = {},
                                   .mentions = {}};
  std::vector<std::string> files = files_in(message.attachments, message.metadata);
  change.beside = perhaps_loose(files);
  if (message.expires_at != Time{}) change.beside.push_back(no_longer_expiring(message));
  change.events.push_back(draft(EventKind::message_deleted));
  CO_TRY_DO(co_await commit(sender, std::move(change), nullptr));
  if (!files.empty()) CO_TRY_DO(co_await let_go_of(std::move(files)));
  co_return Result<void>{};
}

// Submitted together, so that they share a commit.
Task<Result<void>> Engine::let_messages_go(std::vector<Message> messages) {
  if (messages.empty()) co_return Result<void>{};
  auto start = [&](auto done) {
    struct Together {
      decltype(done) finish;
      std::size_t left;
      Result<void> worst{};
    };
    auto together = std::make_shared<Together>(std::move(done), messages.size());
    for (Message& one : messages)
      spawn(let_message_go(std::move(one)), [together](const Result<void>& gone) {
        if (!gone) together->worst = gone;
        if (--together->left == 0) together->finish(std::move(together->worst));
      });
  };
  co_return co_await called_back<Result<void>>(std::move(start));
}

Task<Result<void>> Engine::expire(std::string key) {
  const MessageId id =
      MessageId::parse(std::string_view(key).substr(time_key({}).size())).value_or(MessageId{});
  auto ask = [id](store::Reader& reader) { return reader.message(id); };
  CO_TRY(message, co_await store_.read(std::move(ask)));
  if (message && !message->gone()) co_return co_await let_message_go(std::move(*message));
  std::vector<store::RecordSet> sets{entry(std::move(key), std::nullopt)};
  co_return co_await put_records(Caller{}, std::move(sets));
}

Task<Result<void>> Engine::expire_messages() {
  const std::string now = time_key(clock_.now());
  for (;;) {
    CO_TRY(due, co_await records(std::string(expiring_space), {},
                                 {.after = {}, .limit = expired_at_once, .newest_first = false}));
    for (const store::Record& one : due) {
      if (one.key.substr(0, now.size()) > now) co_return Result<void>{};
      CO_TRY_DO(co_await expire(one.key));
    }
    if (due.size() < expired_at_once) co_return Result<void>{};
  }
}

}  // namespace parley::engine
