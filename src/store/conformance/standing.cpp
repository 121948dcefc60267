// Versions, pairs, ends: a decision that no longer holds writes nothing, and harms no neighbour.
#include "store/conformance/changes.h"
#include "store/conformance/session.h"

namespace parley::store {
namespace {

Change expecting(Change change, std::uint64_t version) {
  change.expects = Version{version};
  return change;
}

TEST_P(Conformance, a_change_decided_on_an_older_version_is_stale) {
  Session session(*storage);
  const auto id = new_conversation_id();
  session.commit(make_group(id, "anna", {"ben"}));
  const std::uint64_t version = session.conversation(id).version.value;
  EXPECT_EQ(session.commit(expecting(say(id, "ben"), version)).outcome, Outcome::committed);
  EXPECT_EQ(session.conversation(id).version.value,
            version);  // a message changes nobody's standing
  const auto fates = session.commit_together({expecting(remove(id, "anna", "ben"), version),
                                              expecting(say(id, "ben"), version),
                                              expecting(say(id, "anna"), version + 1)});
  EXPECT_EQ(fates[0].outcome, Outcome::committed);
  EXPECT_EQ(fates[1].outcome, Outcome::stale);
  EXPECT_EQ(fates[2].outcome, Outcome::committed);
  EXPECT_EQ(fates[2].seq.value, fates[0].seq.value + 1);  // what is refused takes no number
  for (Change change : {rename(id, "anna", "x"), set_role(id, "anna", "anna", Role::owner),
                        add(id, "anna", "ben")}) {
    const std::uint64_t before = session.conversation(id).version.value;
    session.commit(std::move(change));
    EXPECT_GT(session.conversation(id).version.value, before);
  }
}

TEST_P(Conformance, what_is_not_there_or_has_ended_takes_nothing) {
  Session session(*storage);
  const auto id = new_conversation_id(), unknown = new_conversation_id();
  session.commit(make_group(id, "anna"));
  EXPECT_EQ(session.commit(say(unknown, "anna")).outcome, Outcome::missing);
  EXPECT_FALSE(
      session.ask([&](Reader& reader) { return reader.conversation(unknown); }).has_value());
  const auto fates =
      session.commit_together({say(id, "anna"), end(id, "anna"), say(id, "anna"), end(id, "anna")});
  EXPECT_EQ(fates[1].outcome, Outcome::committed);
  EXPECT_EQ(fates[2].outcome, Outcome::missing);
  EXPECT_EQ(fates[3].outcome, Outcome::missing);
  EXPECT_EQ(session.commit(say(id, "anna")).outcome, Outcome::missing);
  EXPECT_EQ(session.commit(read_upto(id, "anna", 1)).outcome, Outcome::missing);
  EXPECT_EQ(session.conversation(id).deleted_seq, Seq{3});
  EXPECT_EQ(session.log(id).size(), 3U);
}

TEST_P(Conformance, a_pair_whose_conversation_was_deleted_may_have_another) {
  Session session(*storage);
  const auto first = new_conversation_id(), second = new_conversation_id();
  session.commit(make_direct(first, "anna", "ben"));
  Change end = say(first, "anna");
  end.events.front().kind = EventKind::conversation_deleted;
  end.events.front().message.reset();
  end.patch = Change::Patch{};
  end.patch->deletes = true;
  const auto direct = [&] {
    return session.ask([](Reader& reader) { return reader.direct({"anna"}, {"ben"}); });
  };
  EXPECT_EQ(
      session.commit_together({std::move(end), make_direct(second, "anna", "ben")})[1].outcome,
      Outcome::committed);
  EXPECT_EQ(direct(), second);
  EXPECT_EQ(session.commit(make_direct(new_conversation_id(7), "anna", "ben")).outcome,
            Outcome::exists);
  EXPECT_EQ(session.commit(say(first, "ben")).outcome, Outcome::missing);
}

TEST_P(Conformance, two_people_have_one_direct_conversation) {
  Session session(*storage);
  const auto id = new_conversation_id(7);
  EXPECT_EQ(session.commit(make_direct(id, "anna", "ben")).outcome, Outcome::committed);
  const Committed again = session.commit(make_direct(new_conversation_id(7), "ben", "anna"));
  EXPECT_EQ(again.outcome, Outcome::exists);
  EXPECT_EQ(again.where, id);
  EXPECT_EQ(session.commit(make_direct(new_conversation_id(7), "anna", "cleo")).outcome,
            Outcome::committed);
  EXPECT_EQ(session.commit(make_direct(new_conversation_id(7), "anna", "anna")).outcome,
            Outcome::committed);
  const auto fates =
      session.commit_together({make_direct(new_conversation_id(7), "dan", "eve"), say(id, "anna"),
                               make_direct(new_conversation_id(7), "eve", "dan")});
  EXPECT_EQ(fates[0].outcome, Outcome::committed);
  EXPECT_EQ(fates[1].outcome, Outcome::committed);
  EXPECT_EQ(fates[2].outcome, Outcome::exists);
  EXPECT_EQ(fates[2].where, fates[0].where);
  const auto found = session.ask([](Reader& reader) { return reader.direct({"anna"}, {"ben"}); });
  EXPECT_EQ(found, std::optional{id});
  EXPECT_FALSE(session.ask([](Reader& reader) { return reader.direct({"ben"}, {"anna"}); })
                   .has_value());  // low first
}

TEST_P(Conformance, a_block_is_kept_and_makes_decisions_about_the_pair_stale) {
  Session session(*storage);
  auto blocks = [&](const std::string& blocker, const std::string& blocked) {
    return session.ask([&](Reader& reader) { return reader.blocks({blocker}, {blocked}); });
  };
  EXPECT_EQ(session.commit(set_block("anna", "zoe", true)).outcome,
            Outcome::committed);  // no conversation yet
  const auto id = new_conversation_id(7);
  session.commit(make_direct(id, "anna", "ben"));
  const std::uint64_t version = session.conversation(id).version.value;
  session.commit(set_block("anna", "ben", true, 7));
  EXPECT_TRUE(blocks("anna", "ben"));
  EXPECT_FALSE(blocks("ben", "anna"));
  EXPECT_EQ(session.commit(expecting(say(id, "ben"), version)).outcome, Outcome::stale);
  session.commit(set_block("anna", "ben", true, 7));  // a repeat
  auto listed = session.ask([](Reader& reader) { return reader.blocks_of({"anna"}, {}, 10); });
  ASSERT_EQ(listed.size(), 2U);
  EXPECT_EQ(listed[0].blocked.text + listed[1].blocked.text, "benzoe");
  EXPECT_EQ(
      session.ask([](Reader& reader) { return reader.blocks_of({"anna"}, {"ben"}, 10); }).size(),
      1U);
  session.commit_together({set_block("anna", "ben", false, 7), set_block("anna", "ben", true, 7),
                           set_block("anna", "ben", false, 7)});
  EXPECT_FALSE(blocks("anna", "ben"));
  const auto fates = session.commit_together(
      {make_direct(new_conversation_id(9), "dan", "eve"), set_block("eve", "dan", true, 9)});
  EXPECT_EQ(session.conversation(fates[0].where).version.value, 2U);
}

TEST_P(Conformance, time_never_goes_back_within_a_conversation) {
  Session session(*storage);
  const auto id = new_conversation_id();
  session.commit(make_group(id, "anna"));
  Change early = say(id, "anna");
  early.at -= std::chrono::hours{1};
  session.commit_together({say(id, "anna"), std::move(early), say(id, "anna")});
  const auto log = session.log(id);
  for (std::size_t i = 1; i < log.size(); ++i) EXPECT_GE(log[i]->at, log[i - 1]->at);
}

// While one thread commits whole conversations, with members and messages, nobody sees a part of one.
TEST_P(Conformance, a_reader_sees_whole_commits_only) {
  Session session(*storage);
  const auto id = new_conversation_id();
  session.commit(make_group(id, "anna", {"ben"}));
  auto whole = [id](Reader& reader) -> Result<bool> {
    TRY(row, reader.conversation(id));
    TRY(log, reader.log(id, Seq{1}, 100'000));
    TRY(ben, reader.member(id, {"ben"}));
    TRY(head, reader.head());
    const Event& last = *log.back();
    std::uint64_t others = 0;
    for (const EventRef& event : log)
      others += event->message && event->actor != UserId{"ben"} ? 1 : 0;
    return row->last_seq == last.seq && log.size() == last.seq.value &&
           row->last_at == last.position.at && head.has_seen(last.position) &&
           unread_count(*row, *ben) == others;
  };
  for (int round = 0; round < 30; ++round) {
    for (int i = 0; i < 40; ++i) session.submit(say(id, i % 2 == 0 ? "anna" : "ben"));
    EXPECT_TRUE(session.ask(whole));  // while they are being committed
    EXPECT_TRUE(session.ask(whole));
    session.settle();
  }
  EXPECT_TRUE(session.ask(whole));
}

TEST_P(Conformance, who_has_written_to_the_other_is_known_and_new_standing) {
  Session session(*storage);
  const auto id = new_conversation_id();
  session.commit(make_direct(id, "ben", "anna"));
  const Version before = session.conversation(id).version;
  const Committed first = session.commit(say(id, "ben"));
  EXPECT_FALSE(first.events.front()->answered);
  EXPECT_EQ(first.events.front()->place, ConversationType::direct);
  EXPECT_FALSE(session.conversation(id).low_spoke);
  EXPECT_TRUE(session.conversation(id).high_spoke);
  EXPECT_EQ(session.conversation(id).version.value, before.value + 1);
  session.commit(say(id, "ben"));
  EXPECT_EQ(session.conversation(id).version.value, before.value + 1);
  EXPECT_TRUE(session.commit(say(id, "anna")).events.front()->answered);
  EXPECT_EQ(session.conversation(id).version.value, before.value + 2);
}

}  // namespace
}  // namespace parley::store
