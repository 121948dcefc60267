// What stands in each document, once: how it is read and written.
//
// `conversations` and the collection of messages are read by other programs, in the words of rtchat and pulse; what those
// have no word for stands under `parley` in the same documents. docs/operate/mongodb.md lists all of it.
#pragma once

#include <optional>
#include <set>
#include <string>

#include "store/mongo/bson.h"
#include "store/reader.h"

namespace parley::store::mongo {

// The present members, as long as they are few enough to stand in each message.
using Participants = std::optional<std::set<std::string>>;
inline constexpr std::uint32_t participants_kept_up_to =
    1'000;  // as many as a channel of rtchat has

// The `_id`s that are made of several.
[[nodiscard]] Doc member_name(const ConversationId& where, const UserId& user);
[[nodiscard]] Doc reading_name(const ConversationId& where, const UserId& user, Seq upto);
[[nodiscard]] Doc reaction_name(const ConversationId& where, Seq seq, const UserId& user,
                                const std::string& emoji);
[[nodiscard]] Doc mention_name(const ConversationId& where, Seq seq, const UserId& user);
[[nodiscard]] Doc once_name(const UserId& who, const std::string& key);
// The keys of writes that are kept for a day, used before that time.
[[nodiscard]] Doc kept_for_a_day(Time before);
[[nodiscard]] Doc block_name(const UserId& blocker, const UserId& blocked);
[[nodiscard]] Doc record_name(const std::string& space, const std::string& owner,
                              const std::string& key);
// Under `parley.pair` of the living direct conversation of two.
[[nodiscard]] Doc pair_name(const UserId& low, const UserId& high);

[[nodiscard]] Conversation read_conversation(Fields doc);
[[nodiscard]] Participants read_participants(Fields doc);
[[nodiscard]] ConversationId conversation_of_member(Fields doc);
[[nodiscard]] Member read_member(Fields doc);
[[nodiscard]] std::shared_ptr<Event> read_event(Fields doc);  // of the events' collection
[[nodiscard]] std::shared_ptr<Event> read_message_event(Fields doc);
[[nodiscard]] Message read_message(Fields doc);
[[nodiscard]] Reading read_reading(Fields doc);
[[nodiscard]] Record read_record(Fields doc);

// What stands under `parley` in a conversation.
[[nodiscard]] Doc conversation_inside(const Conversation& row);
[[nodiscard]] std::string_view type_shown(ConversationType type);
[[nodiscard]] Doc member_doc(const ConversationId& where, const Member& row, std::uint64_t stamp);
[[nodiscard]] Doc event_doc(const Event& event);
[[nodiscard]] Doc message_doc(const Event& event, const Participants& participants);
// What an amendment changes in the message's own document.
[[nodiscard]] Doc amendment(const Message& message);
[[nodiscard]] List mentioned_in(const Message& message);
[[nodiscard]] List list_of(const std::set<std::string>& names);
[[nodiscard]] Doc record_doc(const Record& row);

// What the pulse door keeps of people stands in `user_cache` too, in that service's own words.
[[nodiscard]] bool is_of_user_cache(const Record& row);
[[nodiscard]] Doc user_cache_doc(const Record& row);

}  // namespace parley::store::mongo
