#include "dialects/dinq/seen.h"

#include "base/json.h"
#include "base/json_writer.h"

namespace parley::dinq {

std::optional<Cursor> cursor_in(const std::optional<store::Record>& record) {
  if (!record) return std::nullopt;
  auto body = parse_json_object(record->body);
  auto text = body ? body->text("cursor") : std::nullopt;
  if (!text || !*text) return std::nullopt;
  return Cursor::parse(**text);
}

std::vector<store::RecordSet> seen_record(const UserId& user, const Cursor& cursor) {
  std::string body;
  JsonWriter json(body);
  json.open();
  json.field("cursor", cursor.text());
  json.close();
  return {{std::string(seen_space), user.text, std::string(seen_key), std::move(body), {}}};
}

}  // namespace parley::dinq
