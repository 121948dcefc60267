#include "dialects/native/bans.h"

#include "base/json.h"
#include "base/json_writer.h"

namespace parley::native {
namespace {

constexpr std::size_t page = 500;

Time until_in(const store::Record& record) {
  auto body = parse_json_object(record.body);
  const auto micros = body ? body->number("until") : std::nullopt;
  return micros && *micros ? from_micros(**micros) : Time::max();
}

}  // namespace

Task<Result<void>> Bans::load(engine::Engine& engine) {
  std::string after;
  std::map<std::string, Time> all;
  for (;;) {
    CO_TRY(some, co_await engine.records(std::string(space), {},
                                         {.after = after, .limit = page, .newest_first = false}));
    for (const store::Record& one : some) {
      all[one.key] = until_in(one);
      after = one.key;
    }
    if (some.size() < page) break;
  }
  banned_->replace(std::move(all));
  co_return Result<void>{};
}

Task<Result<void>> Bans::ban(engine::Engine& engine, engine::Caller caller, UserId user,
                             std::optional<Time> until, std::string reason) {
  std::string body;
  JsonWriter json(body);
  json.open();
  json.field("by", caller.user.text);
  if (until) json.field("until", to_micros(*until));
  if (!reason.empty()) json.field("reason", reason);
  json.close();
  std::vector<store::RecordSet> sets{{std::string(space), {}, user.text, std::move(body), {}}};
  CO_TRY_DO(co_await engine.put_records(std::move(caller), std::move(sets)));
  banned_->set(user.text, until.value_or(Time::max()));
  engine.tell_of_change(space);
  Signal out;
  out.kind = Signal::Kind::logout;
  out.user = user;
  out.to = {std::move(user)};
  engine.tell(out);
  co_return Result<void>{};
}

Task<Result<void>> Bans::lift(engine::Engine& engine, engine::Caller caller, UserId user) {
  std::vector<store::RecordSet> sets{{std::string(space), {}, user.text, std::nullopt, {}}};
  CO_TRY_DO(co_await engine.put_records(std::move(caller), std::move(sets)));
  banned_->lift(user.text);
  engine.tell_of_change(space);
  co_return Result<void>{};
}

}  // namespace parley::native
