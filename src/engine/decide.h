// The rules, as plain functions: what is known goes in, a decision comes out; nothing is fetched or written here.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/unicode.h"
#include "engine/commands.h"
#include "engine/standings.h"

namespace parley::engine {

// 1–128 bytes of printable UTF-8.
[[nodiscard]] bool valid_user_id(std::string_view text);

[[nodiscard]] Result<void> check_mentions(const std::vector<Mention>& mentions,
                                          std::string_view text, std::size_t most);
[[nodiscard]] Result<void> check_message(const SendMessage& command, Rank rank,
                                         const Policy& policy, const Limits& limits);
[[nodiscard]] Result<void> check_conversation(const CreateConversation& command,
                                              const UserId& caller, const Policy& policy,
                                              const Limits& limits);
[[nodiscard]] Result<void> check_update(const UpdateConversation& command, const Policy& policy,
                                        const Limits& limits);
[[nodiscard]] Result<void> check_key(std::string_view key, const Limits& limits);

// May this person write here now?
[[nodiscard]] Result<void> may_send(const Standing& standing, Rank rank, MessageType type,
                                    const Policy& policy);
// Whether who wrote last in this direct conversation has to wait for an answer before they write again.
[[nodiscard]] bool waits_for_answer(const Conversation& at, const UserId& user,
                                    const Policy& policy);
// The same for who has just written, as far as the door's own rule says it.
[[nodiscard]] bool waits_for_answer(const Event& sent, const Policy& policy);
// Whether this one has to wait between two messages here. Who leads does not.
[[nodiscard]] bool slowed(const Standing& standing, Rank rank, MessageType type);
[[nodiscard]] Result<void> may_edit(const Message& message, const UserId& caller,
                                    const Standing& standing);
[[nodiscard]] Result<void> may_delete(const Message& message, const UserId& caller,
                                      const Standing& standing, const Policy& policy);
[[nodiscard]] Result<void> may_recall(const Message& message, const UserId& caller, Time now,
                                      const Policy& policy);
[[nodiscard]] Result<void> check_edit(const EditMessage& command, const Message& message, Rank rank,
                                      const Policy& policy, const Limits& limits);
[[nodiscard]] Result<void> check_emoji(std::string_view emoji, const Policy& policy);
[[nodiscard]] Result<void> may_react(const Message& message, const Standing& standing);
[[nodiscard]] Result<void> may_pin(const Message& message, const Standing& standing);
[[nodiscard]] Result<void> may_update(const Standing& standing, const Policy& policy);
[[nodiscard]] Result<void> may_retain(const Standing& standing, const Policy& policy);
[[nodiscard]] Result<void> may_remove_conversation(const Standing& standing, const Policy& policy);
[[nodiscard]] Result<void> may_add(const Standing& standing, Role granted);
// `whom` is the role of the one who is changed; `self`: it is the caller.
enum class Target : std::uint8_t { self, other };
[[nodiscard]] Result<void> may_set_role(const Standing& standing, Target target, Role whom,
                                        Role granted, const Policy& policy);
[[nodiscard]] Result<void> may_remove_member(const Standing& standing, Target target, Role whom,
                                             const Policy& policy);

// A group never loses its last owner: who is promoted when `leaving` ceases to be one. `candidates` are present members,
// oldest first. Nobody, if an owner is left or nobody is.
[[nodiscard]] std::optional<UserId> next_owner(std::span<const Member> candidates,
                                               const UserId& leaving);

}  // namespace parley::engine
