// The subcommands that do one thing and end.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <iostream>

#include "app/commands.h"
#include "app/config/settings.h"
#include "app/open_store.h"
#include "app/secret.h"
#include "bench/bench.h"
#include "identity/token.h"

namespace parley::app {
namespace {

// Takes `--name VALUE` or `--name=VALUE` out of the arguments.
std::optional<std::string> take_option(Arguments& arguments, const std::string& name) {
  for (auto at = arguments.begin(); at != arguments.end(); ++at) {
    if (*at == name && at + 1 != arguments.end()) {
      std::string value = *(at + 1);
      arguments.erase(at, at + 2);
      return value;
    }
    if (at->starts_with(name + "=")) {
      std::string value = at->substr(name.size() + 1);
      arguments.erase(at);
      return value;
    }
  }
  return std::nullopt;
}

std::optional<std::chrono::seconds> parse_ttl(std::string_view text) {
  long number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  std::string_view unit(end, text.data() + text.size());
  if (error != std::errc{} || number <= 0 || number > 10'000'000) return std::nullopt;
  if (unit == "s" || unit.empty()) return std::chrono::seconds{number};
  if (unit == "m") return std::chrono::minutes{number};
  if (unit == "h") return std::chrono::hours{number};
  if (unit == "d") return std::chrono::days{number};
  return std::nullopt;
}

// How each door's tokens name their user.
struct TokenOf {
  std::string_view dialect, user_claim;
};
constexpr std::array dialects{TokenOf{"native", "sub"}, TokenOf{"dinq", "user_id"},
                              TokenOf{"echo", "sub"},   TokenOf{"messaging", "user_id"},
                              TokenOf{"pulse", "sub"},  TokenOf{"rtchat", "sub"}};

int misused(std::string_view why) {
  std::cerr << "parley: " << why << "\n";
  return 2;
}

int failed(std::string_view why) {
  std::cerr << "parley: " << why << "\n";
  return 1;
}

}  // namespace

int token(const Arguments& given) {
  Arguments arguments = given;
  auto user = take_option(arguments, "--user");
  auto role = take_option(arguments, "--role").value_or("user");
  const auto dialect = take_option(arguments, "--dialect").value_or("native");
  const auto wanted_ttl = take_option(arguments, "--ttl");
  auto ttl = parse_ttl(wanted_ttl.value_or("24h"));
  identity::TokenTexts texts;
  for (const char* name : {"username", "email", "display_name", "avatar_url"}) {
    std::string flag = std::string("--") + name;
    std::ranges::replace(flag, '_', '-');
    if (auto text = take_option(arguments, flag)) texts.emplace_back(name, std::move(*text));
  }
  if (!user)
    return misused(
        "name the user: parley token --user alice [--role user|service|admin] [--ttl 24h] "
        "[--dialect native|dinq|echo|messaging|pulse|rtchat] [--username NAME]");
  auto known = std::ranges::find(dialects, dialect, &TokenOf::dialect);
  if (known == dialects.end())
    return misused("--dialect must be native, dinq, echo, messaging, pulse or rtchat");
  if (!ttl) return misused("--ttl must be a number with s, m, h or d, such as 24h");
  identity::TokenRole as = identity::TokenRole::user;
  if (role == "service")
    as = identity::TokenRole::service;
  else if (role == "admin")
    as = identity::TokenRole::admin;
  else if (role != "user")
    return misused("--role must be user, service or admin");

  auto settings = config::load(arguments, config::environment_of(environ));
  if (!settings) return misused("the configuration can't be used:\n" + settings.error().detail);
  if (auto secret = use_own_secret(*settings); !secret) return failed(secret.error().detail);
  if (settings->jwt_secret.empty())
    return failed(
        "this configuration trusts a key set only (--jwks): who holds its private key makes the "
        "tokens");
  if (!wanted_ttl && dialect == "messaging")
    ttl = std::chrono::duration_cast<std::chrono::seconds>(settings->messaging_token_ttl);
  auto made = identity::make_token(settings->jwt_secret, *user, as, *ttl, SystemClock{}.now(),
                                   known->user_claim, texts);
  if (!made) return misused(made.error().detail);
  std::cout << *made << "\n";
  return 0;
}

int migrate(const Arguments& given) {
  const std::string what = given.empty() ? "" : given.front();
  if (what != "up" && what != "down" && what != "status")
    return misused(
        "say what to do: parley migrate up|status [--store …] [--data DIR], or with the views of "
        "a service: parley migrate up|down|status --dialect echo|messaging");
  Arguments arguments(given.begin() + 1, given.end());
  const auto dialect = take_option(arguments, "--dialect");
  if (what == "down" && !dialect)
    return misused(
        "nothing goes down but the views of a service: parley migrate down --dialect "
        "echo|messaging");
  auto settings = config::load(arguments, config::environment_of(environ));
  if (!settings) return misused("the configuration can't be used:\n" + settings.error().detail);
  if (what != "down") {
    auto status = what == "up" ? migrate_schema(*settings) : schema_status(*settings);
    if (!status) return failed(status.error().detail);
    std::cout << "schema version " << status->version << ", newest " << status->newest << "\n";
    if (status->version != status->newest) return 1;
  }
  if (!dialect) return 0;
  auto views = what == "up"     ? make_views(*settings, *dialect)
               : what == "down" ? drop_views(*settings, *dialect)
                                : views_status(*settings, *dialect);
  if (!views) return failed(views.error().detail);
  std::cout << *views << "\n";
  return 0;
}

int bench(const Arguments& arguments) {
  std::vector<std::string_view> views(arguments.begin(), arguments.end());
  return parley::bench::run(views);
}

int version() {
  std::cout << "parley " PARLEY_VERSION "\n";
  return 0;
}

}  // namespace parley::app
