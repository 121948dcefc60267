// A text index that follows the log, and what it does not have yet: together everything that can be a hit.
//
// An index is behind the log by a little, never more than its mark says. What came after the mark is read from the log
// itself: new messages, and those whose text has changed. What an index still has of a text that is gone or another one
// now is found out by whoever reads the message.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "store/reader.h"

namespace parley::store {

// One snapshot of it, for the question that is being answered.
class TextIndex {
 public:
  virtual ~TextIndex() = default;
  // Of each lane: all that happened up to there is in it.
  [[nodiscard]] virtual Result<std::vector<std::uint64_t>> marks() = 0;
  // Of the messages in this conversation below that place (0: all) that have these tokens, the newest; newest first.
  [[nodiscard]] virtual Result<std::vector<Seq>> newest(const ConversationId& where,
                                                        const Tokens& sought, Seq below,
                                                        std::size_t limit) = 0;
  // All of these conversations, in any order; nothing where they are too many to be worth it.
  [[nodiscard]] virtual Result<std::optional<std::vector<Place>>> few(
      const std::vector<ConversationId>& among, const Tokens& sought) = 0;
};

// What a reader with an index answers (reader.h).
[[nodiscard]] Result<MaybeHits> maybe_hits(Reader& reader, TextIndex& index,
                                           const ConversationId& where, const Tokens& sought,
                                           Seq below, std::size_t limit);
[[nodiscard]] Result<std::optional<std::vector<Place>>> few_places(
    Reader& reader, TextIndex& index, const std::vector<ConversationId>& among,
    const Tokens& sought);

}  // namespace parley::store
