#include "cluster/notice.h"

#include <gmock/gmock.h>

#include <random>

namespace parley::cluster {
namespace {

using testing::ElementsAre;

constexpr std::size_t one_piece = 1'000'000;

Message whole_message() {
  Message message;
  message.id = MessageId{{1, 2, 3}};
  message.conversation = ConversationId{{4, 5}};
  message.seq = Seq{300};
  message.sender = {"anna"};
  message.type = MessageType::poll;
  message.text = "h\xC3\xA9llo";
  message.attachments = "[]";
  message.metadata = "{}";
  message.client_id = "c1";
  message.created_at = from_micros(1);
  message.edited_at = from_micros(2);
  message.deleted_at = from_micros(3);
  message.recalled_at = from_micros(4);
  message.pinned_at = from_micros(5);
  message.expires_at = from_micros(6);
  message.parent = MessageId{{7}};
  message.quote = MessageId{{8}};
  message.mentions = {{{"ben"}, 1, 2}, {{}, 3, 4}};
  message.forwarded_from = Forwarded{MessageId{{9}}, ConversationId{{10}}, {"cleo"}};
  message.sealed = true;
  message.reply_count = 11;
  message.reactions = {{":x:", {"ben"}, from_micros(7)}};
  message.seen_by = {{{"ben"}, from_micros(8)}};
  message.progress = Progress::read;
  auto quoted = std::make_shared<Message>();
  quoted->text = "before";
  message.quoted = quoted;
  return message;
}

Event whole_event() {
  Event event;
  event.id = MessageId{{1}};
  event.conversation = ConversationId{{4, 5}};
  event.seq = Seq{300};
  event.position = {3, 1'000'000'000'000};
  event.kind = EventKind::message_updated;
  event.actor = {"anna"};
  event.at = from_micros(-5);
  event.message = std::make_shared<Message>(whole_message());
  event.target = MessageId{{2}};
  event.subject = {"ben"};
  event.role = Role::owner;
  event.details = "{}";
  event.joined = {{"a"}, {"b"}};
  event.left = {{"c"}};
  event.place = ConversationType::channel;
  event.answered = true;
  event.members_count = 70'000;
  return event;
}

Pointer whole_pointer() {
  Pointer pointer;
  pointer.conversation = ConversationId{{4, 5}};
  pointer.user = {"ben"};
  pointer.read_seq = Seq{9};
  pointer.read_before = Seq{3};
  pointer.upto = Seq{10};
  pointer.marked = {{Seq{4}, Seq{9}}};
  pointer.at = from_micros(77);
  pointer.delivered_seq = Seq{12};
  pointer.delivered_before = Seq{11};
  pointer.only_delivered = true;
  pointer.message = MessageId{{3}};
  pointer.unread = 5;
  pointer.position = {1, 99};
  pointer.receipts = false;
  pointer.silently = true;
  pointer.members_count = 4;
  return pointer;
}

void expect_same(const Message& a, const Message& b) {
  EXPECT_EQ(a.id, b.id);
  EXPECT_EQ(a.conversation, b.conversation);
  EXPECT_EQ(a.seq, b.seq);
  EXPECT_EQ(a.sender, b.sender);
  EXPECT_EQ(a.type, b.type);
  EXPECT_EQ(a.text, b.text);
  EXPECT_EQ(a.attachments, b.attachments);
  EXPECT_EQ(a.metadata, b.metadata);
  EXPECT_EQ(a.client_id, b.client_id);
  EXPECT_EQ(a.created_at, b.created_at);
  EXPECT_EQ(a.edited_at, b.edited_at);
  EXPECT_EQ(a.deleted_at, b.deleted_at);
  EXPECT_EQ(a.recalled_at, b.recalled_at);
  EXPECT_EQ(a.pinned_at, b.pinned_at);
  EXPECT_EQ(a.expires_at, b.expires_at);
  EXPECT_EQ(a.parent, b.parent);
  EXPECT_EQ(a.quote, b.quote);
  EXPECT_EQ(a.mentions, b.mentions);
  EXPECT_EQ(a.forwarded_from, b.forwarded_from);
  EXPECT_EQ(a.sealed, b.sealed);
  EXPECT_EQ(a.reply_count, b.reply_count);
  EXPECT_EQ(a.reactions.size(), b.reactions.size());
  EXPECT_EQ(a.reactions.at(0).emoji, b.reactions.at(0).emoji);
  EXPECT_EQ(a.seen_by.at(0).user, b.seen_by.at(0).user);
  EXPECT_EQ(a.progress, b.progress);
  ASSERT_NE(b.quoted, nullptr);
  EXPECT_EQ(a.quoted->text, b.quoted->text);
}

TEST(Notice, an_event_arrives_whole) {
  const Event event = whole_event();
  const hub::News news{event.position, std::make_shared<Event>(event), std::nullopt};
  const auto pieces = pack_news({&news}, one_piece);
  ASSERT_EQ(pieces.size(), 1U);
  const auto heard = unpack_news(pieces[0]);
  ASSERT_TRUE(heard);
  ASSERT_EQ(heard->size(), 1U);
  const Event& other = *heard->at(0).event;
  EXPECT_EQ(other.id, event.id);
  EXPECT_EQ(other.conversation, event.conversation);
  EXPECT_EQ(other.seq, event.seq);
  EXPECT_EQ(other.position, event.position);
  EXPECT_EQ(other.kind, event.kind);
  EXPECT_EQ(other.actor, event.actor);
  EXPECT_EQ(other.at, event.at);
  EXPECT_EQ(other.target, event.target);
  EXPECT_EQ(other.subject, event.subject);
  EXPECT_EQ(other.role, event.role);
  EXPECT_EQ(other.details, event.details);
  EXPECT_EQ(other.joined, event.joined);
  EXPECT_EQ(other.left, event.left);
  EXPECT_EQ(other.place, event.place);
  EXPECT_EQ(other.answered, event.answered);
  EXPECT_EQ(other.members_count, event.members_count);
  expect_same(*event.message, *other.message);
}

TEST(Notice, a_reading_arrives_whole) {
  const Pointer pointer = whole_pointer();
  const hub::News news{pointer.position, nullptr, pointer};
  const auto heard = unpack_news(pack_news({&news}, one_piece).at(0));
  ASSERT_TRUE(heard);
  const Pointer& other = *heard->at(0).pointer;
  EXPECT_EQ(other.conversation, pointer.conversation);
  EXPECT_EQ(other.user, pointer.user);
  EXPECT_EQ(other.read_seq, pointer.read_seq);
  EXPECT_EQ(other.read_before, pointer.read_before);
  EXPECT_EQ(other.upto, pointer.upto);
  EXPECT_EQ(other.marked, pointer.marked);
  EXPECT_EQ(other.at, pointer.at);
  EXPECT_EQ(other.delivered_seq, pointer.delivered_seq);
  EXPECT_EQ(other.delivered_before, pointer.delivered_before);
  EXPECT_EQ(other.only_delivered, pointer.only_delivered);
  EXPECT_EQ(other.message, pointer.message);
  EXPECT_EQ(other.unread, pointer.unread);
  EXPECT_EQ(other.position, pointer.position);
  EXPECT_EQ(other.receipts, pointer.receipts);
  EXPECT_EQ(other.silently, pointer.silently);
  EXPECT_EQ(other.members_count, pointer.members_count);
}

// Who adds a field to one of these carries it in notice.cpp, too, raises its version, and says so here.
TEST(Notice, nothing_was_added_that_is_not_carried) {
  EXPECT_EQ(sizeof(Message), 448U);
  EXPECT_EQ(sizeof(Event), 272U);
  EXPECT_EQ(sizeof(Pointer), 184U);
  EXPECT_EQ(sizeof(Signal), 224U);
}

TEST(Notice, all_hear_of_a_change_of_members_and_only_the_place_of_a_message) {
  Event said;
  said.position = {0, 1};
  Event joined;
  joined.kind = EventKind::member_added;
  joined.position = {0, 2};
  joined.joined = {{"ben"}};
  const hub::News first{said.position, std::make_shared<Event>(said), std::nullopt};
  const hub::News second{joined.position, std::make_shared<Event>(joined), std::nullopt};
  const auto heard = unpack_filled(pack_filled({&first, &second}, one_piece).at(0));
  ASSERT_TRUE(heard);
  ASSERT_EQ(heard->size(), 2U);
  EXPECT_FALSE(heard->at(0).news);
  ASSERT_TRUE(heard->at(1).news);
  EXPECT_THAT(heard->at(1).news->event->joined, ElementsAre(UserId{"ben"}));
}

TEST(Notice, much_goes_in_pieces) {
  const Event event = whole_event();
  const hub::News news{event.position, std::make_shared<Event>(event), std::nullopt};
  const ManyNews many(100, &news);
  const auto pieces = pack_news(many, 1'000);
  EXPECT_GT(pieces.size(), 10U);
  std::size_t heard = 0;
  for (const std::string& piece : pieces) {
    EXPECT_LT(piece.size(), 2'000U);
    heard += unpack_news(piece)->size();
  }
  EXPECT_EQ(heard, many.size());
}

TEST(Notice, a_signal_arrives_whole) {
  Signal signal;
  signal.kind = Signal::Kind::notification;
  signal.conversation = ConversationId{{4}};
  signal.user = {"anna"};
  signal.to = {{"ben"}};
  signal.conversations = {ConversationId{{5}}};
  signal.on = true;
  signal.details = "{}";
  signal.space = "native";
  signal.to_all = true;
  signal.pointer = std::make_shared<const Pointer>(whole_pointer());
  signal.position = Position{2, 7};
  const auto heard = unpack_signal(pack_signal(signal));
  ASSERT_TRUE(heard);
  EXPECT_EQ(heard->kind, signal.kind);
  EXPECT_EQ(heard->conversation, signal.conversation);
  EXPECT_EQ(heard->user, signal.user);
  EXPECT_EQ(heard->to, signal.to);
  EXPECT_EQ(heard->conversations, signal.conversations);
  EXPECT_EQ(heard->on, signal.on);
  EXPECT_EQ(heard->details, signal.details);
  EXPECT_EQ(heard->space, signal.space);
  EXPECT_TRUE(heard->to_all);
  ASSERT_TRUE(heard->pointer);
  EXPECT_EQ(heard->pointer->read_seq, signal.pointer->read_seq);
  EXPECT_EQ(heard->position, signal.position);
}

TEST(Notice, broken_bytes_are_not_understood) {
  const Event event = whole_event();
  const Pointer pointer = whole_pointer();
  const hub::News news{event.position, std::make_shared<Event>(event), std::nullopt};
  const hub::News reading{pointer.position, nullptr, pointer};
  const std::string good = pack_news({&news, &reading}, one_piece).at(0);
  for (std::size_t cut = 2; cut < good.size(); ++cut) {
    auto heard = unpack_news(std::string_view(good).substr(0, cut));
    EXPECT_TRUE(!heard || heard->size() < 2) << cut;
  }
  EXPECT_FALSE(unpack_news(""));
  EXPECT_FALSE(unpack_signal("\x02"));
  std::mt19937 random(3);
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes = good;
    for (std::uint32_t i = 0; i <= random() % 4; ++i)
      bytes[1 + random() % (bytes.size() - 1)] = static_cast<char>(random());
    (void)unpack_news(bytes);
    (void)unpack_filled(bytes);
    (void)unpack_signal(bytes);
  }
}

}  // namespace
}  // namespace parley::cluster
