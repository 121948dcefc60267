// What others add to a message: replies, reactions, mentions, pins.
#include "store/conformance/changes.h"
#include "store/conformance/session.h"
#include "store/extras.h"

namespace parley::store {
namespace {

Message sent(const Committed& done) { return *done.events.front()->message; }

Message with_extras(Session& session, const Message& message) {
  return session.ask([id = message.id](Reader& reader) -> Result<Message> {
    TRY(found, reader.message(id));
    TRY_DO(add_extras(reader, *found));
    return std::move(*found);
  });
}

Change reply(const Message& parent, const std::string& who, const std::string& text) {
  Change change = say(parent.conversation, who, text);
  change.events.front().message->parent = parent.id;
  return change;
}

Change naming(const ConversationId& where, const std::string& who, std::vector<Mention> mentions) {
  Change change = say(where, who, "@you");
  change.events.front().message->mentions = std::move(mentions);
  return change;
}

std::uint64_t mentions(Session& session, const ConversationId& where, const std::string& who,
                       std::uint64_t after = 0) {
  return session.ask(
      [&](Reader& reader) { return reader.mention_count(where, UserId{who}, Seq{after}); });
}

std::vector<std::string> reactions(Session& session, const Message& message) {
  std::vector<std::string> all;
  for (const Reaction& one : with_extras(session, message).reactions)
    all.push_back(one.user.text + one.emoji);
  return all;
}

TEST_P(Conformance, a_thread_has_the_living_replies) {
  Session session(*storage);
  const auto id = new_conversation_id();
  session.commit(make_group(id, "anna", {"ben"}));
  const Message parent = sent(session.commit(say(id, "anna", "parent")));
  std::vector<Message> replies;
  for (const char* text : {"one", "two", "three"})
    replies.push_back(sent(session.commit(reply(parent, "ben", text))));
  session.commit(erase(replies[1], "ben"));
  EXPECT_EQ(with_extras(session, parent).reply_count, 2U);
  EXPECT_EQ(with_extras(session, replies[0]).reply_count, 0U);
  EXPECT_EQ(with_extras(session, replies[0]).parent, parent.id);
  auto page = [&](Seq after, std::size_t limit) {
    std::vector<std::string> texts;
    for (const Message& one :
         session.ask([&](Reader& reader) { return reader.replies(parent, after, limit); }))
      texts.push_back(one.text);
    return texts;
  };
  EXPECT_EQ(page(Seq{}, 10), (std::vector<std::string>{"one", "three"}));
  EXPECT_EQ(page(replies[0].seq, 10), (std::vector<std::string>{"three"}));
  EXPECT_EQ(page(Seq{}, 1), (std::vector<std::string>{"one"}));
}

TEST_P(Conformance, a_quote_shows_its_message_as_it_stands) {
  Session session(*storage);
  const auto id = new_conversation_id();
  session.commit(make_group(id, "anna"));
  const Message first = sent(session.commit(say(id, "anna", "first")));
  Change quoting = say(id, "anna", "see above");
  quoting.events.front().message->quote = first.id;
  quoting.events.front().message->forwarded_from = Forwarded{first.id, id, {"anna"}};
  const Message second = sent(session.commit(std::move(quoting)));
  EXPECT_EQ(with_extras(session, second).quoted->text, "first");
  EXPECT_EQ(with_extras(session, second).forwarded_from, (Forwarded{first.id, id, {"anna"}}));
  session.commit(edit(first, "changed"));
  EXPECT_EQ(with_extras(session, second).quoted->text, "changed");
  session.commit(erase(first, "anna"));
  EXPECT_TRUE(with_extras(session, second).quoted->gone());
}

TEST_P(Conformance, a_reaction_is_there_once_and_only_a_change_is_an_event) {
  Session session(*storage);
  const auto id = new_conversation_id();
  session.commit(make_group(id, "anna", {"ben"}));
  const Message message = sent(session.commit(say(id, "anna")));
  const Committed done = session.commit(react(message, "ben", "\U0001F44D"));
  ASSERT_EQ(done.events.size(), 1U);
  EXPECT_EQ(done.events.front()->kind, EventKind::reaction_added);
  EXPECT_EQ(done.events.front()->target, message.id);
  EXPECT_TRUE(session.commit(react(message, "ben", "\U0001F44D")).events.empty());
  const auto fates = session.commit_together(
      {react(message, "ben", ":x:"), react(message, "ben", ":x:"), react(message, "anna", ":x:"),
       react(message, "ben", "\U0001F44D", false), react(message, "ben", "\U0001F44D", false)});
  EXPECT_EQ(fates[0].events.size(), 1U);
  EXPECT_TRUE(fates[1].events.empty());
  EXPECT_EQ(fates[3].events.size(), 1U);
  EXPECT_TRUE(fates[4].events.empty());
  auto left = reactions(session, message);
  std::ranges::sort(left);
  EXPECT_EQ(left, (std::vector<std::string>{"anna:x:", "ben:x:"}));
  const auto log = session.log(id);
  EXPECT_EQ(log.back()->details, "\U0001F44D");
  EXPECT_EQ(log.back()->target, message.id);
  session.commit(erase(message, "anna"));
  EXPECT_TRUE(reactions(session, message).empty());
  EXPECT_EQ(session.commit(react(message, "ben", ":x:")).outcome, Outcome::gone);
}

TEST_P(Conformance, mentions_count_until_they_are_read_or_gone) {
  Session session(*storage);
  const auto id = new_conversation_id();
  session.commit(make_group(id, "anna", {"ben", "cleo"}));
  const UserId ben{"ben"}, all{};
  const Message one = sent(session.commit(naming(id, "anna", {{ben, 0, 4}, {all, 0, 4}})));
  const Message two = sent(session.commit(naming(id, "ben", {{all, 0, 4}})));
  const Message three = sent(session.commit(naming(id, "anna", {{ben, 0, 4}, {ben, 0, 4}})));
  EXPECT_EQ(mentions(session, id, "ben"), 2U);
  EXPECT_EQ(mentions(session, id, "cleo"), 2U);
  EXPECT_EQ(mentions(session, id, "anna"), 1U);
  EXPECT_EQ(mentions(session, id, "ben", one.seq.value), 1U);
  Change unsay = edit(three, "nobody");
  unsay.amends->mentions.emplace();
  session.commit(std::move(unsay));
  EXPECT_EQ(mentions(session, id, "ben"), 1U);
  session.commit(edit(one, "still named"));
  EXPECT_EQ(mentions(session, id, "ben"), 1U);
  session.commit(erase(one, "anna"));
  EXPECT_EQ(mentions(session, id, "ben"), 0U);
  EXPECT_EQ(mentions(session, id, "cleo"), 1U);
  EXPECT_EQ(with_extras(session, two).mentions.size(), 1U);
}

TEST_P(Conformance, pins_are_listed_last_first_and_go_with_their_message) {
  Session session(*storage);
  const auto id = new_conversation_id();
  session.commit(make_group(id, "anna", {"ben"}));
  const Message one = sent(session.commit(say(id, "anna", "one")));
  const Message two = sent(session.commit(say(id, "anna", "two")));
  EXPECT_EQ(session.commit(pin(two, "ben")).events.size(), 1U);
  EXPECT_EQ(session.commit(pin(one, "ben")).events.size(), 1U);
  EXPECT_TRUE(session.commit(pin(one, "anna")).events.empty());
  auto pinned = [&] {
    std::vector<std::string> texts;
    for (const Message& message :
         session.ask([&](Reader& reader) { return reader.pinned(id, 10); }))
      texts.push_back(message.text);
    return texts;
  };
  EXPECT_EQ(pinned(), (std::vector<std::string>{"one", "two"}));
  EXPECT_EQ(session.commit(pin(one, "ben", false)).events.size(), 1U);
  EXPECT_TRUE(session.commit(pin(one, "ben", false)).events.empty());
  EXPECT_EQ(pinned(), (std::vector<std::string>{"two"}));
  session.commit(erase(two, "anna"));
  EXPECT_TRUE(pinned().empty());
}

}  // namespace
}  // namespace parley::store
