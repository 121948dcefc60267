#include "identity/claims.h"

#include <simdjson.h>

#include <algorithm>
#include <cmath>

namespace parley::identity {
namespace {

namespace dom = simdjson::dom;

constexpr std::size_t json_bytes = 8'192;  // to begin with
constexpr std::size_t depth_max = 32;
constexpr std::size_t members_max = 128;      // looking for twins costs their square
constexpr double last_second = 253402300799;  // of the year 9999: what a Time can show

bool is_utf8(std::string_view text) { return simdjson::validate_utf8(text.data(), text.size()); }

std::unexpected<Error> refused(std::string why) { return fail(Code::unauthorized, std::move(why)); }

// Not base's parser: its views must outlive a check of a token in the middle of a frame.
dom::parser& parser() {
  thread_local auto made = [] {
    auto fresh = std::make_unique<dom::parser>();
    // Fails only when memory is out; the first parse then says so.
    [[maybe_unused]] auto error = fresh->allocate(json_bytes, depth_max);
    return fresh;
  }();
  return *made;
}

bool has_twins(dom::object object) {
  for (auto one = object.begin(); one != object.end(); ++one)
    for (auto other = object.begin(); other != one; ++other)
      if (one.key() == other.key()) return true;
  return false;
}

// Of two members with one name, two readers may believe different ones: such a token is refused.
Result<dom::object> read_object(std::string_view json, std::string_view part) {
  dom::object object;
  if (parser().parse(json.data(), json.size()).get(object) != simdjson::SUCCESS)
    return refused("the token's " + std::string(part) + " is no JSON object");
  if (object.size() > members_max || has_twins(object))
    return refused("the token's " + std::string(part) + " has a name twice, or too many");
  return object;
}

std::optional<dom::element> find(dom::object object, std::string_view name) {
  dom::element element;
  if (object.at_key(name).get(element) != simdjson::SUCCESS || element.is_null())
    return std::nullopt;
  return element;
}

// Seconds since 1970, perhaps with a fraction (RFC 7519 §2).
Result<std::optional<Time>> read_time(dom::object claims, std::string_view name) {
  auto found = find(claims, name);
  if (!found) return std::nullopt;
  double seconds = 0;
  if (!found->is_number() || found->get(seconds) != simdjson::SUCCESS || !std::isfinite(seconds))
    return refused("the token's " + std::string(name) + " is not a number");
  seconds = std::clamp(seconds, 0.0, last_second);
  return from_micros(static_cast<std::int64_t>(seconds * 1e6));
}

Result<std::string> user_text(dom::element claim, const Rules& rules) {
  std::string_view text;
  if (claim.get(text) == simdjson::SUCCESS) {
    if (!is_user_id(text))
      return refused("the token's user is not 1 to 128 bytes of printable UTF-8");
    return std::string(text);
  }
  if (rules.number_is_user && claim.is_int64())
    return std::to_string(claim.get_int64().value_unsafe());
  if (rules.number_is_user && claim.is_uint64())
    return std::to_string(claim.get_uint64().value_unsafe());
  return refused("the token's user is not a text");
}

Result<std::string> read_user(dom::object claims, const Rules& rules) {
  for (const std::string& name : rules.user_claims)
    if (auto claim = find(claims, name)) return user_text(*claim, rules);
  return refused("the token names no user");
}

TokenRole read_role(dom::object claims, const Rules& rules) {
  bool flagged = false;
  auto flag = rules.admin_flag.empty() ? std::nullopt : find(claims, rules.admin_flag);
  if (flag && flag->get(flagged) == simdjson::SUCCESS && flagged) return TokenRole::admin;
  auto found = find(claims, "role");
  std::string_view name;
  if (!found || found->get(name) != simdjson::SUCCESS) return TokenRole::user;
  if (name == "admin") return TokenRole::admin;
  if (name == "service") return TokenRole::service;
  return TokenRole::user;
}

Result<void> check_times(const std::optional<Time>& expires, const std::optional<Time>& begins,
                         Time now, const Rules& rules) {
  if (!expires && rules.require_expiry) return refused("the token has no exp");
  if (expires && now >= *expires)
    return fail(rules.when_expired, "the token expired at " + rfc3339(*expires, 0));
  if (begins && now + rules.not_before_grace < *begins)
    return refused("the token is not valid before " + rfc3339(*begins, 0));
  return {};
}

std::string_view text_of(std::optional<dom::element> claim) {
  std::string_view text;
  return claim && claim->get(text) == simdjson::SUCCESS ? text : std::string_view{};
}

// One, or a list.
bool is_for(std::optional<dom::element> claim, std::string_view audience) {
  dom::array list;
  if (!claim || claim->get(list) != simdjson::SUCCESS) return text_of(claim) == audience;
  return std::ranges::any_of(list, [&](dom::element one) { return text_of(one) == audience; });
}

// Who made it, for whom, and what for; where the rules want to know.
Result<void> check_purpose(dom::object claims, const Rules& rules) {
  if (!rules.issuer.empty() && text_of(find(claims, "iss")) != rules.issuer)
    return refused("the token's iss is not who makes tokens for this service");
  if (!rules.audience.empty() && !is_for(find(claims, "aud"), rules.audience))
    return refused("the token's aud is not this service");
  const auto type = find(claims, "token_type");
  if (!rules.token_type.empty() && type && text_of(type) != rules.token_type)
    return refused("the token's token_type is not " + rules.token_type);
  return {};
}

}  // namespace

bool is_user_id(std::string_view text) {
  if (text.empty() || text.size() > 128 || !is_utf8(text)) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x20 || byte == 0x7F) return false;
    // U+0080 to U+009F, the other control characters, are C2 80 to C2 9F.
    if (byte == 0xC2 && static_cast<unsigned char>(text[i + 1]) < 0xA0) return false;
  }
  return true;
}

Result<Header> read_header(std::string_view json) {
  TRY(header, read_object(json, "header"));
  // Even one that is null: whoever writes it wants something that we don't do.
  if (header.at_key("crit").error() != simdjson::NO_SUCH_FIELD)
    return refused("the token wants extensions (crit) which are not known here");
  auto named = find(header, "alg");
  std::string_view name;
  if (!named || named->get(name) != simdjson::SUCCESS) return refused("the token has no alg");
  auto algorithm = algorithm_named(name);
  if (!algorithm) return refused("the token's alg is none of those accepted here");
  auto kid = find(header, "kid");
  std::string_view text;
  if (kid && (kid->get(text) != simdjson::SUCCESS || !is_utf8(text)))
    return refused("the token's kid is not a text");
  return Header{*algorithm, kid ? std::optional(std::string(text)) : std::nullopt};
}

Result<Identity> read_claims(std::string_view json, Time now, const Rules& rules) {
  TRY(claims, read_object(json, "claims"));
  TRY(expires, read_time(claims, "exp"));
  TRY(begins, read_time(claims, "nbf"));
  TRY_DO(check_times(expires, begins, now, rules));
  TRY_DO(check_purpose(claims, rules));
  TRY(user, read_user(claims, rules));
  Identity identity{std::move(user), read_role(claims, rules), expires, {}};
  for (const std::string& name : rules.texts) {
    auto claim = find(claims, name);
    std::string_view text;
    if (claim && claim->get(text) == simdjson::SUCCESS && is_utf8(text))
      identity.texts.emplace(name, text);
  }
  return identity;
}

}  // namespace parley::identity
