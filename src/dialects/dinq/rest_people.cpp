// Who lets whom write, ending one's sessions, and keys for end-to-end encryption.
#include <algorithm>

#include "dialects/dinq/call.h"
#include "dialects/dinq/names.h"

namespace parley::dinq {
namespace {

constexpr std::size_t all_of_them = 100'000;

Task<Result<UserId>> target_of(Call& call) {
  CO_TRY(body, call.body());
  auto text = body.needed_text("target_user_id");
  if (!text) co_return Error{Code::bad_request, "target_user_id is required", {}};
  CO_TRY(target, user_id(*text, "invalid user id"));
  co_return target;
}

Task<Result<std::vector<store::Block>>> blocks_of(Call& call) {
  co_return co_await call.door.engine.blocks(call.caller(), {}, all_of_them);
}

bool has(const std::vector<store::Block>& blocks, const UserId& user) {
  return std::ranges::find(blocks, user, &store::Block::blocked) != blocks.end();
}

Task<Answer> block(Call& call) {
  CO_TRY(target, co_await target_of(call));
  if (target == call.user) co_return Error{Code::bad_request, "cannot block yourself", {}};
  CO_TRY(blocks, co_await blocks_of(call));
  if (has(blocks, target)) co_return Error{Code::conflict, "user already blocked", {}};
  CO_TRY_DO(co_await call.door.engine.block(call.caller(), target, true));
  co_return done("user blocked successfully");
}

Task<Answer> unblock(Call& call) {
  CO_TRY(target, co_await target_of(call));
  CO_TRY(blocks, co_await blocks_of(call));
  if (!has(blocks, target)) co_return Error{Code::not_found, "user not blocked", {}};
  CO_TRY_DO(co_await call.door.engine.block(call.caller(), target, false));
  co_return done("user unblocked successfully");
}

Task<Answer> list_blocked(Call& call) {
  CO_TRY(blocks, co_await blocks_of(call));
  std::ranges::sort(blocks, std::greater{}, &store::Block::since);
  co_return success([&](JsonWriter& json) {
    json.open();
    json.key("blocked_users");
    json.open_list();
    for (const store::Block& one : blocks) {
      json.open();
      json.field("id", one.blocked.text);
      json.field("user_id", call.user.text);
      json.field("target_user_id", one.blocked.text);
      json.field("relationship_type", "blocked");
      json.field("created_at", one.since);
      json.close();
    }
    json.close_list();
    json.close();
  });
}

Task<Answer> logout(Call& call) {
  Signal signal;
  signal.kind = Signal::Kind::logout;
  signal.user = call.user;
  signal.to = {call.user};
  call.door.engine.tell(signal);
  co_return done("Logged out");
}

// ---- keys

Result<engine::KeyBundle> bundle_of(const JsonObject& body) {
  auto device = body.needed_text("device_id");
  if (!device || device->empty() || device->size() > 128)
    return fail(Code::bad_request, "device_id is required, at most 128 bytes");
  auto identity = body.needed_text("identity_key");
  auto signed_key = body.object("signed_prekey");
  auto once = body.objects("one_time_prekeys");
  if (!identity || !signed_key || !*signed_key || !once)
    return fail(Code::bad_request, "identity_key and signed_prekey are required");
  engine::KeyBundle bundle{
      std::string(*device), body.raw("identity_key"), body.raw("signed_prekey"), {}};
  for (const JsonObject& one : once->value_or(std::vector<JsonObject>{})) {
    if (!one.has("id") || !one.has("key"))
      return fail(Code::bad_request, "each of one_time_prekeys has an id and a key");
    bundle.one_time.push_back(R"({"id":)" + one.raw("id") + R"(,"key":)" + one.raw("key") + '}');
  }
  return bundle;
}

Task<Answer> put_keys(Call& call) {
  CO_TRY(body, call.body());
  CO_TRY(bundle, bundle_of(body));
  const std::string device = bundle.device;
  const std::size_t count = bundle.one_time.size();
  CO_TRY_DO(co_await call.door.engine.put_keys(call.caller(), std::move(bundle)));
  co_return success([&](JsonWriter& json) {
    json.open();
    json.field("device_id", device);
    json.field("one_time_prekey_count", count);
    json.close();
  });
}

Task<Answer> get_keys(Call& call) {
  CO_TRY(of, user_id(call.params.front(), "invalid user id"));
  CO_TRY(devices, co_await call.door.engine.take_keys(call.caller(), of));
  co_return success([&](JsonWriter& json) {
    json.open();
    json.field("user_id", of.text);
    json.key("devices");
    json.open_list();
    for (const engine::KeyBundle& one : devices) {
      json.open();
      json.field("device_id", one.device);
      json.raw_field("identity_key", one.identity_key);
      json.raw_field("signed_prekey", one.signed_prekey);
      json.raw_field("one_time_prekey", one.one_time.empty() ? "null" : one.one_time.front());
      json.close();
    }
    json.close_list();
    json.close();
  });
}

}  // namespace

void add_people_routes(Routes& routes) {
  add_api(routes, "POST", "/relationships/block", block);
  add_api(routes, "POST", "/relationships/unblock", unblock);
  add_api(routes, "GET", "/relationships/blocked", list_blocked);
  add_api(routes, "POST", "/logout", logout);
  add_api(routes, "POST", "/e2ee/keys", put_keys);
  add_api(routes, "GET", "/e2ee/keys/{user}", get_keys);
}

}  // namespace parley::dinq
