// Changes as the engine makes them, for the cases.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "store/change.h"

namespace parley::store {

using Names = std::vector<std::string>;

// In the test's only lane-picking words: `lane` ends the id, and a store chooses the lane by that byte.
[[nodiscard]] ConversationId new_conversation_id(std::uint8_t lane = 0);

[[nodiscard]] Change make_group(ConversationId id, const std::string& owner,
                                const Names& others = {});
[[nodiscard]] Change make_direct(ConversationId id, const std::string& one,
                                 const std::string& other);
[[nodiscard]] Change say(ConversationId where, const std::string& who,
                         const std::string& text = "hello");
[[nodiscard]] Change say_once(ConversationId where, const std::string& who, const std::string& key,
                              const std::string& text = "hello");
[[nodiscard]] Change edit(const Message& message, const std::string& text);
[[nodiscard]] Change erase(const Message& message, const std::string& by);
[[nodiscard]] Change recall(const Message& message);
[[nodiscard]] Change pin(const Message& message, const std::string& by, bool on = true);
[[nodiscard]] Change react(const Message& message, const std::string& by, const std::string& emoji,
                           bool on = true);
[[nodiscard]] Change set_record(RecordSet set);
[[nodiscard]] Change set_block(const std::string& blocker, const std::string& blocked, bool on,
                               std::uint8_t lane = 0);
[[nodiscard]] Change read_upto(ConversationId where, const std::string& who, std::uint64_t seq);
[[nodiscard]] Change read_only(ConversationId where, const std::string& who, std::uint64_t seq);
[[nodiscard]] Change read_told_alone(ConversationId where, const std::string& who,
                                     std::uint64_t seq);
[[nodiscard]] Change add(ConversationId where, const std::string& by, const std::string& who,
                         Role role = Role::member);
[[nodiscard]] Change remove(ConversationId where, const std::string& by, const std::string& who);
[[nodiscard]] Change set_role(ConversationId where, const std::string& by, const std::string& who,
                              Role role);
[[nodiscard]] Change rename(ConversationId where, const std::string& by, const std::string& name);
[[nodiscard]] Change end(ConversationId where, const std::string& by);

}  // namespace parley::store
