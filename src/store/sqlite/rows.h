// The columns of each table, once: how a row is read and written.
#pragma once

#include "store/reader.h"
#include "store/sqlite/database.h"

namespace parley::store::sqlite {

// In the order of the tables.
#define PARLEY_CONVERSATION_COLUMNS(c)                                                         \
  c "id," c "type," c "direct_low," c "direct_high," c "name," c "avatar_url," c "metadata," c \
    "read_receipts," c "who_can_add," c "who_can_post," c "created_at," c "updated_at," c      \
    "version," c "last_seq," c "last_at," c "pointers_at," c "message_count," c                \
    "last_message_seq," c "members_count," c "deleted_seq," c "low_spoke," c "high_spoke," c   \
    "more_settings"
#define PARLEY_MEMBER_COLUMNS(m)                                                              \
  m "user_id," m "role," m "joined_at," m "joined_seq," m "first_joined_seq," m "left_seq," m \
    "read_seq," m "read_at," m "read_position," m "unread_base," m "pinned," m "archived," m  \
    "muted_until," m "notifications," m "own_receipts," m "hidden_seq," m "delivered_seq," m  \
    "delivered_at," m "read_beyond"
#define PARLEY_LOG_COLUMNS                                                                  \
  "position,conversation_id,seq,id,kind,actor,at,subject,role,details,target,message_type," \
  "text,attachments,metadata,client_id,edited_at,deleted_at,recalled_at,parent,pinned_at,more"

[[nodiscard]] Conversation read_conversation(Rows& rows);
[[nodiscard]] Member read_member(Rows& rows);
[[nodiscard]] std::shared_ptr<Event> read_event(Rows& rows);  // its own message only
[[nodiscard]] Message read_message(Rows& rows);               // a row of the log that is one

// `more`: of its settings (model/settings_more.h); must live as long as the binding.
void bind_conversation(Rows& rows, const Conversation& row, const std::string& more);
// `read_beyond`: as text; must live as long as the binding.
void bind_member(Rows& rows, const ConversationId& conversation, const Member& row,
                 const std::string& read_beyond);
// `more`: of its message (model/message_more.h); must live as long as the binding.
void bind_event(Rows& rows, const Event& event, const std::string& more);

// Questions that readers and the writer both ask.
[[nodiscard]] Result<std::optional<Conversation>> find_conversation(Database& database,
                                                                    const ConversationId& id);
[[nodiscard]] Result<std::optional<Member>> find_member(Database& database,
                                                        const ConversationId& id,
                                                        const UserId& user);
[[nodiscard]] Result<std::optional<ConversationId>> find_direct(Database& database,
                                                                const UserId& low,
                                                                const UserId& high);
[[nodiscard]] Result<std::optional<OnceRecord>> find_once(Database& database, const UserId& who,
                                                          const std::string& key);
// Among those that were not moved yet (recent_keys.h): reads them all, some thousands.
[[nodiscard]] Result<std::optional<OnceRecord>> find_recent_once(Database& database,
                                                                 const UserId& who,
                                                                 const std::string& key);
[[nodiscard]] Result<std::optional<Record>> find_record(Database& database,
                                                        const std::string& space,
                                                        const std::string& owner,
                                                        const std::string& key);
[[nodiscard]] Record read_record(Rows& rows);
[[nodiscard]] Result<std::uint64_t> find_head(Database& database);

}  // namespace parley::store::sqlite
