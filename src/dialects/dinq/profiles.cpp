#include "dialects/dinq/profiles.h"

#include <algorithm>

#include "base/json.h"
#include "base/json_writer.h"

namespace parley::dinq {
namespace {

constexpr std::string_view path = "/api/v1/user-data/batch";
constexpr std::size_t asked_at_once = 500;
constexpr fetch::Limits patience{.connect = std::chrono::milliseconds{500},
                                 .whole = std::chrono::milliseconds{1'000},
                                 .bytes = 4UL << 20};
// Who keeps us waiting is left alone for so long.
constexpr std::chrono::milliseconds slow{900};
constexpr std::chrono::seconds left_alone{5};

std::string question_of(std::span<const UserId> users) {
  std::string out;
  JsonWriter json(out);
  json.open();
  json.key("user_ids");
  json.open_list();
  for (const UserId& user : users) json.value(user.text);
  json.close_list();
  json.close();
  return out;
}

Result<void> read_answer(const std::string& body, std::span<const UserId> users, ProfileMap& to) {
  TRY(all, parse_json_object(body));
  TRY(code, all.number("code"));
  TRY(data, all.object("data"));
  if (code.value_or(0) != 0 || !data) return fail(Code::unavailable, "it has no profiles");
  for (const UserId& user : users) {
    auto found = data->object(user.text);
    if (!found || !*found) continue;
    auto text = [&](std::string_view name) {
      auto value = (*found)->text(name);
      return std::string(value ? value->value_or("") : "");
    };
    to[user] = {.name = text("name"),
                .avatar_url = text("avatar_url"),
                .domain = text("domain"),
                .full_position = text("full_position")};
  }
  return {};
}

}  // namespace

Profiles::Profiles(std::string url, const Clock& clock) : url_(std::move(url)), clock_(clock) {
  while (url_.ends_with('/')) url_.pop_back();
}

Task<ProfileMap> Profiles::of(std::vector<UserId> users) {
  ProfileMap all;
  std::ranges::sort(users);
  users.erase(std::ranges::unique(users).begin(), users.end());
  for (std::size_t at = 0; at < users.size(); at += asked_at_once) {
    const std::span part(users.data() + at, std::min(asked_at_once, users.size() - at));
    const bool answered = co_await add_some(part, all);
    if (!answered) break;
  }
  co_return all;
}

Task<bool> Profiles::add_some(std::span<const UserId> users, ProfileMap& to) {
  const Instant begun = clock_.instant();
  if (url_.empty() || begun.time_since_epoch().count() < not_before_) co_return false;
  auto answer = co_await asker_.ask({.url = url_ + std::string(path),
                                     .json = question_of(users),
                                     .bearer = {},
                                     .limits = patience});
  const Instant now = clock_.instant();
  if (!answer && now - begun >= slow) not_before_ = (now + left_alone).time_since_epoch().count();
  co_return answer && answer->status == 200 && read_answer(answer->body, users, to);
}

}  // namespace parley::dinq
