// Who lets whom write, ending one's sessions, and keys for end-to-end encryption.
#include <algorithm>

#include "dialects/dinq/call.h"
#include "dialects/dinq/names.h"

namespace parley::dinq {
namespace {

constexpr std::size_t all_of_them = 100'000;
constexpr std::string_view keys_space = "dinq.e2ee";
constexpr int stale_tries = 16;

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

Result<std::string> bundle_of(const JsonObject& body) {
  auto identity = body.needed_text("identity_key");
  auto signed_key = body.object("signed_prekey");
  auto once = body.objects("one_time_prekeys");
  if (!identity || !signed_key || !*signed_key || !once)
    return fail(Code::bad_request, "identity_key and signed_prekey are required");
  std::string out;
  JsonWriter json(out);
  json.open();
  json.field("identity_key", *identity);
  json.raw_field("signed_prekey", body.raw("signed_prekey"));
  const std::string keys = body.raw("one_time_prekeys");
  json.raw_field("one_time_prekeys", keys.empty() ? "[]" : keys);
  json.close();
  return out;
}

Task<Answer> put_keys(Call& call) {
  CO_TRY(body, call.body());
  auto device = body.needed_text("device_id");
  if (!device || device->empty() || device->size() > 128)
    co_return Error{Code::bad_request, "device_id is required, at most 128 bytes", {}};
  const std::string name(*device);
  CO_TRY(bundle, bundle_of(body));
  const std::size_t count =
      body.objects("one_time_prekeys")->value_or(std::vector<JsonObject>{}).size();
  std::vector<store::RecordSet> sets{
      {std::string(keys_space), call.user.text, name, std::move(bundle), {}}};
  CO_TRY_DO(co_await call.door.engine.put_records(call.caller(), std::move(sets)));
  co_return success([&](JsonWriter& json) {
    json.open();
    json.field("device_id", name);
    json.field("one_time_prekey_count", count);
    json.close();
  });
}

struct Handed {
  std::string device, identity_key, signed_prekey;
  std::string one_time_prekey = "null";
  std::string rest;  // the bundle without what was handed out; empty: nothing was
};

// Hands out the first one-time key of a device; what is left is the record from then on.
Result<Handed> hand_out(const store::Record& record) {
  TRY(bundle, parse_json_object(record.body));
  Handed handed;
  handed.device = record.key;
  handed.identity_key = bundle.raw("identity_key");
  handed.signed_prekey = bundle.raw("signed_prekey");
  TRY(all, bundle.objects("one_time_prekeys"));
  if (!all || all->empty()) return handed;
  auto raw = [](const JsonObject& key) {
    return R"({"id":)" + key.raw("id") + R"(,"key":)" + key.raw("key") + "}";
  };
  handed.one_time_prekey = raw(all->front());
  JsonWriter json(handed.rest);
  json.open();
  json.raw_field("identity_key", handed.identity_key);
  json.raw_field("signed_prekey", handed.signed_prekey);
  json.key("one_time_prekeys");
  json.open_list();
  for (std::size_t i = 1; i < all->size(); ++i) json.raw(raw((*all)[i]));
  json.close_list();
  json.close();
  return handed;
}

Task<Result<std::vector<Handed>>> take_keys(Call& call, const UserId& of) {
  for (int tries = 0; tries < stale_tries; ++tries) {
    CO_TRY(records, co_await call.door.engine.records(std::string(keys_space), of.text, {}));
    std::vector<Handed> all;
    std::vector<store::RecordSet> sets;
    for (const store::Record& record : records) {
      CO_TRY(handed, hand_out(record));
      if (!handed.rest.empty())
        sets.push_back({record.space, record.owner, record.key, handed.rest, record.version});
      all.push_back(std::move(handed));
    }
    auto spent = co_await call.door.engine.put_records(call.caller(), std::move(sets));
    if (spent) co_return all;
    if (spent.error().code != Code::conflict) co_return std::move(spent).error();
  }
  co_return Error{Code::unavailable, "these keys are asked for too often; try again", {}};
}

Task<Answer> get_keys(Call& call) {
  CO_TRY(of, user_id(call.params.front(), "invalid user id"));
  CO_TRY(devices, co_await take_keys(call, of));
  co_return success([&](JsonWriter& json) {
    json.open();
    json.field("user_id", of.text);
    json.key("devices");
    json.open_list();
    for (const Handed& one : devices) {
      json.open();
      json.field("device_id", one.device);
      json.raw_field("identity_key", one.identity_key);
      json.raw_field("signed_prekey", one.signed_prekey);
      json.raw_field("one_time_prekey", one.one_time_prekey);
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
