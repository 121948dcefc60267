#include "base/json.h"

#include <gtest/gtest.h>

#include "base/json_writer.h"

namespace parley {
namespace {

Code code_of(std::string_view text) {
  auto parsed = parse_json_object(text);
  return parsed ? Code::internal : parsed.error().code;
}

TEST(Json, what_is_not_json_is_a_bad_request) {
  for (std::string_view text :
       {"", "{", "{not json", "{\"a\":1}x", "{\"a\":\"\xff\"}", "{\"a\":\"\\q\"}", "nul"})
    EXPECT_EQ(code_of(text), Code::bad_request) << text;
  EXPECT_EQ(code_of("{\"a\":" + std::string(200, '[') + std::string(200, ']') + "}"),
            Code::bad_request);
}

TEST(Json, a_value_that_makes_no_sense_is_unprocessable) {
  EXPECT_EQ(code_of("[1,2,3]"), Code::unprocessable);
  EXPECT_EQ(code_of(R"({"a":"\ud800"})"), Code::unprocessable);
  auto low = parse_json_object(R"({"a":"\udc00"})");
  EXPECT_TRUE(!low || !low->text("a"));
}

TEST(Json, a_wrong_type_is_refused_with_its_name) {
  auto object =
      parse_json_object(R"({"text":5,"n":"x","data":{"flag":1},"list":["a",2],"gone":null})");
  ASSERT_TRUE(object);
  auto text = object->text("text");
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().code, Code::unprocessable);
  EXPECT_NE(text.error().detail.find("text"), std::string::npos);
  EXPECT_FALSE(object->number("n"));
  EXPECT_FALSE(object->texts("list"));
  auto data = object->object("data");
  ASSERT_TRUE(data && *data);
  auto flag = (*data)->flag("flag");
  ASSERT_FALSE(flag);
  EXPECT_NE(flag.error().detail.find("data.flag"), std::string::npos);
  EXPECT_FALSE(object->has("gone"));
}

TEST(Json, a_raw_part_comes_back_as_json) {
  auto object = parse_json_object("{ \"m\" : { \"a\" : [ 1 , \"\\u00e9\" ] } }");
  ASSERT_TRUE(object);
  EXPECT_EQ(object->raw("m"), "{\"a\":[1,\"é\"]}");
}

TEST(Json, what_the_writer_writes_is_read_back) {
  std::string text;
  for (int c = 1; c < 128; ++c) text += static_cast<char>(c);
  text += "äöü 🙂";
  std::string out;
  JsonWriter json(out);
  json.open();
  json.field("text", text);
  json.field("n", -5);
  json.field("yes", true);
  json.key("list");
  json.open_list();
  json.value("a");
  json.value("b");
  json.close_list();
  json.close();
  auto object = parse_json_object(out);
  ASSERT_TRUE(object) << out;
  EXPECT_EQ(*object->text("text"), text);
  EXPECT_EQ(*object->number("n"), -5);
  EXPECT_EQ(*object->flag("yes"), true);
  EXPECT_EQ((*object->texts("list"))->size(), 2U);
}

TEST(Json, lone_surrogates_can_be_mended) {
  EXPECT_EQ(surrogates_mended(R"({"a":"\ud83d\ude00 \ud800 \udc00x \\ud800"})"),
            R"({"a":"\ud83d\ude00 \ufffd \ufffdx \\ud800"})");
  auto object = parse_json_object(surrogates_mended(R"({"a":"\ud800"})"));
  ASSERT_TRUE(object);
  EXPECT_EQ(*object->text("a"), "\ufffd");
}

TEST(Json, of_a_repeated_key_the_last_counts) {
  auto object = parse_json_object(R"({"a":"first","b":1,"a":"last"})");
  ASSERT_TRUE(object);
  EXPECT_EQ(*object->text("a"), "last");
}

}  // namespace
}  // namespace parley
