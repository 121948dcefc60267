#include "store/text_index.h"

#include <algorithm>
#include <functional>

namespace parley::store {
namespace {

// Events that are read for one question because the index does not have them yet. While more are missing (an index is
// being made), histories are read instead.
constexpr std::size_t tail_max = 2'000;

// What a text is, or has become, by that event.
const Message* says_what(const Event& event) {
  const bool of_a_text =
      event.kind == EventKind::message_created || event.kind == EventKind::message_updated;
  return of_a_text ? event.message.get() : nullptr;
}

// The messages whose texts came after the mark; nothing where they are too many.
Result<std::optional<std::vector<Seq>>> tail_of(Reader& reader, const Conversation& conversation,
                                                std::uint64_t mark) {
  std::vector<Seq> seqs;
  if (conversation.last_at <= mark) return seqs;
  TRY(first, reader.first_after(conversation.id, mark));
  if (!first) return seqs;
  if (conversation.last_seq.value - first->value >= tail_max) return std::nullopt;
  TRY(events, reader.log(conversation.id, *first, tail_max));
  for (const EventRef& event : events)
    if (const Message* message = says_what(*event)) seqs.push_back(message->seq);
  return seqs;
}

}  // namespace

Result<MaybeHits> maybe_hits(Reader& reader, TextIndex& index, const ConversationId& where,
                             const Tokens& sought, Seq below, std::size_t limit) {
  if (sought.empty()) return reader.Reader::maybe_hits(where, sought, below, limit);
  TRY(conversation, reader.conversation(where));
  if (!conversation) return MaybeHits{};
  TRY(marks, index.marks());
  const std::uint64_t mark = marks[lane_of(where, static_cast<std::uint32_t>(marks.size()))];
  TRY(tail, tail_of(reader, *conversation, mark));
  if (!tail) return reader.Reader::maybe_hits(where, sought, below, limit);
  TRY(seqs, index.newest(where, sought, below, limit));
  MaybeHits hits;
  // Where the index may have more, nothing is said about what is below.
  if (seqs.size() == limit) hits.below = seqs.back();
  const auto asked_for = [&](Seq seq) {
    return (below.value == 0 || seq < below) && seq >= hits.below;
  };
  std::ranges::copy_if(*tail, std::back_inserter(seqs), asked_for);
  std::ranges::sort(seqs, std::greater{});
  seqs.erase(std::ranges::unique(seqs).begin(), seqs.end());
  std::vector<Place> places;
  for (const Seq seq : seqs) places.emplace_back(where, seq);
  TRY(messages, reader.messages_at(places));
  hits.messages = std::move(messages);
  return hits;
}

Result<std::optional<std::vector<Place>>> few_places(Reader& reader, TextIndex& index,
                                                     const std::vector<ConversationId>& among,
                                                     const Tokens& sought) {
  if (sought.empty()) return std::nullopt;
  TRY(marks, index.marks());
  TRY(head, reader.head());
  std::vector<Place> tail;
  for (std::uint32_t lane = 0; lane < marks.size(); ++lane) {
    if (head.lanes[lane] <= marks[lane]) continue;
    TRY(steps, reader.trail(lane, marks[lane], tail_max));
    if (steps.size() >= tail_max) return std::nullopt;
    for (const TrailStep& step : steps) {
      const Message* message = step.event ? says_what(*step.event) : nullptr;
      if (message != nullptr && std::ranges::binary_search(among, message->conversation))
        tail.emplace_back(message->conversation, message->seq);
    }
  }
  TRY(places, index.few(among, sought));
  if (!places) return std::nullopt;
  places->insert(places->end(), tail.begin(), tail.end());
  std::ranges::sort(*places);
  places->erase(std::ranges::unique(*places).begin(), places->end());
  return places;
}

}  // namespace parley::store
