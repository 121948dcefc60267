#include "engine/fading.h"

#include "base/json.h"
#include "base/json_writer.h"
#include "engine/engine.h"
#include "engine/fingerprint.h"

namespace parley::engine {
namespace {

constexpr std::string_view space = "fading";
constexpr std::size_t faded_at_once = 100;

store::RecordSet gone(std::string in, std::string owner, std::string key) {
  return {std::move(in), std::move(owner), std::move(key), {}, {}};
}

}  // namespace

std::string time_key(Time at) {
  constexpr std::string_view digits = "0123456789abcdef";
  const auto micros = static_cast<std::uint64_t>(to_micros(at));
  std::string key;
  for (int shift = 60; shift >= 0; shift -= 4) key += digits[(micros >> shift) & 15];
  return key;
}

store::RecordSet fading(const store::RecordSet& what, Time at) {
  std::string body;
  JsonWriter json(body);
  json.open();
  json.field("space", what.space);
  json.field("owner", what.owner);
  json.field("key", what.key);
  json.close();
  const std::uint64_t mark = Fingerprint{}.add(what.space).add(what.owner).add(what.key).value();
  return {std::string(space), {}, time_key(at) + std::to_string(mark), std::move(body), {}};
}

Task<Result<void>> Engine::fade_records() {
  const std::string now = time_key(clock_.now());
  for (;;) {
    CO_TRY(due, co_await records(std::string(space), {}, {.after = {}, .limit = faded_at_once}));
    std::vector<store::RecordSet> sets;
    for (const store::Record& one : due) {
      if (one.key.substr(0, now.size()) > now) break;
      if (auto what = parse_json_object(one.body)) {
        auto text = [&](std::string_view name) {
          auto value = what->text(name);
          return std::string(value ? value->value_or("") : "");
        };
        sets.push_back(gone(text("space"), text("owner"), text("key")));
      }
      sets.push_back(gone(one.space, one.owner, one.key));
    }
    const bool more = due.size() == faded_at_once && sets.size() >= faded_at_once;
    CO_TRY_DO(co_await put_records(Caller{}, std::move(sets)));
    if (!more) co_return Result<void>{};
  }
}

}  // namespace parley::engine
