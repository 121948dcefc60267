// How people present themselves, their devices, and their public keys.
#include <openssl/evp.h>

#include <algorithm>

#include "base/unicode.h"
#include "dialects/native/call.h"
#include "dialects/native/parse.h"
#include "engine/decide.h"

namespace parley::native {
namespace {

constexpr std::string_view profiles_space = "profiles";
constexpr std::string_view profile_key = "profile";
constexpr std::size_t name_max = 200;
constexpr std::size_t url_bytes_max = 2'048;
constexpr std::size_t key_bytes_max = 4'096;
constexpr std::size_t device_bytes_max = 128;
constexpr std::size_t one_time_max = 200;

// An Ed25519 key and signature. Of other kinds of keys nothing can be said here.
constexpr std::size_t key_bytes = 32;
constexpr std::size_t signature_bytes = 64;

Task<Answer> show_profile(Call& call, const UserId& user) {
  CO_TRY(record, co_await call.door.engine.record(std::string(profiles_space), user.text,
                                                  std::string(profile_key)));
  if (!record) {
    const bool there = user == call.caller.user || call.door.shared.presence->online(user);
    if (!there) {
      auto ask = [user](store::Reader& reader) { return reader.memberships(user); };
      CO_TRY(memberships, co_await call.door.engine.store().read(std::move(ask)));
      if (memberships.empty())
        co_return Error{Code::not_found, "nobody of this id was ever here", {}};
    }
  }
  std::string out;
  JsonWriter json(out);
  json.open();
  json.field("user_id", user.text);
  if (record) {
    CO_TRY(body, parse_json_object(record->body));
    for (std::string_view name : {"display_name", "avatar_url", "metadata"})
      if (body.has(name)) json.raw_field(name, body.raw(name));
    json.field("updated_at", record->at);
  }
  json.close();
  co_return json_answer(200, out);
}

Task<Answer> profile(Call& call) { co_return co_await show_profile(call, {call.params.front()}); }

Result<std::string> profile_body(const JsonObject& body, const engine::Limits& limits) {
  TRY(name, body.text("display_name"));
  if (name && code_points(*name) > name_max)
    return fail(Code::too_large, "display_name has more than 200 characters");
  TRY(avatar, body.text("avatar_url"));
  const bool is_url = !avatar || avatar->empty() || avatar->starts_with("http://") ||
                      avatar->starts_with("https://");
  if (!is_url || (avatar && avatar->size() > url_bytes_max))
    return fail(Code::unprocessable, "avatar_url must be http or https, at most 2048 bytes");
  TRY(metadata, body.object("metadata"));
  const std::string raw = metadata ? body.raw("metadata") : std::string{};
  if (raw.size() > limits.metadata_bytes) return fail(Code::too_large, "metadata is too large");
  std::string out;
  JsonWriter json(out);
  json.open();
  if (name && !name->empty()) json.field("display_name", *name);
  if (avatar && !avatar->empty()) json.field("avatar_url", *avatar);
  if (!raw.empty()) json.raw_field("metadata", raw);
  json.close();
  return out;
}

Task<Answer> put_profile(Call& call) {
  const UserId user{call.params.front()};
  if (user != call.caller.user && call.caller.rank == engine::Rank::user)
    co_return Error{Code::forbidden, "a profile is its owner's to change, or a service's", {}};
  if (!engine::valid_user_id(user.text))
    co_return Error{Code::unprocessable, "a user's id is 1 to 128 bytes of printable UTF-8", {}};
  CO_TRY(body, call.body());
  CO_TRY(kept, profile_body(body, call.door.engine.limits()));
  std::vector<store::RecordSet> sets{
      {std::string(profiles_space), user.text, std::string(profile_key), std::move(kept), {}}};
  CO_TRY_DO(co_await call.door.engine.put_records(call.caller, std::move(sets)));
  co_return co_await show_profile(call, user);
}

// ---- devices

Task<Answer> devices(Call& call) {
  const std::vector<Device> all = call.door.shared.devices->list(call.caller.user, {}, SIZE_MAX);
  co_return json_answer(200, page_json(all, ""));
}

Task<Answer> end_session(Call& call) {
  const std::string& session = call.params.front();
  const std::vector<Device> all = call.door.shared.devices->list(call.caller.user, {}, SIZE_MAX);
  if (std::ranges::find(all, session, &Device::session) == all.end())
    co_return Error{Code::not_found, "you have no session of this id", {}};
  Signal signal;
  signal.kind = Signal::Kind::logout;
  signal.user = call.caller.user;
  signal.to = {call.caller.user};
  signal.space = sessions_space;
  signal.details = session;
  call.door.engine.tell(signal);
  co_return nothing_to_say();
}

// ---- keys

std::optional<std::string> from_base64(std::string_view text) {
  if (text.empty() || text.size() % 4 != 0 || text.size() > key_bytes_max) return std::nullopt;
  std::string bytes(text.size() / 4 * 3, '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()),
                                   static_cast<int>(text.size()));
  if (size < 0) return std::nullopt;
  const auto padding = static_cast<std::size_t>(text.ends_with("==")  ? 2
                                                : text.ends_with('=') ? 1
                                                                      : 0);
  bytes.resize(static_cast<std::size_t>(size) - padding);
  return bytes;
}

bool verifies(const std::string& key, const std::string& signature, const std::string& text) {
  struct Free {
    void operator()(EVP_PKEY* one) const { EVP_PKEY_free(one); }
    void operator()(EVP_MD_CTX* one) const { EVP_MD_CTX_free(one); }
  };
  const auto bytes = [](const std::string& one) {
    return reinterpret_cast<const unsigned char*>(one.data());
  };
  const std::unique_ptr<EVP_PKEY, Free> made(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes(key), key.size()));
  const std::unique_ptr<EVP_MD_CTX, Free> context(EVP_MD_CTX_new());
  return made && EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, made.get()) == 1 &&
         EVP_DigestVerify(context.get(), bytes(signature), signature.size(), bytes(text),
                          text.size()) == 1;
}

