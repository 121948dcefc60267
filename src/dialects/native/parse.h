// From this wire's JSON to commands. What can't be done is refused by name, never ignored.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "engine/commands.h"
#include "net/http.h"

namespace parley::native {

// U+0000 in any text of it is refused.
[[nodiscard]] Result<void> no_zero_characters(std::string_view json);
[[nodiscard]] Result<ConversationId> conversation_id(std::string_view text);
// `header_key`: the header Idempotency-Key, where no client_id is in the body.
[[nodiscard]] Result<MessageId> message_id(std::string_view text);
[[nodiscard]] Result<engine::EditMessage> edit_message(const JsonObject& body, MessageId id);
[[nodiscard]] Result<engine::SendMessage> send_message(const JsonObject& body, ConversationId where,
                                                       std::string_view header_key);
[[nodiscard]] Result<engine::CreateConversation> create_conversation(const JsonObject& body,
                                                                     std::string_view header_key);
[[nodiscard]] Result<engine::UpdateConversation> update_conversation(const JsonObject& body,
                                                                     ConversationId where);
[[nodiscard]] Result<OwnPatch> own_settings(const JsonObject& body);
[[nodiscard]] Result<engine::AddMembers> add_members(const JsonObject& body, ConversationId where);
[[nodiscard]] Result<Role> role_of(const JsonObject& body);
[[nodiscard]] Result<bool> typing_of(const JsonObject& body);
[[nodiscard]] Result<Seq> seq_of(const JsonObject& body);

// Out-of-range or junk values are refused, never silently changed.
[[nodiscard]] Result<std::size_t> limit_of(const net::Query& query);
[[nodiscard]] Result<std::optional<std::uint64_t>> number_of(const net::Query& query,
                                                             std::string_view name);
[[nodiscard]] Result<engine::HistoryQuery> history_query(const net::Query& query);
[[nodiscard]] Result<engine::HistoryQuery> history_query(const JsonObject& body);
[[nodiscard]] Result<engine::ListQuery> list_query(const net::Query& query);

// The opaque `next` of pages.
[[nodiscard]] std::string page_token(const engine::ListQuery::After& after);
[[nodiscard]] std::string page_token(std::string_view text);
[[nodiscard]] std::string page_token(engine::HistoryQuery::Mode mode, Seq seq);
[[nodiscard]] Result<UserId> user_after(const net::Query& query);

}  // namespace parley::native
