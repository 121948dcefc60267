#include "base/id.h"

#include <gtest/gtest.h>

namespace parley {
namespace {

using ThingId = Id<struct Thing>;

TEST(Id, both_forms_are_read_back_as_the_same_96_bits) {
  SeededRandom random(1);
  SystemClock clock;
  IdMaker maker(clock, random);
  for (int i = 0; i < 1000; ++i) {
    auto id = maker.make<Thing>();
    EXPECT_EQ(ThingId::parse(uuid8(id.bytes)), id);
    EXPECT_EQ(ThingId::parse(hex24(id.bytes)), id);
  }
}

TEST(Id, a_uuid_of_another_version_is_none_of_ours) {
  SeededRandom random(2);
  SystemClock clock;
  std::string text = uuid8(IdMaker(clock, random).make());
  EXPECT_EQ(text[14], '8');
  EXPECT_EQ(text[19], '8');
  text[14] = '4';
  EXPECT_FALSE(parse_id(text));
}

TEST(Id, junk_is_refused) {
  for (std::string_view junk :
       {"", "nope", "00000000-0000-8000-8000-00000000000g", "zzzzzzzzzzzzzzzzzzzzzzzz",
        "000000000000-8000-8000-000000000000-", "00000000-0000-8000-8000-000000000001"})
    EXPECT_FALSE(parse_id(junk)) << junk;
}

TEST(Id, those_of_one_maker_sort_in_the_order_made) {
  SeededRandom random(3);
  SystemClock clock;
  IdMaker maker(clock, random);
  auto before = maker.make<Thing>();
  for (int i = 0; i < 100; ++i) {
    auto after = maker.make<Thing>();
    EXPECT_LT(before, after);
    EXPECT_LT(before.text(), after.text());
    before = after;
  }
}

TEST(IdMaker, knows_what_it_has_made) {
  SystemClock clock;
  SeededRandom random(5);
  IdMaker one(clock, random), other(clock, random);
  for (int i = 0; i < 3; ++i) {
    const IdBytes id = one.make();
    EXPECT_TRUE(one.made(id));
    EXPECT_FALSE(other.made(id));
  }
  EXPECT_FALSE(one.made(IdBytes{}));
}

}  // namespace
}  // namespace parley