Result<std::string> base64_in(const JsonObject& body, std::string_view name) {
  TRY(text, body.needed_text(name));
  auto bytes = from_base64(text);
  if (!bytes)
    return fail(Code::unprocessable,
                std::string(name) + " must be base64, at most 4096 bytes of it");
  return std::move(*bytes);
}

Result<void> check_key(const JsonObject& key) {
  TRY(id, key.number("id"));
  if (!id) return fail(Code::unprocessable, "a key needs a number as its id");
  TRY_DO(base64_in(key, "key"));
  return {};
}

Result<engine::KeyBundle> bundle_in(const JsonObject& body) {
  engine::KeyBundle bundle;
  TRY(device, body.needed_text("device_id"));
  if (device.empty() || device.size() > device_bytes_max)
    return fail(Code::unprocessable, "device_id is 1 to 128 bytes");
  bundle.device = device;
  TRY(identity, base64_in(body, "identity_key"));
  bundle.identity_key = body.raw("identity_key");
  TRY(signed_key, body.object("signed_prekey"));
  if (!signed_key) return fail(Code::unprocessable, "signed_prekey is needed");
  TRY_DO(check_key(*signed_key));
  TRY(key, base64_in(*signed_key, "key"));
  TRY(signature, base64_in(*signed_key, "signature"));
  const bool known = identity.size() == key_bytes && signature.size() == signature_bytes;
  if (known && !verifies(identity, signature, key))
    return fail(Code::unprocessable, "the signature of signed_prekey is not the identity key's");
  bundle.signed_prekey = R"({"id":)" + signed_key->raw("id") + R"(,"key":)" +
                         signed_key->raw("key") + R"(,"signature":)" +
                         signed_key->raw("signature") + '}';
  TRY(one_time, body.objects("one_time_prekeys"));
  if (one_time && one_time->size() > one_time_max)
    return fail(Code::too_large, "at most 200 one-time keys at once");
  for (const JsonObject& one : one_time.value_or(std::vector<JsonObject>{})) {
    TRY_DO(check_key(one));
    bundle.one_time.push_back(R"({"id":)" + one.raw("id") + R"(,"key":)" + one.raw("key") + '}');
  }
  return bundle;
}

Task<Answer> put_keys(Call& call) {
  CO_TRY(body, call.body());
  CO_TRY(bundle, bundle_in(body));
  std::string out;
  JsonWriter json(out);
  json.open();
  json.field("device_id", bundle.device);
  json.field("one_time_prekey_count", bundle.one_time.size());
  json.close();
  CO_TRY_DO(co_await call.door.engine.put_keys(call.caller, std::move(bundle)));
  co_return json_answer(200, out);
}

Task<Answer> take_keys(Call& call) {
  const UserId of{call.params.front()};
  CO_TRY(bundles, co_await call.door.engine.take_keys(call.caller, of));
  std::string out;
  JsonWriter json(out);
  json.open();
  json.field("user_id", of.text);
  json.key("devices");
  json.open_list();
  for (const engine::KeyBundle& one : bundles) {
    json.open();
    json.field("device_id", one.device);
    json.raw_field("identity_key", one.identity_key);
    json.raw_field("signed_prekey", one.signed_prekey);
    json.raw_field("one_time_prekey", one.one_time.empty() ? "null" : one.one_time.front());
    json.close();
  }
  json.close_list();
  json.close();
  co_return json_answer(200, out);
}

}  // namespace

void write(JsonWriter& json, const Device& device) {
  json.open();
  json.field("id", device.session);
  json.field("user_id", device.user.text);
  if (!device.device_id.empty()) json.field("device_id", device.device_id);
  if (!device.platform.empty()) json.field("platform", device.platform);
  if (!device.app_version.empty()) json.field("app_version", device.app_version);
  json.field("address", device.address);
  json.field("connected_at", device.connected_at);
  json.close();
}

void add_profile_routes(Routes& routes) {
  routes.add("GET", "/v1/users/{id}", {profile});
  routes.add("PUT", "/v1/users/{id}", {put_profile});
  routes.add("GET", "/v1/devices", {devices});
  routes.add("DELETE", "/v1/devices/{id}", {end_session});
  routes.add("PUT", "/v1/keys", {put_keys});
  routes.add("GET", "/v1/keys/{user}", {take_keys});
}

}  // namespace parley::native
