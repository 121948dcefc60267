// Who lets whom write to them, and who is whose company.
#include <set>

#include "base/json_writer.h"
#include "base/unicode.h"
#include "engine/decide.h"
#include "engine/engine.h"
#include "engine/pair.h"

namespace parley::engine {
namespace {

constexpr std::size_t contacts_max = 2'000;
constexpr std::size_t reason_max = 1'000;
constexpr std::string_view reports_space = "reports";

}  // namespace

Task<Result<void>> Engine::block(Caller caller, UserId whom, bool on) {
  if (!valid_user_id(whom.text))
    co_return Error{Code::unprocessable, "a user's id is 1 to 128 bytes of printable UTF-8", {}};
  if (whom == caller.user) co_return Error{Code::unprocessable, "nobody blocks themselves", {}};
  store::Change change =
      begin(caller, in_the_lane_of_the_pair(ConversationId{ids_.make()}, caller.user, whom));
  change.block = store::BlockSet{.blocker = caller.user, .blocked = whom, .on = on};
  CO_TRY_DO(co_await commit(caller, std::move(change), nullptr));
  Signal signal;
  signal.kind = Signal::Kind::blocks;
  signal.user = std::move(whom);
  signal.to = {caller.user};
  signal.on = on;
  bus_.publish(signal);
  co_return Result<void>{};
}

Task<Result<std::vector<store::Block>>> Engine::blocks(Caller caller, UserId after,
                                                       std::size_t limit) {
  auto ask = [user = caller.user, after, limit](store::Reader& reader) {
    return reader.blocks_of(user, after, limit);
  };
  co_return co_await store_.read(std::move(ask));
}

Task<Result<std::vector<UserId>>> Engine::not_blocking(Caller caller, std::vector<UserId> users) {
  auto ask = [user = caller.user,
              users = std::move(users)](store::Reader& reader) -> Result<std::vector<UserId>> {
    std::vector<UserId> open;
    for (const UserId& one : users) {
      TRY(blocked, reader.blocks(one, user));
      if (!blocked) open.push_back(one);
    }
    return open;
  };
  co_return co_await store_.read(std::move(ask));
}

Task<Result<std::string>> Engine::report(Caller caller, Report report) {
  if (report.message.has_value() == report.user.has_value())
    co_return Error{Code::unprocessable, "a report is about a message or a user", {}};
  if (code_points(report.reason) > reason_max)
    co_return Error{
        Code::too_large, "reason has more than " + std::to_string(reason_max) + " characters", {}};
  if (report.user && !valid_user_id(report.user->text))
    co_return Error{Code::unprocessable, "a user's id is 1 to 128 bytes of printable UTF-8", {}};
  if (report.message) CO_TRY_DO(co_await message(caller, *report.message));
  std::string body;
  JsonWriter json(body);
  json.open();
  json.field("reporter", caller.user.text);
  if (report.message) json.field("message_id", *report.message);
  if (report.user) json.field("user_id", report.user->text);
  json.field("reason", report.reason);
  json.close();
  std::string id = fresh_key();
  std::vector<store::RecordSet> sets{{std::string(reports_space), "", id, std::move(body), {}}};
  CO_TRY_DO(co_await put_records(std::move(caller), std::move(sets)));
  co_return id;
}

Task<Result<std::vector<store::Record>>> Engine::reports(Caller caller, std::string before,
                                                         std::size_t limit) {
  if (caller.rank != Rank::admin)
    co_return Error{Code::forbidden, "reports are for tokens with the role admin", {}};
  co_return co_await records(std::string(reports_space), "",
                             {.after = std::move(before), .limit = limit, .newest_first = true});
}

Task<Result<std::vector<UserId>>> Engine::contacts(Caller caller) {
  auto ask = [user = caller.user](store::Reader& reader) -> Result<std::vector<UserId>> {
    TRY(memberships, reader.memberships(user));
    std::set<UserId> all;
    for (const auto& [conversation, member] : memberships) {
      if (!member.present() || conversation.deleted_seq.value != 0) continue;
      if (all.size() >= contacts_max) break;
      TRY(members, reader.members(conversation.id, {}, contacts_max));
      for (const Member& one : members)
        if (one.user != user) all.insert(one.user);
    }
    return std::vector<UserId>(all.begin(), all.end());
  };
  co_return co_await store_.read(std::move(ask));
}

Task<Result<std::vector<UserId>>> Engine::partners(UserId user) {
  auto ask = [user = std::move(user)](store::Reader& reader) { return reader.partners(user); };
  co_return co_await store_.read(std::move(ask));
}

}  // namespace parley::engine
