#include "dialects/dinq/settings.h"

#include <charconv>

namespace parley::dinq {
namespace {

constexpr std::string_view video_key = "max_video_size_mb";
constexpr std::size_t megabyte = 1024 * 1024;

std::optional<std::size_t> positive(std::string_view text) {
  std::size_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc{} && end == text.data() + text.size();
  return whole && value > 0 && value <= 1'000'000 ? std::optional{value} : std::nullopt;
}

}  // namespace

Settings::Settings(std::size_t video_megabytes, std::chrono::seconds recall_window)
    : recall_window_(recall_window),
      values_{{"enable_first_message_limit", "true"},
              {"enable_read_receipt", "true"},
              {"enable_online_status", "true"},
              {"enable_typing_indicator", "true"},
              {"enable_block_feature", "false"},
              {std::string(video_key), std::to_string(video_megabytes)}} {}

Result<void> Settings::check(const std::string& key, const std::string& value) const {
  std::lock_guard lock(mutex_);
  if (!values_.contains(key)) return fail(Code::bad_request, "setting key not found: " + key);
  if (key == video_key ? positive(value).has_value() : (value == "true" || value == "false"))
    return {};
  return fail(Code::bad_request, key == video_key ? key + " must be a whole number above 0"
                                                  : key + " must be true or false");
}

Task<Result<void>> Settings::load(engine::Engine& engine) {
  CO_TRY(records, co_await engine.records(std::string(space), "", {}));
  for (const store::Record& record : records)
    if (check(record.key, record.body)) {
      std::lock_guard lock(mutex_);
      values_[record.key] = record.body;
    }
  co_return Result<void>{};
}

Task<Result<void>> Settings::set(engine::Engine& engine, engine::Caller caller, std::string key,
                                 std::string value) {
  CO_TRY_DO(check(key, value));
  std::vector<store::RecordSet> sets{{std::string(space), "", key, value, {}}};
  CO_TRY_DO(co_await engine.put_records(std::move(caller), std::move(sets)));
  {
    std::lock_guard lock(mutex_);
    values_[key] = value;
  }
  engine.tell_of_change(space);
  co_return Result<void>{};
}

std::map<std::string, std::string> Settings::all() const {
  std::lock_guard lock(mutex_);
  return values_;
}

bool Settings::on(const std::string& key) const {
  std::lock_guard lock(mutex_);
  return values_.at(key) == "true";
}

std::size_t Settings::video_megabytes() const {
  std::lock_guard lock(mutex_);
  return positive(values_.at(std::string(video_key))).value_or(1);
}

engine::Policy Settings::policy() const {
  engine::Policy policy;
  policy.recall_window = recall_window_;
  policy.name_max = 100;
  policy.only_text_needs_text = true;
  policy.video_bytes_max = video_megabytes() * megabyte;
  policy.first_message_limit = on("enable_first_message_limit");
  policy.one_owner = true;
  policy.leaving_is_apart = true;
  policy.typing_is_told = on("enable_typing_indicator");
  policy.files = engine::Policy::Files::strange_ones_dropped;
  policy.mentioned_strangers = engine::Policy::Strangers::dropped;
  return policy;
}

}  // namespace parley::dinq
