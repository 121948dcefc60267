#include "dialects/rtchat/wire.h"

namespace parley::rtchat {

void write_message(JsonWriter& json, const Message& message, const Participants& participants) {
  json.open();
  json.field("id", hex24(message.id.bytes));
  json.field("sender", message.sender.text);
  json.field("content", message.text);
  json.field("created_at", message.created_at);
  json.key("participants");
  json.open_list();
  for (const UserId& one : participants) json.value(one.text);
  json.close_list();
  json.close();
}

// They stand nowhere in JSON but inside texts.
std::string safe_in_html(std::string_view json) {
  std::string out;
  out.reserve(json.size());
  for (std::size_t at = 0; at < json.size(); ++at) {
    const char c = json[at];
    const std::string_view three = json.substr(at, 3);
    if (c == '<')
      out += "\\u003c";
    else if (c == '>')
      out += "\\u003e";
    else if (c == '&')
      out += "\\u0026";
    else if (three == "\u2028" || three == "\u2029") {
      out += three == "\u2028" ? "\\u2028" : "\\u2029";
      at += 2;
    } else
      out += c;
  }
  return out;
}

}  // namespace parley::rtchat
