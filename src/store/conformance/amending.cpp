// What becomes of messages: edits are kept, what is gone is gone everywhere, and counts follow.
#include "store/conformance/changes.h"
#include "store/conformance/session.h"

namespace parley::store {
namespace {

Message sent(const Committed& done) { return *done.events.front()->message; }

std::optional<Message> now(Session& session, const Message& message) {
  return session.ask([id = message.id](Reader& reader) { return reader.message(id); });
}

std::vector<std::string> earlier(Session& session, const Message& message) {
  std::vector<std::string> texts;
  for (const EarlierText& one :
       session.ask([id = message.id](Reader& reader) { return reader.edits(id); }))
    texts.push_back(one.text);
  return texts;
}

TEST_P(Conformance, an_edit_changes_the_message_and_keeps_what_it_said) {
  Session session(*storage);
  const auto id = new_conversation_id();
  session.commit(make_group(id, "anna", {"ben"}));
  const Message message = sent(session.commit(say(id, "anna", "one")));
  const Committed done = session.commit(edit(message, "two"));
  EXPECT_EQ(done.outcome, Outcome::committed);
  EXPECT_EQ(done.seq, Seq{3});
  const Event& event = *done.events.front();
  EXPECT_EQ(event.kind, EventKind::message_updated);
  EXPECT_EQ(event.target, message.id);
  EXPECT_EQ(event.message->text, "two");
  EXPECT_EQ(event.message->seq, message.seq);
  session.commit(edit(message, "three"));
  const auto read = now(session, message);
  EXPECT_EQ(read->text, "three");
  EXPECT_GT(read->edited_at, read->created_at);
  EXPECT_EQ(read->created_at, message.created_at);
  EXPECT_EQ(earlier(session, message), (std::vector<std::string>{"one", "two"}));
  EXPECT_EQ(session.unread(id, "ben"), 1U);
  EXPECT_EQ(session.conversation(id).message_count, 1U);
  const auto log = session.log(id);
  ASSERT_EQ(log.size(), 4U);
  for (std::size_t i : {1UL, 2UL, 3UL})
    EXPECT_EQ(log[i]->message->text, "three");  // as it stands now
}

TEST_P(Conformance, what_is_detached_is_gone_from_the_message_which_is_not_edited) {
  Session session(*storage);
  const auto id = new_conversation_id();
  session.commit(make_group(id, "anna", {"ben"}));
  Change with_two = say(id, "anna", "look");
  with_two.events.front().message->attachments = R"([{"url":"https://a"},{"url":"https://b"}])";
  const Message message = sent(session.commit(std::move(with_two)));
  Change change = edit(message, "");
  change.amends->what = Amendment::What::detaches;
  change.amends->text.reset();
  change.amends->attachments = R"([{"url":"https://b"}])";
  EXPECT_EQ(session.commit(std::move(change)).outcome, Outcome::committed);
  EXPECT_EQ(now(session, message)->attachments, R"([{"url":"https://b"}])");
  EXPECT_EQ(now(session, message)->text, "look");
  EXPECT_EQ(now(session, message)->edited_at, Time{});
  EXPECT_TRUE(earlier(session, message).empty());
}

TEST_P(Conformance, what_is_gone_says_nothing_anywhere) {
  Session session(*storage);
  const auto id = new_conversation_id();
  session.commit(make_group(id, "anna", {"ben"}));
  for (bool deleted : {true, false}) {
    Change say_all = say_once(id, "anna", deleted ? "a" : "b", "secret");
    say_all.events.front().message->attachments = R"([{"url":"https://secret"}])";
    say_all.events.front().message->metadata = R"({"secret":1})";
    const Message message = sent(session.commit(std::move(say_all)));
    session.commit(edit(message, "still secret"));
    const Committed done = session.commit(deleted ? erase(message, "ben") : recall(message));
    EXPECT_EQ(done.outcome, Outcome::committed);
    const auto read = now(session, message);
    EXPECT_TRUE(read->gone());
    EXPECT_EQ(read->deleted_at != Time{}, deleted);
    EXPECT_EQ(read->recalled_at != Time{}, !deleted);
    EXPECT_EQ(read->text + read->attachments + read->metadata, "");
    EXPECT_TRUE(earlier(session, message).empty());
    for (const EventRef& event : session.log(id))
      if (event->message) EXPECT_EQ(event->message->text, "");
    for (Change again : {edit(message, "back"), erase(message, "anna"), recall(message)})
      EXPECT_EQ(session.commit(std::move(again)).outcome, Outcome::gone);
    // The key still stands for what it made.
    EXPECT_EQ(session.commit(say_once(id, "anna", deleted ? "a" : "b", "secret")).outcome,
              Outcome::repeated);
  }
  EXPECT_EQ(session.conversation(id).last_seq, Seq{7});
}

TEST_P(Conformance, a_message_of_another_place_is_not_amended) {
  Session session(*storage);
  const auto id = new_conversation_id(), other = new_conversation_id();
  session.commit(make_group(id, "anna"));
  session.commit(make_group(other, "anna"));
  Message message = sent(session.commit(say(id, "anna")));
  message.conversation = other;
  EXPECT_EQ(session.commit(edit(message, "x")).outcome, Outcome::gone);
  message.conversation = id;
  message.seq = Seq{1};  // an event that is no message
  EXPECT_EQ(session.commit(edit(message, "x")).outcome, Outcome::gone);
}

TEST_P(Conformance, a_message_can_be_amended_in_the_batch_that_makes_it) {
  Session session(*storage);
  const auto id = new_conversation_id();
  session.commit(make_group(id, "anna", {"ben"}));
  Change first = say(id, "anna", "one"), second = say(id, "anna", "x");
  Message one = *first.events.front().message, other = *second.events.front().message;
  one.seq = Seq{2};
  other.seq = Seq{3};
  const auto fates =
      session.commit_together({std::move(first), std::move(second), edit(one, "two"),
                               edit(other, "y"), erase(other, "anna"), edit(other, "z")});
  EXPECT_EQ(fates[0].events.front()->message->text,
            "one");  // what is told live is what was said then
  EXPECT_EQ(fates[2].events.front()->message->text, "two");
  EXPECT_EQ(fates[5].outcome, Outcome::gone);
  EXPECT_EQ(now(session, one)->text, "two");
  EXPECT_TRUE(now(session, other)->gone());
  EXPECT_TRUE(earlier(session, other).empty());
  EXPECT_EQ(session.unread(id, "ben"), 1U);
}

TEST_P(Conformance, what_goes_lowers_the_counts_of_who_had_not_read_it) {
  Session session(*storage);
  const auto id = new_conversation_id();
  session.commit(make_group(id, "anna", {"ben", "cleo", "dan"}));
  const Message first = sent(session.commit(say(id, "anna")));
  const Message second = sent(session.commit(say(id, "anna")));
  session.commit(read_upto(id, "ben", first.seq.value));
  session.commit(remove(id, "anna", "dan"));
  session.commit(erase(first, "anna"));
  EXPECT_EQ(session.unread(id, "ben"), 1U);
  EXPECT_EQ(session.unread(id, "cleo"), 1U);
  EXPECT_EQ(session.unread(id, "anna"), 0U);
  session.commit_together(
      {erase(second, "anna"), read_upto(id, "cleo", second.seq.value), add(id, "anna", "dan")});
  for (const char* who : {"anna", "ben", "cleo", "dan"})
    EXPECT_EQ(session.unread(id, who), 0U) << who;
}

}  // namespace
}  // namespace parley::store
