#include "store/reader.h"

namespace parley::store {

Result<MaybeHits> Reader::maybe_hits(const ConversationId& where, const Tokens& /*sought*/,
                                     Seq below, std::size_t limit) {
  MaybeHits hits;
  TRY(all, messages(where, {MessageRange::Towards::older, below, limit}));
  if (all.size() == limit) hits.below = all.back().seq;
  hits.messages = std::move(all);
  return hits;
}

Result<std::optional<std::vector<Place>>> Reader::few_places(
    const std::vector<ConversationId>& /*among*/, const Tokens& /*sought*/) {
  return std::nullopt;
}

Result<std::uint64_t> Reader::not_indexed() { return 0; }

}  // namespace parley::store
