#include "dialects/messaging/profiles.h"

#include <algorithm>

#include "base/json.h"
#include "base/json_writer.h"

namespace parley::messaging {
namespace {

constexpr std::string_view space = "messaging.profiles";
constexpr std::string_view key = "profile";
constexpr std::string_view seen_space = "messaging.seen";
constexpr std::string_view seen_key = "seen";
constexpr std::size_t read_at_once = 200;

std::string json_of(const Profile& profile) {
  std::string out;
  JsonWriter json(out);
  json.open();
  json.field("username", profile.username);
  json.field("email", profile.email);
  json.field("display_name", profile.display_name);
  json.field("avatar_url", profile.avatar_url);
  json.field("created_at", to_micros(profile.created_at));
  json.field("updated_at", to_micros(profile.updated_at));
  json.close();
  return out;
}

Profile placeholder(const UserId& user) {
  Profile profile;
  profile.user = user;
  profile.username = user.text;
  return profile;
}

Profile profile_in(const UserId& user, const std::optional<store::Record>& record) {
  Profile profile = placeholder(user);
  auto body = record ? parse_json_object(record->body) : fail(Code::not_found, "");
  if (!body) return profile;
  auto text = [&](std::string_view name) {
    auto found = body->text(name);
    return std::string(found ? found->value_or("") : "");
  };
  auto time = [&](std::string_view name) {
    return from_micros(body->number(name).value_or(0).value_or(0));
  };
  profile.username = text("username");
  profile.email = text("email");
  profile.display_name = text("display_name");
  profile.avatar_url = text("avatar_url");
  profile.created_at = time("created_at");
  profile.updated_at = time("updated_at");
  return profile;
}

}  // namespace

Profile Profiles::known(const UserId& user) const {
  std::lock_guard lock(mutex_);
  auto at = known_.find(user);
  return at == known_.end() ? placeholder(user) : at->second;
}

bool Profiles::has(const UserId& user) const {
  std::lock_guard lock(mutex_);
  return known_.contains(user);
}

void Profiles::keep(Profile profile) {
  std::lock_guard lock(mutex_);
  if (known_.size() >= kept_max) known_.clear();  // they are read again when somebody looks
  Profile& kept = known_[profile.user];
  profile.last_seen = std::max(profile.last_seen, kept.last_seen);  // they may have left meanwhile
  kept = std::move(profile);
}

Task<Result<void>> Profiles::load(engine::Engine& engine, std::vector<UserId> users) {
  std::erase_if(users, [this](const UserId& user) { return has(user); });
  for (std::size_t from = 0; from < users.size(); from += read_at_once) {
    const std::size_t upto = std::min(users.size(), from + read_at_once);
    std::vector<UserId> some(users.begin() + static_cast<std::ptrdiff_t>(from),
                             users.begin() + static_cast<std::ptrdiff_t>(upto));
    auto ask = [this, some = std::move(some)](store::Reader& reader) { return load(reader, some); };
    CO_TRY_DO(co_await engine.store().read(std::move(ask)));
  }
  co_return Result<void>{};
}

Result<void> Profiles::load(store::Reader& reader, std::span<const UserId> users) {
  for (const UserId& user : users) {
    if (has(user)) continue;
    TRY(record, reader.record(std::string(space), user.text, std::string(key)));
    TRY(seen, reader.record(std::string(seen_space), user.text, std::string(seen_key)));
    Profile profile = profile_in(user, record);
    if (seen) profile.last_seen = seen->at;
    keep(std::move(profile));
  }
  return {};
}

Task<Result<void>> Profiles::met(engine::Engine& engine, engine::Caller caller,
                                 std::map<std::string, std::string> claims) {
  std::vector<UserId> one{caller.user};
  CO_TRY_DO(co_await load(engine, std::move(one)));
  const Profile before = known(caller.user);
  Profile now = before;
  for (auto [name, field] :
       {std::pair("username", &now.username), std::pair("email", &now.email),
        std::pair("display_name", &now.display_name), std::pair("avatar_url", &now.avatar_url)})
    if (auto at = claims.find(name); at != claims.end()) *field = at->second;
  const bool fresh = now.created_at == Time{};
  if (!fresh && now == before) co_return Result<void>{};
  now.updated_at = engine.clock().now();
  if (fresh) now.created_at = now.updated_at;
  std::vector<store::RecordSet> sets{
      {std::string(space), caller.user.text, std::string(key), json_of(now), {}}};
  CO_TRY_DO(co_await engine.put_records(std::move(caller), std::move(sets)));
  keep(std::move(now));
  co_return Result<void>{};
}

Task<Result<bool>> Profiles::ever_met(engine::Engine& engine, UserId user) {
  if (known(user).created_at != Time{}) co_return true;
  CO_TRY(record, co_await engine.record(std::string(space), user.text, std::string(key)));
  co_return record.has_value();
}

void Profiles::left(const UserId& user) {
  const Time now = clock_.now();
  std::lock_guard lock(mutex_);
  // Whom nobody has looked at is read when somebody does.
  if (auto at = known_.find(user); at != known_.end()) at->second.last_seen = now;
}

Task<Result<void>> Profiles::keep_left(engine::Engine& engine, engine::Caller caller) {
  std::vector<store::RecordSet> sets{
      {std::string(seen_space), caller.user.text, std::string(seen_key), "{}", {}}};
  co_return co_await engine.put_records(std::move(caller), std::move(sets));
}

}  // namespace parley::messaging
