#include "hub/hub.h"

#include <gtest/gtest.h>

namespace parley::hub {
namespace {

const ConversationId plans = ConversationId::from_raw("plans-000001");

struct Ear final : Subscriber {
  explicit Ear(std::string user, std::uint64_t connection = 0)
      : Subscriber({std::move(user)}, {0, connection}) {}
  void receive(const Delivery& delivery) override { seqs.push_back(delivery.event.seq.value); }
  void receive(const Pointer& pointer, Encodings&) override { reads.push_back(pointer.user.text); }
  void receive(const Signal& signal, Encodings&) override { typing.push_back(signal.user.text); }
  std::vector<std::string> typing;
  std::vector<std::uint64_t> seqs;
  std::vector<std::string> reads;
};

EventRef event(std::uint64_t seq, EventKind kind = EventKind::message_created,
               std::vector<UserId> joined = {}, std::vector<UserId> left = {}) {
  auto made = std::make_shared<Event>();
  made->conversation = plans;
  made->seq = Seq{seq};
  made->position = {0, seq};
  made->kind = kind;
  made->joined = std::move(joined);
  made->left = std::move(left);
  return made;
}

struct HubTest : testing::Test {
  Hub hub{Cursor{1, {0}}};
  Ear anna{"anna"}, ben{"ben"};
  void SetUp() override {
    hub.attach(anna);
    hub.attach(ben);
  }
};

TEST_F(HubTest, an_event_goes_to_those_who_follow_its_conversation) {
  hub.follow(anna, {plans});
  hub.deliver(event(1));
  EXPECT_EQ(anna.seqs, (std::vector<std::uint64_t>{1}));
  EXPECT_TRUE(ben.seqs.empty());
  EXPECT_EQ(hub.positions().lanes[0], 1U);
}

TEST_F(HubTest, a_signal_goes_to_the_others_who_follow_its_conversation) {
  Ear cleo{"cleo"}, desk{"anna", 2};
  hub.attach(cleo);
  hub.attach(desk);
  for (Ear* ear : {&anna, &ben, &desk}) hub.follow(*ear, {plans});
  Signal signal;
  signal.conversation = plans;
  signal.user = {"anna"};
  hub.deliver(signal);
  EXPECT_EQ(ben.typing, (std::vector<std::string>{"anna"}));
  EXPECT_TRUE(anna.typing.empty() && desk.typing.empty() && cleo.typing.empty());
  hub.detach(cleo);
  hub.detach(desk);
}

TEST_F(HubTest, who_joins_hears_the_event_that_says_so_and_what_comes_after) {
  hub.deliver(event(1, EventKind::conversation_created, {{"anna"}}));
  hub.deliver(event(2, EventKind::member_added, {{"ben"}}));
  hub.deliver(event(3));
  EXPECT_EQ(anna.seqs, (std::vector<std::uint64_t>{1, 2, 3}));
  EXPECT_EQ(ben.seqs, (std::vector<std::uint64_t>{2, 3}));
}

TEST_F(HubTest, who_is_removed_hears_that_and_nothing_more) {
  hub.follow(anna, {plans});
  hub.follow(ben, {plans});
  hub.deliver(event(1, EventKind::member_removed, {}, {{"ben"}}));
  hub.deliver(event(2));
  EXPECT_EQ(ben.seqs, (std::vector<std::uint64_t>{1}));
  EXPECT_EQ(anna.seqs, (std::vector<std::uint64_t>{1, 2}));
}

TEST_F(HubTest, a_deleted_conversation_has_no_followers_left) {
  hub.follow(anna, {plans});
  hub.follow(ben, {plans});
  hub.deliver(event(1, EventKind::conversation_deleted));
  EXPECT_EQ(hub.conversations(), 0U);
  EXPECT_EQ(ben.seqs.size(), 1U);
}

TEST_F(HubTest, following_twice_is_following_once) {
  hub.follow(anna, {plans});
  hub.follow(anna, {plans});
  hub.deliver(event(1, EventKind::member_added, {{"anna"}}));
  EXPECT_EQ(anna.seqs.size(), 1U);
}

TEST_F(
    HubTest,
    a_read_pointer_is_shown_to_all_of_a_small_conversation_and_to_nobody_else_where_receipts_are_off) {
  hub.follow(anna, {plans});
  hub.follow(ben, {plans});
  Pointer pointer{.conversation = plans,
                  .user = {"ben"},
                  .read_seq = Seq{1},
                  .position = {0, 1},
                  .receipts = true,
                  .members_count = 2,
                  .origin = {}};
  hub.deliver(pointer);
  EXPECT_EQ(anna.reads.size(), 1U);
  pointer.receipts = false;
  hub.deliver(pointer);
  pointer.receipts = true;
  pointer.members_count = pointers_shown_up_to_members + 1;
  hub.deliver(pointer);
  EXPECT_EQ(anna.reads.size(), 1U);
  EXPECT_EQ(ben.reads.size(), 3U);
}

TEST_F(HubTest, nobody_is_left_in_its_tables_when_all_have_gone) {
  hub.follow(anna, {plans});
  Ear another("anna");
  hub.attach(another);
  hub.follow(another, {plans});
  hub.detach(another);
  hub.detach(anna);
  hub.detach(ben);
  EXPECT_EQ(hub.conversations(), 0U);
  EXPECT_EQ(hub.subscribers(), 0U);
  hub.attach(anna);
  hub.attach(ben);
}

}  // namespace
}  // namespace parley::hub
