#include "model/settings_more.h"

#include "base/json.h"
#include "base/json_writer.h"

namespace parley {

std::string more_of(const ConversationSettings& settings) {
  std::string out;
  const bool slow = settings.slow_mode.count() != 0;
  if (!slow && settings.retention_days == 0 && !settings.first_message_limit) return out;
  JsonWriter json(out);
  json.open();
  if (slow) json.field("slow_mode_s", settings.slow_mode.count());
  if (settings.retention_days != 0) json.field("retention_days", settings.retention_days);
  if (settings.first_message_limit)
    json.field("first_message_limit", *settings.first_message_limit);
  json.close();
  return out;
}

void read_more(std::string_view more, ConversationSettings& settings) {
  if (more.empty()) return;
  auto object = parse_json_object(more);
  if (!object) return;
  if (auto slow = object->number("slow_mode_s"); slow && *slow)
    settings.slow_mode = std::chrono::seconds{**slow};
  if (auto days = object->number("retention_days"); days && *days)
    settings.retention_days = static_cast<std::uint32_t>(**days);
  if (auto limit = object->flag("first_message_limit"); limit)
    settings.first_message_limit = *limit;
}

}  // namespace parley
