// The doors of the server as data: how each wire says that one person writes to another.
//
// In the templates {from} {to} are users, {token} is the sender's, {conversation} what opening has answered, {number}
// that of the message and {text} begins with it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace parley::bench {

enum class Ids : std::uint8_t { names, uuids };
enum class Sending : std::uint8_t { frames, posts };

struct Door {
  std::string_view name;
  Ids users = Ids::uuids;
  std::string_view claim = "sub";  // of the token, which names the user
  std::string_view socket_path = "/ws?token={token}";
  std::string_view greeting = {};  // the first frame, where one is asked for
  std::string_view open_path =
      {};  // a POST that makes the conversation; empty: the first message does
  std::string_view open_body = {};
  Sending sending = Sending::frames;
  std::string_view send_path = {};  // of posts
  std::string_view send = {};
  std::string_view acknowledged = {};  // in what the sender gets for it; of posts any 2xx is that
  std::string_view delivered = {};     // in what the receiver gets
  std::string_view text_key = {};      // what the text follows
  std::string_view ack_key =
      {};  // what its number follows in what the sender gets; empty: the text's key
  bool partner_first = false;  // may one write on only if the other has written too?
  bool durable = true;         // is it committed when it is acknowledged?
};

// native, against which the others are measured, is the first.
[[nodiscard]] std::span<const Door> all_doors();
[[nodiscard]] const Door* find_door(std::string_view name);
// The native one, with what goes from device to device and is kept nowhere.
[[nodiscard]] const Door& passing_on();

struct Words {
  std::string_view from = {};
  std::string_view to = {};
  std::string_view token = {};
  std::string_view conversation = {};
  std::string_view number = {};
  std::string_view text = {};
};
[[nodiscard]] std::string filled(std::string_view form, const Words& words);

}  // namespace parley::bench
