// seq, positions and order; and that what was written is what is read.
#include "store/conformance/changes.h"
#include "store/conformance/session.h"

namespace parley::store {
namespace {

TEST_P(Conformance, numbers_each_conversation_densely_from_one) {
  Session session(*storage);
  const auto one = new_conversation_id(), other = new_conversation_id(1);
  session.commit(make_group(one, "anna", {"ben"}));
  session.commit(make_group(other, "anna"));
  std::vector<Change> changes;
  for (int i = 0; i < 300; ++i)
    changes.push_back(say(i % 3 == 0 ? other : one, i % 2 == 0 ? "anna" : "ben"));
  session.commit_together(std::move(changes));
  for (const auto& [id, size] : {std::pair(one, 201UL), std::pair(other, 101UL)}) {
    auto log = session.log(id);
    ASSERT_EQ(log.size(), size);
    for (std::size_t i = 0; i < log.size(); ++i) EXPECT_EQ(log[i]->seq, Seq{i + 1});
    EXPECT_EQ(session.conversation(id).last_seq, Seq{size});
    EXPECT_EQ(session.conversation(id).message_count, size - 1);
  }
}

TEST_P(Conformance, times_never_go_back_but_where_one_was_told_before) {
  Session session(*storage);
  const auto id = new_conversation_id();
  session.commit(make_group(id, "anna"));
  const Time made = session.conversation(id).updated_at;
  const auto say_at = [&](Time at, bool told_before) {
    Change change = say(id, "anna");
    change.at = at;
    change.told_before = told_before;
    session.commit(std::move(change));
  };
  say_at(made + std::chrono::seconds{9}, false);
  say_at(made + std::chrono::seconds{5}, false);
  say_at(made + std::chrono::seconds{7}, true);
  const auto log = session.log(id);
  ASSERT_EQ(log.size(), 4U);
  EXPECT_EQ(log[2]->message->created_at, made + std::chrono::seconds{9});
  EXPECT_EQ(log[3]->message->created_at, made + std::chrono::seconds{7});
  EXPECT_EQ(session.conversation(id).updated_at, made + std::chrono::seconds{9});
}

TEST_P(Conformance, positions_of_a_lane_grow_in_the_order_that_is_heard) {
  Session session(*storage);
  std::vector<ConversationId> all;
  for (std::uint8_t i = 0; i < 40; ++i) all.push_back(new_conversation_id(i));
  for (const auto& id : all) session.submit(make_group(id, "anna", {"ben"}));
  for (int i = 0; i < 25; ++i)
    for (const auto& id : all) session.submit(say(id, "ben"));
  session.settle();
  std::map<std::uint32_t, std::uint64_t> last;
  std::map<ConversationId, Seq> seqs;
  const auto heard = session.heard();
  ASSERT_EQ(heard.size(), 40U * 26U);
  const std::size_t lanes = session.store().beginning().lanes.size();
  for (const EventRef& event : heard) {
    EXPECT_EQ(event->position.lane,
              lane_of(event->conversation, static_cast<std::uint32_t>(lanes)));
    EXPECT_GT(event->position.at, std::exchange(last[event->position.lane], event->position.at));
    EXPECT_EQ(event->seq, ++seqs[event->conversation]);
  }
  const Cursor head = session.head();
  for (const auto& [lane, at] : last) EXPECT_EQ(head.lanes.at(lane), at);
}

TEST_P(Conformance, settles_one_lanes_changes_in_the_order_submitted) {
  Session session(*storage);
  const auto id = new_conversation_id();
  session.submit(make_group(id, "anna"));
  for (int i = 0; i < 2'500; ++i) session.submit(say(id, "anna", std::to_string(i)));
  const auto fates = session.settle();
  for (std::size_t i = 1; i < fates.size(); ++i) EXPECT_EQ(fates[i].seq, Seq{i + 1});
  const auto log = session.log(id);
  for (std::size_t i = 1; i < log.size(); ++i)
    ASSERT_EQ(log[i]->message->text, std::to_string(i - 1));
}

// Quotes, backslashes, braces, emptiness and every plane of Unicode come back as they were.
TEST_P(Conformance, keeps_every_field_as_it_was) {
  Session session(*storage);
  const auto id = new_conversation_id();
  const std::string odd = "NULL {\"a\",'b'}\\ \t\r\n 東京 \U0001F469\u200D\U0001F680 %s $1 ;--";
  Change make = make_group(id, "anna", {odd.substr(0, 12)});
  make.creates->name = odd;
  make.creates->avatar_url = "https://example.org/'\"";
  make.creates->metadata = R"({"k":"\u0000 \\ 'x'"})";
  make.creates->settings = {
      .read_receipts = false, .who_can_add = Who::all, .who_can_post = Who::admins};
  make.events.front().details = odd;
  session.commit(make);
  const Conversation row = session.conversation(id);
  EXPECT_EQ(row.name, odd);
  EXPECT_EQ(row.avatar_url, make.creates->avatar_url);
  EXPECT_EQ(row.metadata, make.creates->metadata);
  EXPECT_EQ(row.settings, make.creates->settings);
  EXPECT_EQ(row.created_at, make.creates->created_at);
  EXPECT_EQ(row.members_count, 2U);
  EXPECT_EQ(session.log(id).front()->details, odd);
  EXPECT_EQ(session.member(id, odd.substr(0, 12)).role, Role::member);

  int key = 0;
  for (const std::string& text :
       {odd, std::string(), std::string("\\"), std::string("\""), std::string(200'000, 'x')}) {
    Change change = say_once(id, "anna", "key" + std::to_string(key++), text);
    auto& written = *change.events.front().message;
    written.type = MessageType::image;
    written.attachments = R"([{"id":"1"}])";
    written.metadata = R"({"a":{}})";
    const Committed done = session.commit(change);
    const auto read = session.ask([&](Reader& reader) { return reader.message(written.id); });
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(read->id, written.id);
    EXPECT_EQ(read->conversation, id);
    EXPECT_EQ(read->seq, done.seq);
    EXPECT_EQ(read->sender, UserId{"anna"});
    EXPECT_EQ(read->type, written.type);
    EXPECT_EQ(read->text, text);
    EXPECT_EQ(read->attachments, written.attachments);
    EXPECT_EQ(read->metadata, written.metadata);
    EXPECT_EQ(read->client_id, written.client_id);
    EXPECT_EQ(read->created_at, done.events.front()->at);
    const EventRef event = session.log(id).back();
    EXPECT_EQ(event->message->text, text);
    EXPECT_EQ(event->id, written.id);
    EXPECT_EQ(event->position, done.events.front()->position);
    EXPECT_EQ(event->actor, UserId{"anna"});
  }
}

TEST_P(Conformance, finds_messages_in_both_directions) {
  Session session(*storage);
  const auto id = new_conversation_id();
  session.commit(make_group(id, "anna", {"ben"}));  // seq 1
  for (int i = 2; i <= 9; ++i)
    session.submit(i == 5 ? rename(id, "anna", "new") : say(id, "anna", std::to_string(i)));
  session.settle();
  using Towards = MessageRange::Towards;
  auto texts = [&](Towards towards, std::uint64_t from, std::size_t limit) {
    auto found = session.ask(
        [&](Reader& reader) { return reader.messages(id, {towards, Seq{from}, limit}); });
    std::string all;
    for (const Message& message : found) all += message.text;
    return all;
  };
  EXPECT_EQ(texts(Towards::older, 0, 3), "987");
  EXPECT_EQ(texts(Towards::older, 7, 3), "643");
  EXPECT_EQ(texts(Towards::older, 2, 3), "");
  EXPECT_EQ(texts(Towards::newer, 0, 4), "2346");
  EXPECT_EQ(texts(Towards::newer, 8, 4), "9");
  EXPECT_EQ(texts(Towards::newer, 9, 4), "");
  auto places = std::vector{std::pair(id, Seq{9}), std::pair(id, Seq{5}), std::pair(id, Seq{77}),
                            std::pair(id, Seq{2})};
  auto found = session.ask([&](Reader& reader) { return reader.messages_at(places); });
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].text + found[1].text, "92");
}

TEST_P(Conformance, lists_members_by_id_and_elders_by_age) {
  Session session(*storage);
  const auto id = new_conversation_id();
  session.commit(make_group(id, "mia", {"zoe", "Ben"}));
  session.commit(add(id, "mia", "anna", Role::admin));
  session.commit(add(id, "mia", "\u00e9mile"));
  session.commit(remove(id, "mia", "zoe"));
  auto names = [](const std::vector<Member>& members) {
    Names all;
    for (const Member& member : members) all.push_back(member.user.text);
    return all;
  };
  auto page = [&](const std::string& after, std::size_t limit) {
    return names(session.ask([&](Reader& reader) { return reader.members(id, {after}, limit); }));
  };
  EXPECT_EQ(page("", 10), (Names{"Ben", "anna", "mia", "\u00e9mile"}));  // byte for byte
  EXPECT_EQ(page("Ben", 2), (Names{"anna", "mia"}));
  EXPECT_EQ(page("\u00e9mile", 2), Names{});
  EXPECT_EQ(
      names(session.ask([&](Reader& reader) { return reader.members_from(id, Role::admin, 10); })),
      (Names{"mia", "anna"}));
  EXPECT_EQ(session.ask([&](Reader& reader) { return reader.memberships({"zoe"}); }).size(), 1U);
  EXPECT_FALSE(session.member(id, "zoe").present());
  EXPECT_FALSE(
      session.ask([&](Reader& reader) { return reader.member(id, {"nobody"}); }).has_value());
}

}  // namespace
}  // namespace parley::store
