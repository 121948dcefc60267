#include "bench/door.h"

#include <gtest/gtest.h>

#include "base/json.h"

namespace parley::bench {
namespace {

constexpr Words words{"anna", "ben", "t.o.k", "c-1", "0000000007", "0000000007 the quick"};

TEST(Doors, every_form_is_json_once_it_is_filled) {
  for (const Door& door : all_doors()) {
    for (const std::string_view form : {door.open_body, door.send, door.greeting}) {
      if (form.empty()) continue;
      const std::string text = filled(form, words);
      EXPECT_TRUE(parse_json_object(text)) << door.name << ": " << text;
      EXPECT_EQ(text.find("{from}"), text.npos);
    }
    EXPECT_FALSE(door.delivered.empty()) << door.name;
    EXPECT_EQ(door.send_path.empty(), door.sending == Sending::frames) << door.name;
    EXPECT_EQ(door.acknowledged.empty(), door.sending == Sending::posts) << door.name;
  }
}

TEST(Doors, are_found_by_name) {
  EXPECT_EQ(all_doors().front().name, "native");
  EXPECT_EQ(find_door("rtchat")->durable, false);
  EXPECT_EQ(find_door("fax"), nullptr);
}

TEST(Filled, puts_words_into_their_places_and_leaves_other_braces) {
  EXPECT_EQ(filled(R"({"to":"{to}","n":{number}{})", words), R"({"to":"ben","n":0000000007{})");
}

}  // namespace
}  // namespace parley::bench
