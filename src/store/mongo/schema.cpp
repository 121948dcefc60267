#include "store/mongo/schema.h"

#include <string>
#include <vector>

#include "base/log.h"
#include "base/random.h"
#include "store/mongo/collections.h"

namespace parley::store::mongo {
namespace {

constexpr int version = 1;

enum class Unique : std::uint8_t { no, yes };

struct Index {
  std::string collection;
  const char* name;
  std::vector<const char*> fields;
  const char* only_where = nullptr;  // documents that have this field
  Unique unique = Unique::no;
};

Result<void> make(Connection& connection, const Index& index) {
  Doc key;
  for (const char* field : index.fields) key.put(field, 1);
  Doc about;
  about.put("key", key).put("name", index.name);
  if (index.unique == Unique::yes) about.put("unique", true);
  if (index.only_where != nullptr)
    about.put("partialFilterExpression", Doc().put(index.only_where, Doc().put("$exists", true)));
  auto done = connection.write(
      Doc().put("createIndexes", index.collection).put("indexes", List().add(about)),
      Safety::majority);
  if (done) return {};
  return fail(Code::unavailable, std::string("the index ") + index.name + " of " +
                                     index.collection + " can't be made: " + done.error().text);
}

Result<void> make_all(Connection& connection) {
  const std::string& messages = connection.pool().messages();
  const Index all[] = {
      {messages, "parley_by_seq", {"conversation_id", "parley.seq"}, "parley.seq", Unique::yes},
      {messages, "parley_by_position", {"parley.position"}, "parley.position"},
      {messages, "parley_by_place", {"conversation_id", "parley.position"}, "parley.position"},
      {messages,
       "parley_by_parent",
       {"conversation_id", "parley.parent", "parley.seq"},
       "parley.parent"},
      {messages, "parley_pinned", {"conversation_id", "parley.pinned_at"}, "parley.pinned_at"},
      {messages, "participants", {"participants", "created_at"}},
      {conversations_collection, "parley_by_pair", {"parley.pair"}, "parley.pair"},
      {conversations_collection, "participants", {"participants"}},
      {events_collection, "by_seq", {"conversation_id", "seq"}, nullptr, Unique::yes},
      {events_collection, "by_position", {"position"}},
      {events_collection, "by_place", {"conversation_id", "position"}},
      {members_collection, "by_conversation", {"_id.conversation", "_id.user"}},
      {members_collection, "by_user", {"_id.user"}},
      {members_collection, "by_moved", {"_id.conversation", "read_position"}},
      {readings_collection, "by_end", {"_id.conversation", "_id.upto"}},
      {readings_collection, "by_begin", {"_id.conversation", "from"}},
      {readings_collection, "by_position", {"position"}},
      {edits_collection, "by_message", {"_id.message", "_id.number"}},
      {blocks_collection, "by_blocker", {"_id.blocker", "_id.blocked"}},
      {reactions_collection, "by_message", {"_id.conversation", "_id.seq"}},
      {mentions_collection, "by_user", {"_id.conversation", "_id.user", "_id.seq"}},
      {mentions_collection, "by_message", {"_id.conversation", "_id.seq"}},
      {records_collection, "by_name", {"_id.space", "_id.owner", "_id.key"}},
  };
  for (const Index& one : all) TRY_DO(make(connection, one));
  return {};
}

Doc store_name() { return Doc().put("_id", "store"); }

}  // namespace

int newest_version() { return version; }

Result<int> version_of(Connection& connection) {
  int found = 0;
  TRY_DO(connection.each(store_collection, store_name(), {},
                         [&](Fields doc) { found = static_cast<int>(doc.number("version")); }));
  return found;
}

Result<void> migrate(Connection& connection) {
  TRY(there, version_of(connection));
  if (there > version)
    return fail(Code::unavailable, "the database has schema version " + std::to_string(there) +
                                       ", this program knows " + std::to_string(version) +
                                       ": start a newer parley");
  // Also where the version is the same: what is there is not made again.
  TRY_DO(make_all(connection));
  if (there == version) return {};
  SystemRandom random;
  auto done = connection.insert(
      store_collection,
      store_name().put("number", random.next() & 0xFFFFFFFF).put("version", version),
      Safety::synced);
  if (!done) return fail(unavailable(done.error().text, "migrating"));
  log::info("migrated the database", {{"to_version", version}});
  return {};
}

Result<std::uint32_t> store_number(Connection& connection) {
  std::uint32_t number = 0;
  TRY_DO(connection.each(store_collection, store_name(), {}, [&](Fields doc) {
    number = static_cast<std::uint32_t>(doc.number("number"));
  }));
  return number;
}

}  // namespace parley::store::mongo
