// A key makes a write happen once, however often and wherever it arrives.
#include "store/conformance/changes.h"
#include "store/conformance/session.h"

namespace parley::store {
namespace {

TEST_P(Conformance, a_key_counts_once) {
  Session session(*storage);
  const auto id = new_conversation_id();
  session.commit(make_group(id, "anna", {"ben"}));
  const Committed first = session.commit(say_once(id, "anna", "key"));
  const Committed again = session.commit(say_once(id, "anna", "key"));
  EXPECT_EQ(first.outcome, Outcome::committed);
  EXPECT_EQ(again.outcome, Outcome::repeated);
  EXPECT_EQ(again.where, id);
  EXPECT_EQ(again.seq, first.seq);
  EXPECT_EQ(again.fingerprint, first.fingerprint);
  EXPECT_EQ(session.log(id).size(), 2U);
  EXPECT_EQ(session.unread(id, "ben"), 1U);
}

TEST_P(Conformance, a_key_counts_once_within_a_batch_and_its_neighbours_are_taken) {
  Session session(*storage);
  const auto id = new_conversation_id();
  session.commit(make_group(id, "anna", {"ben"}));
  const auto fates = session.commit_together({say(id, "ben"), say_once(id, "anna", "key", "a"),
                                              say_once(id, "anna", "key", "a"), say(id, "ben"),
                                              say_once(id, "anna", "key", "b")});
  EXPECT_EQ(fates[1].outcome, Outcome::committed);
  EXPECT_EQ(fates[2].outcome, Outcome::repeated);
  EXPECT_EQ(fates[2].seq, fates[1].seq);
  EXPECT_EQ(fates[3].outcome, Outcome::committed);
  EXPECT_EQ(fates[4].outcome, Outcome::repeated);
  EXPECT_EQ(fates[4].fingerprint,
            fates[1].fingerprint);  // so the caller sees that it asked for something else
  EXPECT_EQ(session.log(id).size(), 4U);
}

TEST_P(Conformance, a_key_belongs_to_one_person) {
  Session session(*storage);
  const auto id = new_conversation_id();
  session.commit(make_group(id, "anna", {"ben"}));
  const auto fates =
      session.commit_together({say_once(id, "anna", "key"), say_once(id, "ben", "key")});
  EXPECT_EQ(fates[0].outcome, Outcome::committed);
  EXPECT_EQ(fates[1].outcome, Outcome::committed);
}

// Also where another lane, and so perhaps another connection, has the other conversation.
TEST_P(Conformance, a_key_counts_once_across_conversations) {
  Session session(*storage);
  std::vector<ConversationId> all;
  for (std::uint8_t i = 0; i < 16; ++i) all.push_back(new_conversation_id(i));
  for (const auto& id : all) session.commit(make_group(id, "anna"));
  for (int round = 0; round < 20; ++round) {
    for (const auto& id : all) session.submit(say_once(id, "anna", "key" + std::to_string(round)));
    const auto fates = session.settle();
    EXPECT_EQ(std::ranges::count(fates, Outcome::committed, &Committed::outcome), 1);
    const auto first = std::ranges::find(fates, Outcome::committed, &Committed::outcome);
    for (const Committed& fate : fates) EXPECT_EQ(fate.where, first->where);
  }
  std::size_t messages = 0;
  for (const auto& id : all) messages += session.conversation(id).message_count;
  EXPECT_EQ(messages, 20U);
}

TEST_P(Conformance, a_refused_change_uses_up_no_key) {
  Session session(*storage);
  const auto id = new_conversation_id();
  session.commit(make_group(id, "anna"));
  Change stale = say_once(id, "anna", "key");
  stale.expects = Version{99};
  EXPECT_EQ(session.commit(stale).outcome, Outcome::stale);
  EXPECT_EQ(session.commit(say_once(id, "anna", "key")).outcome, Outcome::committed);
  auto record = session.ask([](Reader& reader) { return reader.once({"anna"}, "key"); });
  ASSERT_TRUE(record.has_value());
  EXPECT_EQ(record->seq, Seq{2});
  EXPECT_EQ(record->conversation, id);
}

TEST_P(Conformance, keys_that_are_kept_for_a_day_are_forgotten_oldest_first) {
  Session session(*storage);
  const auto id = new_conversation_id();
  session.commit(make_group(id, "anna", {"ben"}));
  const Time begin = from_micros(1'767'323'045'000'000);
  auto rename_once = [&](int i) {
    Change change = rename(id, "anna", "name");
    change.at = begin + std::chrono::hours{i};
    change.once = OnceKey{{"anna"}, std::to_string(i), 1, OnceKey::Keep::a_day};
    return change;
  };
  auto forget = [&](int hours, std::size_t limit) {
    Change change;
    change.where = new_conversation_id();
    change.forget_once = Change::ForgetOnce{begin + std::chrono::hours{hours}, limit};
    session.commit(std::move(change));
  };
  auto any = [&](int hours) {
    return session.ask(
        [&](Reader& reader) { return reader.once_before(begin + std::chrono::hours{hours}); });
  };
  Change message = say_once(id, "anna", "of a message");
  message.at = begin;
  session.commit(std::move(message));
  EXPECT_FALSE(any(1));
  for (int i = 0; i < 6; ++i) session.commit(rename_once(i));
  EXPECT_TRUE(any(1));
  forget(4, 3);
  EXPECT_FALSE(any(3));
  EXPECT_TRUE(any(4));
  EXPECT_EQ(session.commit(rename_once(2)).outcome, Outcome::committed);
  EXPECT_EQ(session.commit(rename_once(3)).outcome, Outcome::repeated);
  forget(100, 100);
  EXPECT_FALSE(any(100));
  EXPECT_EQ(session.commit(say_once(id, "anna", "of a message")).outcome, Outcome::repeated);
}

TEST_P(Conformance, a_pace_holds_one_back_until_its_time) {
  Session session(*storage);
  const auto id = new_conversation_id();
  session.commit(make_group(id, "anna", {"ben"}));
  const Time begin = from_micros(1'767'323'045'000'000);
  auto paced = [&](int second) {
    Change change = say(id, "ben");
    change.at = begin + std::chrono::seconds{second};
    change.pace = Change::Pace{"pace", id.text(), "ben", std::chrono::seconds{10}};
    change.beside = {{"pace", id.text(), "ben", "{}", {}}};
    return change;
  };
  const auto fates = session.commit_together({paced(0), paced(9), say(id, "anna"), paced(10)});
  EXPECT_EQ(fates[0].outcome, Outcome::committed);
  EXPECT_EQ(fates[1].outcome, Outcome::too_soon);
  EXPECT_EQ(fates[1].since, begin);
  EXPECT_EQ(fates[2].outcome, Outcome::committed);
  EXPECT_EQ(fates[3].outcome, Outcome::committed);
  EXPECT_EQ(session.commit(paced(19)).outcome, Outcome::too_soon);
  EXPECT_EQ(session.commit(paced(20)).outcome, Outcome::committed);
  EXPECT_EQ(session.log(id).size(), 5U);
}

}  // namespace
}  // namespace parley::store
