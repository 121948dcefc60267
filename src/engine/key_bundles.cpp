// Public keys for end-to-end encryption: kept for others, each one-time key handed out once.
#include "base/json.h"
#include "base/json_writer.h"
#include "engine/engine.h"

namespace parley::engine {
namespace {

constexpr std::string_view keys_space = "keys";
constexpr int tries_max = 16;

std::string body_of(const KeyBundle& bundle, std::size_t from) {
  std::string out;
  JsonWriter json(out);
  json.open();
  json.raw_field("identity_key", bundle.identity_key);
  json.raw_field("signed_prekey", bundle.signed_prekey);
  json.key("one_time_prekeys");
  json.open_list();
  for (std::size_t i = from; i < bundle.one_time.size(); ++i) json.raw(bundle.one_time[i]);
  json.close_list();
  json.close();
  return out;
}

Result<KeyBundle> bundle_in(const store::Record& record) {
  TRY(body, parse_json_object(record.body));
  KeyBundle bundle{record.key, body.raw("identity_key"), body.raw("signed_prekey"), {}};
  TRY(all, body.objects("one_time_prekeys"));
  for (const JsonObject& one : all.value_or(std::vector<JsonObject>{}))
    bundle.one_time.push_back(R"({"id":)" + one.raw("id") + R"(,"key":)" + one.raw("key") + "}");
  return bundle;
}

}  // namespace

Task<Result<void>> Engine::put_keys(Caller caller, KeyBundle bundle) {
  std::vector<store::RecordSet> sets{
      {std::string(keys_space), caller.user.text, bundle.device, body_of(bundle, 0), {}}};
  co_return co_await put_records(std::move(caller), std::move(sets));
}

Task<Result<std::vector<KeyBundle>>> Engine::take_keys(Caller caller, UserId of) {
  for (int tries = 0; tries < tries_max; ++tries) {
    CO_TRY(found, co_await records(std::string(keys_space), of.text, {}));
    std::vector<KeyBundle> taken;
    std::vector<store::RecordSet> sets;
    for (const store::Record& record : found) {
      CO_TRY(bundle, bundle_in(record));
      if (!bundle.one_time.empty()) {
        sets.push_back(
            {record.space, record.owner, record.key, body_of(bundle, 1), record.version});
        bundle.one_time.resize(1);
      }
      taken.push_back(std::move(bundle));
    }
    auto spent = co_await put_records(caller, std::move(sets));
    if (spent) co_return taken;
    if (spent.error().code != Code::conflict) co_return std::move(spent).error();
  }
  co_return Error{Code::unavailable, "these keys are asked for too often; try again", {}};
}

}  // namespace parley::engine
