#include "engine/recounts.h"

#include <gtest/gtest.h>

namespace parley::engine {
namespace {

const ConversationId talk = ConversationId::from_raw("talk-of-them");

struct Told {
  std::vector<std::uint64_t> counts;
  Recounts recounts{
      {"ben"}, [this](const ConversationId&, std::uint64_t count) { counts.push_back(count); }};

  std::optional<std::uint64_t> event(EventKind kind, std::uint64_t seq,
                                     const std::string& who = "anna",
                                     std::uint64_t message_seq = 0) {
    Event event;
    event.conversation = talk;
    event.seq = Seq{seq};
    event.kind = kind;
    event.actor = {who};
    auto message = std::make_shared<Message>();
    message->sender = {who};
    message->seq = Seq{message_seq};
    if (kind == EventKind::message_deleted) message->deleted_at = from_micros(1);
    event.message = std::move(message);
    return recounts.told(event);
  }
  void answer(std::uint64_t number, std::uint64_t unread, std::uint64_t upto,
              std::uint64_t read = 0) {
    Conversation conversation;
    conversation.id = talk;
    conversation.message_count = unread;
    conversation.last_seq = Seq{upto};
    Member member;
    member.user = {"ben"};
    member.read_seq = Seq{read};
    recounts.answered(number, conversation, member);
  }
};

TEST(Recounts, ask_only_when_a_message_of_others_has_gone) {
  Told told;
  EXPECT_FALSE(told.event(EventKind::message_created, 2));
  EXPECT_FALSE(told.event(EventKind::message_updated, 3, "anna", 2));
  EXPECT_FALSE(told.event(EventKind::message_deleted, 4, "ben", 2));
  EXPECT_TRUE(told.event(EventKind::message_deleted, 5, "anna", 2));
}

TEST(Recounts, an_answer_is_told_at_once_when_nothing_came_between) {
  Told told;
  told.answer(*told.event(EventKind::message_deleted, 5, "anna", 2), 3, 5);
  EXPECT_EQ(told.counts, (std::vector<std::uint64_t>{3}));
}

TEST(Recounts, what_came_after_the_question_is_counted_once) {
  Told told;
  const auto number = told.event(EventKind::message_deleted, 5, "anna", 2);
  told.event(EventKind::message_created, 6);         // the answer has it
  told.event(EventKind::message_created, 7);         // and this one not
  told.event(EventKind::message_created, 8, "ben");  // one's own is never unread
  told.answer(*number, 4, 6);
  EXPECT_EQ(told.counts, (std::vector<std::uint64_t>{5}));
}

TEST(Recounts, an_answer_ahead_of_what_was_handed_over_waits_for_it) {
  Told told;
  told.answer(*told.event(EventKind::message_deleted, 5, "anna", 2), 4, 7);
  told.event(EventKind::message_created, 6);
  EXPECT_TRUE(told.counts.empty());
  told.event(EventKind::message_created, 7);
  EXPECT_EQ(told.counts, (std::vector<std::uint64_t>{4}));
}

TEST(Recounts, the_newest_question_counts) {
  Told told;
  const auto first = told.event(EventKind::message_deleted, 5, "anna", 2);
  const auto second = told.event(EventKind::message_deleted, 6, "anna", 3);
  told.answer(*first, 9, 5);
  EXPECT_TRUE(told.counts.empty());
  told.answer(*second, 8, 6);
  EXPECT_EQ(told.counts, (std::vector<std::uint64_t>{8}));
}

TEST(Recounts, who_had_read_it_hears_nothing_and_reading_settles_it) {
  Told told;
  told.answer(*told.event(EventKind::message_deleted, 5, "anna", 2), 0, 5, 4);
  const auto number = told.event(EventKind::message_deleted, 6, "anna", 3);
  Pointer pointer;
  pointer.conversation = talk;
  pointer.user = {"ben"};
  told.recounts.told(pointer);
  told.answer(*number, 1, 6);
  EXPECT_TRUE(told.counts.empty());
}

}  // namespace
}  // namespace parley::engine
