// What a service tells people: kept until they have read it, and shown to those who are there.
#include "base/json.h"
#include "base/json_writer.h"
#include "base/unicode.h"
#include "engine/decide.h"
#include "engine/engine.h"

namespace parley::engine {
namespace {

constexpr std::size_t users_max = 1'000;
constexpr std::size_t title_max = 200;
constexpr std::size_t body_max = 2'000;
constexpr std::size_t type_max = 64;
constexpr std::size_t page = 500;
constexpr std::string_view unread_mark = R"("read":false)";

Result<void> check(const Notice& notice, Rank rank, const Limits& limits) {
  if (rank == Rank::user)
    return fail(Code::forbidden, "notifications come from a service or an admin only");
  if (notice.users.empty() || notice.users.size() > users_max)
    return fail(Code::unprocessable, "name 1 to " + std::to_string(users_max) + " users");
  for (const UserId& user : notice.users)
    if (!valid_user_id(user.text))
      return fail(Code::unprocessable, "a user's id is 1 to 128 bytes of printable UTF-8");
  if (notice.type.empty() || notice.type.size() > type_max)
    return fail(Code::unprocessable, "type is 1 to " + std::to_string(type_max) + " bytes");
  if (notice.title.empty() || code_points(notice.title) > title_max)
    return fail(Code::unprocessable, "title is 1 to " + std::to_string(title_max) + " characters");
  if (code_points(notice.body) > body_max)
    return fail(Code::too_large, "body has more than " + std::to_string(body_max) + " characters");
  if (notice.data.size() > limits.metadata_bytes)
    return fail(Code::too_large,
                "data has more than " + std::to_string(limits.metadata_bytes) + " bytes");
  return {};
}

// `read` comes last, where it can be turned without reading the rest.
std::string json_of(const Notice& notice, const std::string& id, Time at) {
  std::string out;
  JsonWriter json(out);
  json.open();
  json.field("id", id);
  json.field("type", notice.type);
  json.field("title", notice.title);
  if (!notice.body.empty()) json.field("body", notice.body);
  if (!notice.data.empty()) json.raw_field("data", notice.data);
  json.field("created_at", at);
  json.field("read", false);
  json.close();
  return out;
}

bool is_unread(const store::Record& record) {
  return record.body.size() > unread_mark.size() &&
         std::string_view(record.body).substr(0, record.body.size() - 1).ends_with(unread_mark);
}

store::RecordSet as_read(const store::Record& record) {
  std::string body = record.body;
  body.replace(body.size() - 1 - unread_mark.size(), unread_mark.size(), R"("read":true)");
  return {record.space, record.owner, record.key, std::move(body), record.version};
}

}  // namespace

Task<Result<void>> Engine::notify(Caller caller, Notice notice) {
  CO_TRY_DO(check(notice, caller.rank, limits_));
  const std::vector<UserId> users = std::move(notice.users);
  for (const UserId& user : users) {
    std::string id = fresh_key();
    std::string body = json_of(notice, id, clock_.now());
    std::vector<store::RecordSet> sets{
        {std::string(notifications_space), user.text, std::move(id), body, {}}};
    CO_TRY_DO(co_await put_records(caller, std::move(sets)));
    Signal signal;
    signal.kind = Signal::Kind::notification;
    signal.space = notifications_space;
    signal.to = {user};
    signal.details = std::move(body);
    bus_.publish(signal);
  }
  co_return Result<void>{};
}

Task<Result<std::vector<store::Record>>> Engine::notifications(Caller caller, std::string before,
                                                               std::size_t limit,
                                                               bool unread_only) {
  std::vector<store::Record> found;
  for (;;) {
    CO_TRY(some, co_await records(std::string(notifications_space), caller.user.text,
                                  {.after = before, .limit = page, .newest_first = true}));
    for (store::Record& one : some) {
      before = one.key;
      if (unread_only && !is_unread(one)) continue;
      found.push_back(std::move(one));
      if (found.size() == limit) co_return found;
    }
    if (some.size() < page) co_return found;
  }
}

Task<Result<void>> Engine::read_notification(Caller caller, std::string id) {
  CO_TRY(kept, co_await record(std::string(notifications_space), caller.user.text, std::move(id)));
  if (!kept) co_return Error{Code::not_found, "there is no such notification of yours", {}};
  if (!is_unread(*kept)) co_return Result<void>{};
  std::vector<store::RecordSet> sets{as_read(*kept)};
  auto done = co_await put_records(std::move(caller), std::move(sets));
  // Somebody else has read it meanwhile: on another device.
  if (!done && done.error().code != Code::conflict) co_return done;
  co_return Result<void>{};
}

Task<Result<void>> Engine::read_notifications(Caller caller) {
  CO_TRY(unread, co_await notifications(caller, "", SIZE_MAX, true));
  for (const store::Record& one : unread) CO_TRY_DO(co_await read_notification(caller, one.key));
  co_return Result<void>{};
}

}  // namespace parley::engine
