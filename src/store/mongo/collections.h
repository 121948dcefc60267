// The collections: three as other programs read them, the others this store's own.
#pragma once

namespace parley::store::mongo {

// Messages stand in the collection that the address names ("messages").
inline constexpr const char* conversations_collection = "conversations";
inline constexpr const char* user_cache_collection = "user_cache";

inline constexpr const char* store_collection =
    "parley_store";  // its number, its version, who serves it
inline constexpr const char* lanes_collection = "parley_lanes";      // how far the log has come
inline constexpr const char* journal_collection = "parley_journal";  // a commit each
inline constexpr const char* parts_collection =
    "parley_journal_parts";                                        // of those too large for one
inline constexpr const char* events_collection = "parley_events";  // all but messages
inline constexpr const char* members_collection = "parley_members";
inline constexpr const char* readings_collection = "parley_readings";
inline constexpr const char* once_collection = "parley_once";
inline constexpr const char* edits_collection = "parley_edits";
inline constexpr const char* blocks_collection = "parley_blocks";
inline constexpr const char* reactions_collection = "parley_reactions";
inline constexpr const char* mentions_collection = "parley_mentions";
inline constexpr const char* records_collection = "parley_records";

}  // namespace parley::store::mongo
