// Small documents beside the conversations.
#include "store/conformance/changes.h"
#include "store/conformance/session.h"

namespace parley::store {
namespace {

std::optional<Record> record(Session& session, const std::string& key) {
  return session.ask([&](Reader& reader) { return reader.record("notes", "anna", key); });
}

std::string keys(Session& session, RecordRange range) {
  std::string all;
  for (const Record& one :
       session.ask([&](Reader& reader) { return reader.records("notes", "anna", range); }))
    all += one.key;
  return all;
}

RecordSet put(const std::string& key, const std::string& body,
              std::optional<std::uint64_t> expects = {}) {
  return {"notes", "anna", key, body, expects};
}

TEST_P(Conformance, a_record_is_written_read_and_removed) {
  Session session(*storage);
  EXPECT_FALSE(record(session, "a"));
  EXPECT_EQ(session.commit(set_record(put("a", R"({"x":"\"1"})"))).outcome, Outcome::committed);
  EXPECT_EQ(record(session, "a")->body, R"({"x":"\"1"})");
  EXPECT_EQ(record(session, "a")->version, 1U);
  session.commit(set_record(put("a", "2")));
  EXPECT_EQ(record(session, "a")->body, "2");
  EXPECT_EQ(record(session, "a")->version, 2U);
  session.commit(set_record({"notes", "anna", "a", {}, {}}));
  EXPECT_FALSE(record(session, "a"));
}

TEST_P(Conformance, a_record_of_another_version_stays_as_it_is) {
  Session session(*storage);
  EXPECT_EQ(session.commit(set_record(put("a", "1", 0))).outcome, Outcome::committed);
  EXPECT_EQ(session.commit(set_record(put("a", "2", 0))).outcome, Outcome::stale);
  const auto fates = session.commit_together(
      {set_record(put("a", "2", 1)), set_record(put("a", "3", 1)), set_record(put("a", "4", 2))});
  EXPECT_EQ(fates[0].outcome, Outcome::committed);
  EXPECT_EQ(fates[1].outcome, Outcome::stale);
  EXPECT_EQ(fates[2].outcome, Outcome::committed);
  EXPECT_EQ(record(session, "a")->body, "4");
  // One that does not fit holds the others of its change back.
  Change both = set_record(put("b", "1"));
  both.records.push_back(put("a", "5", 1));
  EXPECT_EQ(session.commit(std::move(both)).outcome, Outcome::stale);
  EXPECT_FALSE(record(session, "b"));
}

TEST_P(Conformance, records_are_listed_by_key_from_both_ends) {
  Session session(*storage);
  for (const char* key : {"c", "a", "d", "b"}) session.commit(set_record(put(key, "{}")));
  session.commit(set_record({"notes", "ben", "x", "{}", {}}));
  session.commit(set_record({"other", "anna", "y", "{}", {}}));
  EXPECT_EQ(keys(session, {}), "abcd");
  EXPECT_EQ(keys(session, {.after = "b", .limit = 1, .newest_first = false}), "c");
  EXPECT_EQ(keys(session, {.after = "", .limit = 3, .newest_first = true}), "dcb");
  EXPECT_EQ(keys(session, {.after = "b", .limit = 3, .newest_first = true}), "a");
}

TEST_P(Conformance, documents_beside_a_message_are_written_with_it_or_not_at_all) {
  Session session(*storage);
  const auto id = new_conversation_id();
  session.commit(make_group(id, "anna", {"ben"}));
  session.commit(set_record(put("old", "1")));
  Change with_notes = say(id, "anna", "one");
  with_notes.beside = {put("new", "2"), {"notes", "anna", "old", {}, {}}};
  Change refused = with_notes;
  refused.events.front().message = std::make_shared<Message>(*refused.events.front().message);
  refused.expects = Version{77};
  EXPECT_EQ(session.commit(std::move(refused)).outcome, Outcome::stale);
  EXPECT_FALSE(record(session, "new"));
  EXPECT_EQ(session.commit(std::move(with_notes)).outcome, Outcome::committed);
  EXPECT_EQ(record(session, "new")->body, "2");
  EXPECT_FALSE(record(session, "old"));
}

// So a cursor tells whether somebody has come past them.
TEST_P(Conformance, records_in_order_take_places_among_the_events) {
  Session session(*storage);
  const auto id = new_conversation_id();
  session.commit(make_group(id, "anna"));
  const Cursor before = session.head();
  Change change = set_record(put("a", "1"));
  change.where = new_conversation_id();
  change.records_in_order = true;
  const Committed done = session.commit(std::move(change));
  ASSERT_TRUE(done.position);
  EXPECT_EQ(record(session, "a")->version, done.position->at);
  EXPECT_FALSE(before.has_seen(*done.position));
  EXPECT_TRUE(session.head().has_seen(*done.position));
  EXPECT_TRUE(session.since("anna", before).events.empty());
  const Committed next = session.commit(say(id, "anna"));
  EXPECT_GT(next.events.front()->position.at, done.position->at);
}

}  // namespace
}  // namespace parley::store
