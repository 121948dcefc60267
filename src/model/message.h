// A message: the content that most events carry.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/names.h"

namespace parley {

// The numbers are stored: add at the end, never reorder.
enum class MessageType : std::uint8_t {
  text,
  image,
  video,
  audio,
  file,
  location,
  emoji,
  system,
  document,
  contact,
  poll
};
[[nodiscard]] std::string_view name_of(MessageType type);
[[nodiscard]] std::optional<MessageType> parse_message_type(std::string_view text);

// Somebody, or everybody, named in a text; places count Unicode code points.
struct Mention {
  UserId user;  // empty: all
  std::uint32_t offset = 0;
  std::uint32_t length = 0;
  friend bool operator==(const Mention&, const Mention&) = default;
};

// Where a copy comes from.
struct Forwarded {
  MessageId message;
  ConversationId conversation;
  UserId sender;
  friend bool operator==(const Forwarded&, const Forwarded&) = default;
};

struct Reaction {
  std::string emoji;
  UserId user;
  Time at{};
};

struct SeenBy {
  UserId user;
  Time at{};
};

// How far it has come with everybody it is for.
enum class Progress : std::uint8_t { sent, delivered, read };
[[nodiscard]] std::string_view name_of(Progress progress);

struct Message {
  MessageId id;
  ConversationId conversation;
  Seq seq;
  UserId sender;
  MessageType type = MessageType::text;
  std::string text;
  std::string attachments;  // a JSON list, or empty
  std::string metadata;     // a JSON object, or empty
  std::string client_id;    // the sender's key, as given; empty: none
  Time created_at{};
  Time edited_at{};    // zero, like the next two: it has not been
  Time deleted_at{};   // by its author or somebody with power over it
  Time recalled_at{};  // by its author, soon after
  Time pinned_at{};
  MessageId parent;  // whose thread it is in; empty: none
  MessageId quote;   // empty: none
  std::vector<Mention> mentions;
  std::optional<Forwarded> forwarded_from;
  bool sealed = false;  // the text is ciphertext: never searched, never shortened
  Time expires_at{};    // when it goes by itself; zero: it does not

  // Not of its own row: what others have added, where a reader asked for it (store/extras.h).
  std::uint64_t reply_count = 0;
  std::vector<Reaction> reactions;        // in the order of coming
  std::vector<SeenBy> seen_by;            // in the order of reading
  Progress progress = Progress::sent;     // with all others
  std::shared_ptr<const Message> quoted;  // what is quoted, as it stands now

  // Gone, but for its place: what it said is kept nowhere.
  [[nodiscard]] bool gone() const { return deleted_at != Time{} || recalled_at != Time{}; }
};

}  // namespace parley
