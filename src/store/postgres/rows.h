// The columns of each table, once: how a row is read and how many are written.
#pragma once

#include "store/plan.h"
#include "store/postgres/values.h"

namespace parley::store::postgres {

#define PARLEY_PG_CONVERSATION(c)                                                              \
  c "id," c "type," c "direct_low," c "direct_high," c "name," c "avatar_url," c "metadata," c \
    "read_receipts," c "who_can_add," c "who_can_post," c "created_at," c "updated_at," c      \
    "version," c "last_seq," c "last_at," c "pointers_at," c "message_count," c                \
    "last_message_seq," c "members_count," c "deleted_seq," c "low_spoke," c "high_spoke," c   \
    "more_settings"
#define PARLEY_PG_MEMBER(m)                                                                   \
  m "user_id," m "role," m "joined_at," m "joined_seq," m "first_joined_seq," m "left_seq," m \
    "read_seq," m "read_at," m "read_position," m "unread_base," m "pinned," m "archived," m  \
    "muted_until," m "notifications," m "own_receipts," m "hidden_seq," m "delivered_seq," m  \
    "delivered_at," m "read_beyond"
#define PARLEY_PG_LOG(l)                                                                          \
  l "position," l "conversation_id," l "seq," l "id," l "kind," l "actor," l "at," l "subject," l \
    "role," l "details," l "target," l "message_type," l "text," l "attachments," l "metadata," l \
    "client_id," l "edited_at," l "deleted_at," l "recalled_at," l "parent," l "pinned_at," l     \
    "more"

[[nodiscard]] Conversation read_conversation(Row& row);
[[nodiscard]] Member read_member(Row& row);
[[nodiscard]] std::shared_ptr<Event> read_event(Row& row,
                                                std::uint32_t lanes);  // its own message only
[[nodiscard]] Message read_message(Row& row);
[[nodiscard]] Record read_record(Row& row);

// All that a batch writes, as queries; each is left out where it has no rows.
void add_writes(std::vector<Query>& queries, const Writes& writes);

}  // namespace parley::store::postgres
