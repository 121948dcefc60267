#include "bench/micro/works.h"

#include <memory>
#include <string>

#include "base/assert.h"
#include "base/json.h"
#include "bench/search/change_maker.h"
#include "dialects/native/wire.h"
#include "hub/hub.h"
#include "net/deflate.h"
#include "net/ws_codec.h"
#include "net/ws_mask.h"
#include "store/tokens.h"

namespace parley::bench {
namespace {

constexpr std::size_t receivers = 1'000;
constexpr std::uint32_t mask = 0x5AC31E77;
constexpr std::string_view text =
    "the quick brown fox jumps over the lazy dog the quick brown fox jumps over the lazy dog the "
    "quick brown fox jumps over the lazy dog the quick brown fox jumps over the lazy dog the quick "
    "brown fox jumps over";

std::string send_command() {
  return R"({"id":"000000000042","type":"message.send","data":{"conversation_id":)"
         R"("018f6b7c-aaaa-7bbb-8ccc-0123456789ab","client_id":"sender-000000000042","text":")" +
         std::string(text) + R"("}})";
}

// As a client sends it; a decoder unmasks where it lies, so each time needs it anew.
std::string masked_frame(const std::string& payload) {
  std::string frame{static_cast<char>(0x81), static_cast<char>(0xFE)};
  frame += static_cast<char>(payload.size() >> 8U);
  frame += static_cast<char>(payload.size() & 0xFFU);
  char key[sizeof mask];
  std::memcpy(key, &mask, sizeof mask);
  frame.append(key, sizeof key);
  const std::size_t head = frame.size();
  frame += payload;
  net::apply_mask(frame.data() + head, payload.size(), mask);
  return frame;
}

Work decode_frame() {
  return [frame = masked_frame(send_command())](std::size_t times) {
    net::WsDecoder decoder(1U << 20U, false);
    net::Inflater inflater;
    std::string input;
    for (std::size_t i = 0; i < times; ++i) {
      input = frame;
      std::span<char> bytes(input);
      PARLEY_ASSERT(decoder.next(bytes, inflater).kind == net::WsDecoder::Kind::message);
    }
  };
}

Work parse_command() {
  return [command = send_command()](std::size_t times) {
    for (std::size_t i = 0; i < times; ++i) {
      auto frame = parse_json_object(command);
      PARLEY_ASSERT(frame && parse_json_object(frame->raw("data")));
    }
  };
}

EventRef message_event() {
  ChangeMaker make;
  store::Change change = make.message(make.conversation(), std::string(text));
  auto event = std::make_shared<Event>();
  event->id = change.events.front().id;
  event->conversation = change.where;
  event->seq = Seq{42};
  event->position = {0, 4'711};
  event->actor = change.actor;
  event->at = change.at;
  change.events.front().message->client_id = "sender-000000000042";
  event->message = change.events.front().message;
  event->members_count = receivers;
  return event;
}

Work encode_event() {
  return [event = message_event()](std::size_t times) {
    const Cursor cursor{1, {4'711}};
    for (std::size_t i = 0; i < times; ++i)
      PARLEY_ASSERT(!native::event_json(*event, cursor).empty());
  };
}

class Ear final : public hub::Subscriber {
 public:
  using Subscriber::Subscriber;
  void receive(const hub::Delivery& /*delivery*/) override { ++heard; }
  void receive(const Pointer& /*pointer*/, hub::Encodings& /*encodings*/) override {}
  void receive(const Signal& /*signal*/, hub::Encodings& /*encodings*/) override {}
  std::size_t heard = 0;
};

struct Crowd {
  hub::Hub hub{Cursor{1, {0}}};
  std::vector<std::unique_ptr<Ear>> ears;
};

Work deliver_to_a_thousand() {
  auto crowd = std::make_shared<Crowd>();
  const EventRef event = message_event();
  for (std::size_t i = 0; i < receivers; ++i) {
    auto& ear = *crowd->ears.emplace_back(
        std::make_unique<Ear>(UserId{"user" + std::to_string(i)}, Origin{0, i + 1}));
    crowd->hub.attach(ear);
    crowd->hub.follow(ear, {event->conversation});
  }
  return [crowd, event](std::size_t times) {
    for (std::size_t i = 0; i < times; ++i) crowd->hub.deliver(event);
    PARLEY_ASSERT(crowd->ears.front()->heard >= times);
  };
}

Work tokens_of_a_text() {
  return [](std::size_t times) {
    for (std::size_t i = 0; i < times; ++i) PARLEY_ASSERT(!store::token_line(text).empty());
  };
}

}  // namespace

const std::vector<NamedWork>& works() {
  static const std::vector<NamedWork> all{
      {"decode_frame", decode_frame},         {"parse_command", parse_command},
      {"encode_event", encode_event},         {"deliver_to_a_thousand", deliver_to_a_thousand},
      {"tokens_of_a_text", tokens_of_a_text}, {"commit_a_hundred", commit_a_hundred},
  };
  return all;
}

}  // namespace parley::bench
