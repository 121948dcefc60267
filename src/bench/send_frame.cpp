#include "bench/send_frame.h"

#include "base/json_writer.h"
#include "bench/frame.h"

namespace parley::bench {
namespace {

std::string payload_of(std::string_view conversation, std::string_view client_id,
                       std::string_view id, std::string_view text) {
  std::string out;
  JsonWriter json(out);
  json.open();
  json.field("id", id);
  json.field("type", "message.send");
  json.key("data");
  json.open();
  json.field("conversation_id", conversation);
  json.field("client_id", client_id);
  json.field("text", text);
  json.close();
  json.close();
  return out;
}

}  // namespace

std::string filler_text(unsigned bytes) {
  constexpr std::string_view words = "the quick brown fox jumps over the lazy dog ";
  std::string text;
  while (text.size() < bytes) text += words;
  text.resize(bytes);
  return text;
}

SendFrame::SendFrame(std::string_view conversation, std::string_view sender, unsigned text_bytes) {
  const std::string zeros(digits, '0');
  const std::string client_id = std::string(sender) + '-' + zeros;
  append_frame(frame_, payload_of(conversation, client_id, zeros, filler_text(text_bytes)));
  id_at_ = frame_.find("\"id\":\"") + 6;
  client_id_at_ = frame_.find(client_id) + sender.size() + 1;
}

void SendFrame::write_digits(std::size_t at, std::uint64_t number) {
  for (std::size_t place = digits; place-- > 0; number /= 10) {
    frame_[at + place] = static_cast<char>('0' + number % 10);
  }
}

std::string_view SendFrame::numbered(std::uint64_t number) {
  write_digits(id_at_, number);
  write_digits(client_id_at_, number);
  return frame_;
}

}  // namespace parley::bench
