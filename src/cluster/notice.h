// What nodes tell each other of what was committed, as bytes.
//
// A node that commits says to all which positions it has filled, and to those with somebody in the conversation what is
// there. What changes who may do what goes to all at once.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hub/feed.h"
#include "model/signal.h"

namespace parley::cluster {

// One filled position, as all hear of it.
struct Filled {
  Position at;
  ConversationId conversation;
  std::optional<hub::News> news;  // where it is for all
};

// Whether everybody is told at once, not only those with somebody in the conversation.
[[nodiscard]] bool is_for_all(const hub::News& news);

// In pieces of about that size.
using ManyNews = std::vector<const hub::News*>;
[[nodiscard]] std::vector<std::string> pack_filled(const ManyNews& news, std::size_t piece_bytes);
[[nodiscard]] std::vector<std::string> pack_news(const ManyNews& news, std::size_t piece_bytes);
[[nodiscard]] std::string pack_signal(const Signal& signal);

// Nothing where the bytes are not of this version.
[[nodiscard]] std::optional<std::vector<Filled>> unpack_filled(std::string_view bytes);
[[nodiscard]] std::optional<std::vector<hub::News>> unpack_news(std::string_view bytes);
[[nodiscard]] std::optional<Signal> unpack_signal(std::string_view bytes);

// None of a position that nobody is told of.
[[nodiscard]] ConversationId conversation_of(const hub::News& news);

}  // namespace parley::cluster
