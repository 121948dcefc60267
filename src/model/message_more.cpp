#include "model/message_more.h"

#include "base/json.h"
#include "base/json_writer.h"

namespace parley {
namespace {

void write_mentions(JsonWriter& json, const std::vector<Mention>& mentions) {
  json.key("mentions");
  json.open_list();
  for (const Mention& one : mentions) {
    json.open();
    json.field("user", one.user.text);
    json.field("offset", one.offset);
    json.field("length", one.length);
    json.close();
  }
  json.close_list();
}

std::string text_in(const JsonObject& object, std::string_view name) {
  auto text = object.text(name);
  return text && *text ? std::string(**text) : std::string{};
}

std::uint32_t number_in(const JsonObject& object, std::string_view name) {
  auto number = object.number(name);
  return number ? static_cast<std::uint32_t>(number->value_or(0)) : 0;
}

}  // namespace

std::string more_of(const Message& message) {
  std::string out;
  if (message.quote.empty() && message.mentions.empty() && !message.forwarded_from &&
      !message.sealed && message.expires_at == Time{})
    return out;
  JsonWriter json(out);
  json.open();
  if (!message.quote.empty()) json.field("quote", message.quote);
  if (!message.mentions.empty()) write_mentions(json, message.mentions);
  if (message.sealed) json.field("sealed", true);
  if (message.expires_at != Time{}) json.field("expires", to_micros(message.expires_at));
  if (message.forwarded_from) {
    json.key("forwarded");
    json.open();
    json.field("message", message.forwarded_from->message);
    json.field("conversation", message.forwarded_from->conversation);
    json.field("sender", message.forwarded_from->sender.text);
    json.close();
  }
  json.close();
  return out;
}

void read_more(std::string_view more, Message& message) {
  if (more.empty()) return;
  auto object = parse_json_object(more);
  if (!object) return;
  message.quote = MessageId::parse(text_in(*object, "quote")).value_or(MessageId{});
  message.sealed = object->flag("sealed").value_or(false).value_or(false);
  if (auto expires = object->number("expires"); expires && *expires)
    message.expires_at = from_micros(**expires);
  if (auto mentions = object->objects("mentions"); mentions && *mentions)
    for (const JsonObject& one : **mentions)
      message.mentions.push_back(
          {UserId{text_in(one, "user")}, number_in(one, "offset"), number_in(one, "length")});
  if (auto from = object->object("forwarded"); from && *from)
    message.forwarded_from =
        Forwarded{MessageId::parse(text_in(**from, "message")).value_or(MessageId{}),
                  ConversationId::parse(text_in(**from, "conversation")).value_or(ConversationId{}),
                  UserId{text_in(**from, "sender")}};
}

}  // namespace parley
