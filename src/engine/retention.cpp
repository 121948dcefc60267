// Messages that go after so many days: the conversations that are set so are a list; each is read on from where the last
// look ended, and what is too old goes in small batches, each one commit among the others.
#include "engine/retention.h"

#include "base/json.h"
#include "engine/engine.h"

namespace parley::engine {
namespace {

constexpr std::string_view space = "retention";
constexpr std::size_t conversations_at_once = 100;
constexpr std::size_t messages_at_once = 50;

store::RecordSet entry(std::string conversation, std::optional<std::string> body) {
  return {std::string(space), {}, std::move(conversation), std::move(body), {}};
}

Seq looked_through(const store::Record& record) {
  auto body = parse_json_object(record.body);
  const auto upto = body ? body->number("upto") : std::nullopt;
  return Seq{upto && *upto ? static_cast<std::uint64_t>(**upto) : 0};
}

}  // namespace

store::RecordSet retaining(const ConversationId& where, std::uint32_t days) {
  return entry(where.text(), days == 0 ? std::nullopt : std::optional(std::string("{}")));
}

Task<Result<void>> Engine::retain_messages() {
  std::string after;
  for (;;) {
    CO_TRY(some, co_await records(std::string(space), {},
                                  {.after = after, .limit = conversations_at_once}));
    for (const store::Record& one : some) {
      after = one.key;
      CO_TRY_DO(co_await retain_in(one));
    }
    if (some.size() < conversations_at_once) co_return Result<void>{};
  }
}

// The next ones that are too old. `upto`: the last that was looked at.
struct Engine::Old {
  bool kept = true;  // the conversation is there, and is still set so
  std::vector<Message> messages;
  Seq upto;
  bool more = false;
};

Task<Result<Engine::Old>> Engine::old_messages(ConversationId where, Seq after) {
  auto ask = [where, after, now = clock_.now()](store::Reader& reader) -> Result<Old> {
    Old old;
    old.upto = after;
    TRY(conversation, reader.conversation(where));
    old.kept = conversation && conversation->deleted_seq.value == 0 &&
               conversation->settings.retention_days != 0;
    if (!old.kept) return old;
    const Time horizon = now - std::chrono::days{conversation->settings.retention_days};
    TRY(messages,
        reader.messages(where, {store::MessageRange::Towards::newer, after, messages_at_once}));
    old.more = messages.size() == messages_at_once;
    for (Message& one : messages) {
      if (one.created_at >= horizon) {
        old.more = false;
        break;
      }
      old.upto = one.seq;
      if (!one.gone()) old.messages.push_back(std::move(one));
    }
    return old;
  };
  co_return co_await store_.read(std::move(ask));
}

Task<Result<void>> Engine::retain_in(store::Record record) {
  const auto where = ConversationId::parse(record.key);
  Seq upto = looked_through(record);
  const Seq before = upto;
  for (bool more = where.has_value(); more;) {
    CO_TRY(old, co_await old_messages(*where, upto));
    if (!old.kept) {
      std::vector<store::RecordSet> sets{entry(record.key, std::nullopt)};
      co_return co_await put_records(Caller{}, std::move(sets));
    }
    CO_TRY_DO(co_await let_messages_go(std::move(old.messages)));
    upto = old.upto;
    more = old.more;
  }
  if (upto == before) co_return Result<void>{};
  auto looked = entry(record.key, R"({"upto":)" + std::to_string(upto.value) + '}');
  looked.expects = record.version;
  std::vector<store::RecordSet> sets{std::move(looked)};
  auto done = co_await put_records(Caller{}, std::move(sets));
  // The setting has changed meanwhile: it is looked through anew.
  if (!done && done.error().code != Code::conflict) co_return done;
  co_return Result<void>{};
}

}  // namespace parley::engine
