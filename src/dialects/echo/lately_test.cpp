#include "dialects/echo/lately.h"

#include <gmock/gmock.h>

namespace parley::echo {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Optional;

const auto plans = ConversationId::from_raw("plans-000001");

MessageId id_of(std::uint64_t seq) {
  std::string raw = "message-" + std::to_string(10'000 + seq);
  return MessageId::from_raw(raw.substr(raw.size() - 12));
}

Event event(std::uint64_t seq, const std::string& actor, EventKind kind, std::uint64_t about) {
  Event made;
  made.conversation = plans;
  made.seq = Seq{seq};
  made.kind = kind;
  made.actor = {actor};
  auto message = std::make_shared<Message>();
  message->id = id_of(about);
  message->seq = Seq{about};
  made.message = std::move(message);
  return made;
}

struct LatelyTest : testing::Test {
  Lately lately;
  void said(std::uint64_t seq, const std::string& actor) {
    lately.saw(event(seq, actor, EventKind::message_created, seq));
  }
  auto by(const std::string& who, std::uint64_t after, std::uint64_t upto) {
    return lately.by({who}, plans, Seq{after}, Seq{upto});
  }
};

TEST_F(LatelyTest, knows_whose_messages_there_were) {
  said(5, "anna");
  said(6, "ben");
  said(7, "anna");
  said(7, "anna");
  EXPECT_THAT(by("anna", 4, 7), Optional(ElementsAre(id_of(5), id_of(7))));
  EXPECT_THAT(by("anna", 5, 6), Optional(IsEmpty()));
  EXPECT_THAT(by("anna", 7, 7), Optional(IsEmpty()));
}

TEST_F(LatelyTest, says_that_it_does_not_know_all) {
  said(5, "anna");
  said(7, "anna");
  EXPECT_EQ(by("anna", 4, 7), std::nullopt);
  EXPECT_EQ(by("anna", 3, 5), std::nullopt);
  EXPECT_EQ(by("anna", 6, 8), std::nullopt);
}

TEST_F(LatelyTest, what_is_gone_is_not_among_them) {
  said(5, "anna");
  lately.saw(event(6, "anna", EventKind::message_deleted, 5));
  EXPECT_EQ(by("anna", 4, 5), std::nullopt);
}

TEST_F(LatelyTest, forgets_the_oldest) {
  for (std::uint64_t seq = 1; seq <= 5'000; ++seq) said(seq, "anna");
  EXPECT_EQ(by("anna", 0, 10), std::nullopt);
  EXPECT_EQ(by("anna", 4'990, 5'000)->size(), 10U);
}

}  // namespace
}  // namespace parley::echo
