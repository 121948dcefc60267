#include "bench/door.h"

#include <algorithm>
#include <array>
#include <utility>

namespace parley::bench {
namespace {

constexpr std::array doors{
    Door{.name = "native",
         .users = Ids::names,
         .socket_path = "/v1/ws?token={token}",
         .greeting = R"({"id":"hello","type":"hello","data":{"platform":"bench"}})",
         .open_path = "/v1/conversations",
         .open_body = R"({"type":"direct","members":["{to}"]})",
         .send =
             R"({"id":"{number}","type":"message.send","data":{"conversation_id":"{conversation}",)"
             R"("client_id":"{from}-{number}","text":"{text}"}})",
         .acknowledged = R"("type":"ok")",
         .delivered = R"("type":"message.created")",
         .text_key = R"("text":")"},
    Door{.name = "dinq",
         .claim = "user_id",
         .send = R"({"type":"message","data":{"receiver_id":"{to}","message_type":"text",)"
                 R"("content":"{text}"}})",
         .acknowledged = R"("type":"message")",
         .delivered = R"("type":"message")",
         .text_key = R"("content":")",
         .partner_first = true},
    Door{.name = "echo",
         .open_path = "/api/v1/conversations",
         .open_body = R"({"conversation_type":"direct","participant_ids":["{to}"]})",
         .send = R"({"type":"send_message","payload":{"conversation_id":"{conversation}",)"
                 R"("message_type":"text","content":"{text}"}})",
         .acknowledged = R"("type":"message_ack")",
         .delivered = R"("type":"new_message")",
         .text_key = R"("content":")"},
    Door{.name = "messaging",
         .open_path = "/api/v1/conversations",
         .open_body = R"({"type":"direct","member_ids":["{from}","{to}"]})",
         .send = R"({"type":"message.send","request_id":"{number}",)"
                 R"("conversation_id":"{conversation}","content":"{text}"})",
         .acknowledged = R"("type":"ack")",
         .delivered = R"("type":"message.new")",
         .text_key = R"("content":")"},
    Door{.name = "pulse",
         .users = Ids::names,
         .open_path = "/api/messages/conversations",
         .open_body = R"({"type":"DIRECT","participants":["{to}"]})",
         .sending = Sending::posts,
         .send_path = "/api/messages",
         .send = R"({"conversation_id":"{conversation}","content":"{text}"})",
         .delivered = R"("type":"message")",
         .text_key = R"("content":")"},
    Door{.name = "rtchat",
         .users = Ids::names,
         .sending = Sending::posts,
         .send_path = "/api/messages",
         .send = R"({"participants":["{from}","{to}"],"content":"{text}"})",
         .delivered = R"("sender":")",
         .text_key = R"("content":")",
         .durable = false},
};

constexpr Door signals{
    .name = "native",
    .users = Ids::names,
    .socket_path = "/v1/ws?token={token}",
    .greeting = R"({"id":"hello","type":"hello","data":{"platform":"bench"}})",
    .open_path = "/v1/conversations",
    .open_body = R"({"type":"direct","members":["{to}"]})",
    .send = R"({"id":"{number}","type":"call.signal","data":{"conversation_id":"{conversation}",)"
            R"("call_id":"{from}","kind":"ice","payload":{"text":"{text}"}}})",
    .acknowledged = R"("type":"ok")",
    .delivered = R"("type":"call.signal")",
    .text_key = R"("text":")",
    .ack_key = R"("ref":")",
    .durable = false};

}  // namespace

const Door& passing_on() { return signals; }

std::span<const Door> all_doors() { return doors; }

const Door* find_door(std::string_view name) {
  const auto found = std::ranges::find(doors, name, &Door::name);
  return found == doors.end() ? nullptr : &*found;
}

std::string filled(std::string_view form, const Words& words) {
  using Value = std::pair<std::string_view, std::string_view>;
  const std::array<Value, 6> values{{{"{from}", words.from},
                                     {"{to}", words.to},
                                     {"{token}", words.token},
                                     {"{conversation}", words.conversation},
                                     {"{number}", words.number},
                                     {"{text}", words.text}}};
  std::string out;
  while (!form.empty()) {
    const auto known = std::ranges::find_if(
        values, [&](const auto& value) { return form.starts_with(value.first); });
    if (known == values.end()) {
      out += form.front();
      form.remove_prefix(1);
    } else {
      out += known->second;
      form.remove_prefix(known->first.size());
    }
  }
  return out;
}

}  // namespace parley::bench
