// What a service tells people: kept until they have read it, and shown to those who are there. What is told to all is kept
// once; who has read it has a copy of their own, which says so.
#include "engine/notifications.h"

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
// Ids sort by the time at which they were made, which is nearly the order in which they took their places.
constexpr std::size_t look = 50;
constexpr std::size_t missed_max = 1'000;
constexpr std::string_view to_everybody;  // no user's id is empty
constexpr std::string_view unread_mark = R"("read":false)";

Result<void> check(const Notice& notice, Rank rank, const Limits& limits) {
  if (rank == Rank::user)
    return fail(Code::forbidden, "notifications come from a service or an admin only");
  if (notice.to_all != notice.users.empty() || notice.users.size() > users_max)
    return fail(Code::unprocessable,
                "name 1 to " + std::to_string(users_max) + " users as user_ids, or say all");
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

// Of what was told to all: a copy of the reader's own.
store::RecordSet as_read(const store::Record& record, const UserId& reader) {
  std::string body = record.body;
  body.replace(body.size() - 1 - unread_mark.size(), unread_mark.size(), R"("read":true)");
  const std::uint64_t expects = record.owner == reader.text ? record.version : 0;
  return {record.space, reader.text, record.key, std::move(body), expects};
}

}  // namespace

namespace {

constexpr const char* known_space = "known";
constexpr const char* known_key = "since";

// All are those who were there already: who was connected once, or in a conversation.
Result<Time> known_since(store::Reader& reader, const UserId& user) {
  Time since = Time::max();
  TRY(met, reader.record(known_space, user.text, known_key));
  if (met) since = met->at;
  TRY(memberships, reader.memberships(user));
  for (const store::Membership& one : memberships) since = std::min(since, one.member.joined_at);
  return since;
}

// Leaves out what was told to all before this one was there.
Result<void> only_for(store::Reader& reader, const UserId& user,
                      std::vector<store::Record>& records) {
  const auto is_common = [](const store::Record& one) { return one.owner == to_everybody; };
  if (std::ranges::none_of(records, is_common)) return {};
  TRY(since, known_since(reader, user));
  std::erase_if(records,
                [&](const store::Record& one) { return is_common(one) && one.at < since; });
  return {};
}

}  // namespace

Result<bool> has_met(store::Reader& reader, const UserId& user) {
  TRY(met, reader.record(known_space, user.text, known_key));
  return met.has_value();
}

Task<Result<void>> Engine::meet(UserId user) {
  std::vector<store::RecordSet> sets{{known_space, user.text, known_key, "{}", 0}};
  Caller caller;
  caller.user = std::move(user);
  auto done = co_await put_records(std::move(caller), std::move(sets));
  if (!done && done.error().code != Code::conflict) co_return done;
  co_return Result<void>{};
}

Result<std::vector<store::Record>> notifications_after(store::Reader& reader, const UserId& user,
                                                       const Cursor& since) {
  std::vector<store::Record> missed;
  const auto lanes = static_cast<std::uint32_t>(since.lanes.size());
  for (const std::string& owner : {user.text, std::string(to_everybody)}) {
    const std::string space(Engine::notifications_space);
    const std::uint64_t seen = since.lanes[lane_of_records(space, owner, lanes)];
    std::string before;
    for (bool any = true; any;) {
      TRY(some,
          reader.records(space, owner, {.after = before, .limit = look, .newest_first = true}));
      any = false;
      for (store::Record& one : some) {
        before = one.key;
        if (one.version <= seen) continue;
        any = some.size() == look;
        if (is_unread(one) && missed.size() < missed_max) missed.push_back(std::move(one));
      }
    }
  }
  TRY_DO(only_for(reader, user, missed));
  std::ranges::sort(missed, {}, &store::Record::key);
  // Their own copy of what was told to all says that they have read it.
  std::vector<store::Record> unread;
  for (store::Record& one : missed) {
    if (one.owner == to_everybody) {
      TRY(own, reader.record(one.space, user.text, one.key));
      if (own) continue;
    }
    unread.push_back(std::move(one));
  }
  return unread;
}

