// What is kept when the store is closed and opened again; and what a stop finishes.
#include "store/conformance/changes.h"
#include "store/conformance/session.h"

namespace parley::store {
namespace {

TEST_P(Conformance, everything_is_there_when_it_is_opened_again) {
  if (!storage->kept()) return;  // that adapter promises the opposite
  const auto id = new_conversation_id();
  Cursor before;
  std::vector<EventRef> log;
  {
    Session session(*storage);
    session.commit(make_group(id, "anna", {"ben"}));
    session.commit_together({say_once(id, "anna", "key"), say(id, "ben"), read_upto(id, "ben", 2)});
    before = session.head();
    log = session.log(id);
  }
  Session session(*storage);
  EXPECT_EQ(session.head(), before);
  EXPECT_EQ(session.commit(say_once(id, "anna", "key")).outcome, Outcome::repeated);
  const Committed next = session.commit(say(id, "anna"));
  EXPECT_EQ(next.seq, Seq{4});
  EXPECT_GT(next.events.front()->position.at, log.back()->position.at);
  const auto again = session.log(id);
  ASSERT_EQ(again.size(), log.size() + 1);
  for (std::size_t i = 0; i < log.size(); ++i) EXPECT_EQ(again[i]->id, log[i]->id);
  EXPECT_EQ(session.unread(id, "ben"), 1U);
  EXPECT_EQ(session.since("ben", before).events.size(), 1U);
}

TEST_P(Conformance, the_settings_of_a_conversation_are_kept) {
  const auto id = new_conversation_id();
  Session session(*storage);
  session.commit(make_group(id, "anna"));
  Change change = rename(id, "anna", "slow");
  ConversationSettings settings;
  settings.read_receipts = false;
  settings.who_can_add = Who::all;
  settings.slow_mode = std::chrono::seconds{7};
  settings.retention_days = 30;
  settings.first_message_limit = true;
  change.patch->settings = settings;
  session.commit(std::move(change));
  session.commit(say(id, "anna"));
  EXPECT_EQ(session.conversation(id).settings, settings);
}

TEST_P(Conformance, a_stop_finishes_what_was_submitted) {
  const auto id = new_conversation_id();
  Session session(*storage);
  session.commit(make_group(id, "anna"));
  for (int i = 0; i < 500; ++i) session.submit(say(id, "anna"));
  session.stop();
  for (const Committed& fate : session.settle()) EXPECT_EQ(fate.outcome, Outcome::committed);
}

TEST_P(Conformance, says_that_it_is_up) {
  Session session(*storage);
  const Health health = session.health();
  EXPECT_TRUE(health.up) << health.why;
  EXPECT_GE(health.latency_ms, 0);
}

}  // namespace
}  // namespace parley::store
