// All that there is, in maps.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "store/plan.h"
#include "store/reader.h"

namespace parley::store {

using MemberKey = std::pair<ConversationId, UserId>;
using NameKey = std::pair<std::string, std::string>;

using ReactionKey = std::tuple<ConversationId, Seq, UserId, std::string>;
using RecordKey = std::tuple<std::string, std::string, std::string>;

struct MemoryRows {
  std::map<ConversationId, Conversation> conversations;
  std::map<MemberKey, Member> members;
  std::map<UserId, std::set<ConversationId>> of_user;
  std::map<ConversationId, std::vector<EventRef>> log;  // seq 1 stands at 0
  std::map<MessageId, std::pair<ConversationId, Seq>> messages;
  std::map<MessageId, std::vector<EarlierText>> edits;
  std::map<UserId, std::map<UserId, Time>> blocks;
  std::map<ReactionKey, Time> reactions;
  std::map<RecordKey, Record> records;
  std::map<ConversationId, std::vector<ReadingRow>> readings;
  std::map<NameKey, OnceRecord> once;
  std::multimap<Time, NameKey> once_for_a_day;
  std::map<NameKey, ConversationId> directs;
  std::vector<std::uint64_t> lanes;
};

template <class Map, class Key>
auto found(const Map& map, const Key& key) -> std::optional<typename Map::mapped_type> {
  auto at = map.find(key);
  return at == map.end() ? std::nullopt : std::optional{at->second};
}

// A pair whose conversation was deleted has none.
inline std::optional<ConversationId> living_direct(const MemoryRows& rows, const UserId& low,
                                                   const UserId& high) {
  auto at = rows.directs.find(NameKey{low.text, high.text});
  if (at == rows.directs.end()) return std::nullopt;
  const bool lives = rows.conversations.at(at->second).deleted_seq.value == 0;
  return lives ? std::optional{at->second} : std::nullopt;
}

// Answers from the rows as they are when it is asked.
[[nodiscard]] std::unique_ptr<Reader> make_memory_reader(const MemoryRows& rows,
                                                         std::uint32_t store_number);

}  // namespace parley::store
