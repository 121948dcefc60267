#include "dialects/pulse/cache.h"

#include "base/json_writer.h"

namespace parley::pulse {
namespace {

constexpr std::chrono::seconds remembered_for{60};
constexpr std::size_t remembered_max = 100'000;
constexpr int tries_max = 16;

std::optional<std::string> owned(std::optional<std::string_view> text) {
  return text ? std::optional(std::string(*text)) : std::nullopt;
}

Time told_at_in(const store::Record& record) {
  auto object = parse_json_object(record.body);
  if (!object) return {};
  auto at = object->number("told_at_us");
  return at && *at ? from_micros(**at) : Time{};
}

void merge(Profile& profile, const ProfileNews& news) {
  if (news.username) profile.username = *news.username;
  if (news.display_name) profile.display_name = *news.display_name;
  if (news.avatar_url) profile.avatar_url = *news.avatar_url;
  if (news.verified) profile.verified = *news.verified;
}

std::string body_of(const Profile& profile, Time told_at, Time now) {
  std::string body;
  JsonWriter json(body);
  json.open();
  json.field("username", profile.username);
  json.field("display_name", profile.display_name);
  json.field("avatar_url", profile.avatar_url);
  json.field("verified", profile.verified);
  json.field("last_synced", now);
  json.field("told_at_us", to_micros(told_at));
  json.close();
  return body;
}

Result<Profile> read_profile(const std::string& body) {
  TRY(object, parse_json_object(body));
  TRY(username, object.needed_text("username"));
  TRY(display_name, object.text("display_name"));
  TRY(avatar_url, object.text("avatar_url"));
  TRY(verified, object.flag("verified"));
  return Profile{std::string(username), std::string(display_name.value_or("")),
                 std::string(avatar_url.value_or("")), verified.value_or(false)};
}

}  // namespace

Result<ProfileNews> profile_news_in(const JsonObject& told, UserId user) {
  ProfileNews news;
  news.user = std::move(user);
  TRY(username, told.text("username"));
  TRY(display_name, told.text("display_name"));
  TRY(avatar_url, told.text("avatar_url"));
  TRY(verified, told.flag("verified"));
  news.username = owned(username);
  news.display_name = owned(display_name);
  news.avatar_url = owned(avatar_url);
  news.verified = verified;
  return news;
}

std::optional<Profile> profile_in(const std::optional<store::Record>& record) {
  if (!record) return std::nullopt;
  auto read = read_profile(record->body);
  return read ? std::optional(std::move(*read)) : std::nullopt;
}

void Cache::remember(const UserId& user, std::optional<Profile> profile) {
  std::lock_guard lock(mutex_);
  if (remembered_.size() >= remembered_max) remembered_.clear();
  remembered_[user] = {std::move(profile), clock_.instant()};
}

std::vector<UserId> Cache::recall(const std::vector<UserId>& users,
                                  std::map<UserId, Profile>& known) {
  std::vector<UserId> asked;
  std::lock_guard lock(mutex_);
  for (const UserId& user : users) {
    auto at = remembered_.find(user);
    if (at == remembered_.end() || clock_.instant() - at->second.since > remembered_for)
      asked.push_back(user);
    else if (at->second.profile)
      known[user] = *at->second.profile;
  }
  return asked;
}

Task<Result<std::map<UserId, Profile>>> Cache::of(engine::Engine& engine,
                                                  std::vector<UserId> users) {
  std::map<UserId, Profile> known;
  const std::vector<UserId> asked = recall(users, known);
  if (asked.empty()) co_return known;
  using Found = std::vector<std::optional<Profile>>;
  auto ask = [asked](store::Reader& reader) -> Result<Found> {
    Found found;
    for (const UserId& user : asked) {
      TRY(record, reader.record(users_space, user.text, user_key));
      found.push_back(profile_in(record));
    }
    return found;
  };
  CO_TRY(found, co_await engine.store().read(std::move(ask)));
  for (std::size_t i = 0; i < asked.size(); ++i) {
    remember(asked[i], found[i]);
    if (found[i]) known[asked[i]] = std::move(*found[i]);
  }
  co_return known;
}

Task<Result<void>> Cache::learn(engine::Engine& engine, ProfileNews news) {
  for (int tries = 0; tries < tries_max; ++tries) {
    CO_TRY(record, co_await engine.record(users_space, news.user.text, user_key));
    auto before = profile_in(record);
    if (!before && !news.username)
      co_return Error{Code::bad_request, "username is missing, and nobody has told it before", {}};
    const Time told_before = record ? told_at_in(*record) : Time{};
    if (news.told_at != Time{} && news.told_at < told_before) co_return Result<void>{};
    Profile profile = before.value_or(Profile{});
    merge(profile, news);
    std::vector<store::RecordSet> sets{
        {users_space, news.user.text, user_key,
         body_of(profile, std::max(news.told_at, told_before), engine.clock().now()),
         record ? record->version : 0}};
    auto kept = co_await engine.put_records(engine::Caller{}, std::move(sets));
    if (!kept && kept.error().code == Code::conflict) continue;
    if (kept) remember(news.user, std::move(profile));
    co_return kept;
  }
  co_return Error{Code::unavailable, "this user changes too quickly", std::chrono::seconds{1}};
}

}  // namespace parley::pulse
