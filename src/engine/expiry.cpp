// Messages that go by themselves: named in a list by the time at which they do, written with them.
#include "engine/expiry.h"

#include "base/json.h"
#include "base/json_writer.h"
#include "engine/engine.h"

namespace parley::engine {
namespace {

constexpr std::size_t expired_at_once = 200;

store::RecordSet entry(std::string key, std::optional<std::string> body) {
  return {std::string(expiring_space), {}, std::move(key), std::move(body), {}};
}

// Sorts as the times do.
std::string time_key(Time at) {
  constexpr std::string_view digits = "0123456789abcdef";
  const auto micros = static_cast<std::uint64_t>(to_micros(at));
  std::string key;
  for (int shift = 60; shift >= 0; shift -= 4) key += digits[(micros >> shift) & 15];
  return key;
}

}  // namespace

store::RecordSet expiring(const Message& message) {
  return entry(time_key(message.expires_at) + message.id.text(), "{}");
}

// As if its sender had deleted it.
Task<Result<void>> Engine::expire(std::string key) {
  const MessageId id =
      MessageId::parse(std::string_view(key).substr(time_key({}).size())).value_or(MessageId{});
  auto ask = [id](store::Reader& reader) { return reader.message(id); };
  CO_TRY(message, co_await store_.read(std::move(ask)));
  if (message && !message->gone()) {
    Caller sender;
    sender.user = message->sender;
    store::Change change = begin(sender, message->conversation);
    change.amends = store::Amendment{.id = id,
                                     .seq = message->seq,
                                     .what = store::Amendment::What::deletes,
                                     .text = {},
                                     .metadata = {},
                                     .attachments = {},
                                     .mentions = {}};
    std::vector<std::string> files = files_in(message->attachments, message->metadata);
    change.beside = perhaps_loose(files);
    change.beside.push_back(entry(key, std::nullopt));
    change.events.push_back(draft(EventKind::message_deleted));
    CO_TRY(done, co_await commit(sender, std::move(change), nullptr));
    if (!files.empty()) CO_TRY_DO(co_await let_go_of(std::move(files)));
    if (done.outcome == store::Outcome::committed) co_return Result<void>{};
  }
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
