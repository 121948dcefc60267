#include "dialects/dinq/names.h"

#include <gtest/gtest.h>

namespace parley::dinq {
namespace {

TEST(Names, uuids_are_read_in_any_usual_form) {
  const std::string usual = "0190a1b2-c3d4-8e5f-8a6b-7c8d9e0f1a2b";
  EXPECT_EQ(read_uuid(usual), usual);
  EXPECT_EQ(read_uuid("0190A1B2-C3D4-8E5F-8A6B-7C8D9E0F1A2B"), usual);
  EXPECT_EQ(read_uuid("{0190a1b2-c3d4-8e5f-8a6b-7c8d9e0f1a2b}"), usual);
  EXPECT_EQ(read_uuid("0190a1b2c3d48e5f8a6b7c8d9e0f1a2b"), usual);
  for (const char* bad :
       {"", "x", "0190a1b2-c3d4-8e5f-8a6b-7c8d9e0f1a2", "{}",
        "0190a1b2-c3d48e5f-8a6b-7c8d9e0f1a2b-", "0190a1b2-c3d4-8e5f-8a6b-7c8d9e0f1a2g"})
    EXPECT_FALSE(read_uuid(bad)) << bad;
}

TEST(Names, what_is_no_uuid_is_refused_and_a_foreign_one_names_nothing) {
  EXPECT_EQ(conversation_id("x", "no").error().detail, "no");
  EXPECT_TRUE(conversation_id("6ba7b810-9dad-11d1-80b4-00c04fd430c8", "no")->empty());
}

}  // namespace
}  // namespace parley::dinq
