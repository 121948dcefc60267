#include "app/live_settings.h"

#include "app/config/options.h"
#include "base/json.h"
#include "base/json_writer.h"
#include "base/log.h"

namespace parley::app {
namespace {

constexpr std::size_t all_of_them = 1'000;

bool is_live(const config::AnyOption& option) { return option.reload() == config::Reload::live; }

native::Setting shown(const config::AnyOption& option, const config::Settings& settings) {
  native::Setting one{.key = std::string(option.name()), .value = {}, .live = is_live(option)};
  if (option.secrecy() == config::Secrecy::open) one.value = option.show(settings);
  return one;
}

Result<const config::AnyOption*> changeable(const std::string& key) {
  const config::AnyOption* option = config::find_option(key);
  if (option == nullptr)
    return fail(Code::not_found, "there is no setting of this key: GET /v1/admin/settings has all");
  if (!is_live(*option))
    return fail(Code::conflict,
                key + " is read at the start: change it in the configuration, and restart");
  return option;
}

std::string joined(const std::vector<std::string>& reasons) {
  std::string all;
  for (const std::string& one : reasons) all += (all.empty() ? "" : "; ") + one;
  return all;
}

store::RecordSet entry(const std::string& key, const std::optional<std::string>& value) {
  store::RecordSet set{std::string(LiveSettings::space), {}, key, {}, {}};
  if (!value) return set;
  set.body.emplace();
  JsonWriter json(*set.body);
  json.open();
  json.field("value", *value);
  json.close();
  return set;
}

}  // namespace

LiveSettings::LiveSettings(const config::Settings& configured, Reread reread, Changed changed)
    : reread_(std::move(reread)),
      changed_(std::move(changed)),
      configured_(configured),
      now_(configured) {}

std::vector<std::string> LiveSettings::take(std::optional<config::Settings> configured,
                                            std::optional<Stored> stored) {
  std::lock_guard lock(mutex_);
  if (configured) configured_ = std::move(*configured);
  if (stored) stored_ = std::move(*stored);
  config::Settings fresh = configured_;
  for (const auto& [key, value] : stored_) {
    auto option = changeable(key);
    // Of another version of this program, perhaps.
    if (!option || !(*option)->set(fresh, {value}).empty())
      log::warn("a stored setting is not taken", {{"key", key}});
  }
  std::vector<std::string> changed;
  for (const config::AnyOption* option : config::all_options())
    if (is_live(*option) && option->show(now_) != option->show(fresh))
      changed.emplace_back(option->name());
  now_ = std::move(fresh);
  if (!changed.empty()) changed_(now_);
  return changed;
}

Task<Result<LiveSettings::Stored>> LiveSettings::read_stored(engine::Engine& engine) {
  CO_TRY(records,
         co_await engine.records(std::string(space), {}, {.after = {}, .limit = all_of_them}));
  Stored stored;
  for (const store::Record& one : records) {
    CO_TRY(body, parse_json_object(one.body));
    CO_TRY(value, body.needed_text("value"));
    stored[one.key] = value;
  }
  co_return stored;
}

Task<Result<void>> LiveSettings::load(engine::Engine& engine) {
  CO_TRY(stored, co_await read_stored(engine));
  take(std::nullopt, std::move(stored));
  co_return Result<void>{};
}

std::vector<native::Setting> LiveSettings::all() const {
  std::lock_guard lock(mutex_);
  std::vector<native::Setting> settings;
  for (const config::AnyOption* option : config::all_options())
    settings.push_back(shown(*option, now_));
  return settings;
}

Task<Result<native::Setting>> LiveSettings::put(engine::Engine& engine, engine::Caller caller,
                                                std::string key, std::optional<std::string> value) {
  CO_TRY(option, changeable(key));
  if (value) {
    config::Settings trial = config::defaults();
    const auto reasons = option->set(trial, {*value});
    if (!reasons.empty()) co_return Error{Code::unprocessable, key + ": " + joined(reasons), {}};
  }
  std::vector<store::RecordSet> sets{entry(key, value)};
  CO_TRY_DO(co_await engine.put_records(caller, std::move(sets)));
  CO_TRY_DO(co_await load(engine));
  engine.tell_of_change(space);
  log::info("an administrator has changed a setting", {{"key", key}, {"by", caller.user.text}});
  std::lock_guard lock(mutex_);
  co_return shown(*option, now_);
}

Task<Result<native::Desk::Reloaded>> LiveSettings::reload(engine::Engine& engine) {
  config::Settings configured = [&] {
    std::lock_guard lock(mutex_);
    return configured_;
  }();
  auto fresh = reread_(configured);
  if (!fresh)
    co_return Error{Code::conflict, "the configuration can't be used: " + fresh.error().detail, {}};
  CO_TRY(stored, co_await read_stored(engine));
  Reloaded reloaded;
  reloaded.changed = take(std::move(fresh->settings), std::move(stored));
  reloaded.need_restart = std::move(fresh->need_restart);
  co_return reloaded;
}

}  // namespace parley::app