Task<Result<std::vector<store::Record>>> Engine::notifications_between(Caller caller, Cursor since,
                                                                       Cursor upto) {
  auto ask = [user = caller.user, since,
              upto](store::Reader& reader) -> Result<std::vector<store::Record>> {
    TRY(found, notifications_after(reader, user, since));
    const auto lanes = static_cast<std::uint32_t>(upto.lanes.size());
    std::erase_if(found, [&](const store::Record& one) {
      return one.version > upto.lanes[lane_of_records(one.space, one.owner, lanes)];
    });
    return found;
  };
  co_return co_await store_.read(std::move(ask));
}

Task<Result<void>> Engine::notify(Caller caller, Notice notice) {
  CO_TRY_DO(check(notice, caller.rank, limits_));
  std::vector<UserId> owners = std::move(notice.users);
  if (notice.to_all) owners = {UserId{std::string(to_everybody)}};
  for (const UserId& owner : owners) {
    std::string id = fresh_key();
    std::string body = json_of(notice, id, clock_.now());
    std::vector<store::RecordSet> sets{
        {std::string(notifications_space), owner.text, std::move(id), body, {}}};
    CO_TRY(position, co_await write_records(caller, std::move(sets), InOrder::yes));
    Signal signal;
    signal.kind = Signal::Kind::notification;
    signal.space = notifications_space;
    signal.to_all = notice.to_all;
    if (!notice.to_all) signal.to = {owner};
    signal.details = std::move(body);
    signal.position = position;
    bus_.publish(signal);
  }
  co_return Result<void>{};
}

namespace {

struct Page {
  std::vector<store::Record> records;
  std::string next;  // where the next page begins; empty: this was the last
};

// The next ones before that id, newest first, of what was told to this one and to all. Both lists are sure down to
// where the shorter of them ends.
Result<Page> next_page(store::Reader& reader, const UserId& user, const std::string& before) {
  std::vector<store::Record> all;
  std::string sure;
  for (const std::string& owner : {user.text, std::string(to_everybody)}) {
    TRY(some, reader.records(std::string(Engine::notifications_space), owner,
                             {.after = before, .limit = page, .newest_first = true}));
    if (some.size() == page) sure = std::max(sure, some.back().key);
    all.insert(all.end(), std::move_iterator(some.begin()), std::move_iterator(some.end()));
  }
  // Their own copy stands before what was told to all, whose owner is nobody.
  std::ranges::sort(all, std::greater{}, [](const store::Record& one) {
    return std::pair<std::string_view, std::string_view>(one.key, one.owner);
  });
  auto copies = std::ranges::unique(all, {}, &store::Record::key);
  all.erase(copies.begin(), copies.end());
  std::erase_if(all, [&](const store::Record& one) { return one.key < sure; });
  TRY_DO(only_for(reader, user, all));
  return Page{std::move(all), std::move(sure)};
}

}  // namespace

Task<Result<std::vector<store::Record>>> Engine::notifications(Caller caller, std::string before,
                                                               std::size_t limit,
                                                               bool unread_only) {
  std::vector<store::Record> found;
  for (;;) {
    auto ask = [user = caller.user, before](store::Reader& reader) {
      return next_page(reader, user, before);
    };
    CO_TRY(some, co_await store_.read(std::move(ask)));
    for (store::Record& one : some.records) {
      if (unread_only && !is_unread(one)) continue;
      found.push_back(std::move(one));
      if (found.size() == limit) co_return found;
    }
    if (some.next.empty()) co_return found;
    before = std::move(some.next);
  }
}

Task<Result<void>> Engine::read_notification(Caller caller, std::string id) {
  const std::string space(notifications_space);
  CO_TRY(kept, co_await record(space, caller.user.text, id));
  if (!kept) {
    auto ask = [user = caller.user, space,
                id](store::Reader& reader) -> Result<std::vector<store::Record>> {
      TRY(common, reader.record(space, std::string(to_everybody), id));
      std::vector<store::Record> found;
      if (common) found.push_back(std::move(*common));
      TRY_DO(only_for(reader, user, found));
      return found;
    };
    CO_TRY(common, co_await store_.read(std::move(ask)));
    if (!common.empty()) kept = std::move(common.front());
  }
  if (!kept) co_return Error{Code::not_found, "there is no such notification of yours", {}};
  if (!is_unread(*kept)) co_return Result<void>{};
  std::vector<store::RecordSet> sets{as_read(*kept, caller.user)};
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
