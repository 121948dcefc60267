#include "dialects/native/parse.h"

#include <gtest/gtest.h>

namespace parley::native {
namespace {

const ConversationId where = ConversationId::from_raw("conversation");

Result<engine::SendMessage> send(std::string_view json) {
  auto body = parse_json_object(json);
  EXPECT_TRUE(body) << json;
  return send_message(*body, where, "from-the-header");
}

template <class T>
Code code_of(const Result<T>& result) {
  return result ? Code::internal : result.error().code;
}

TEST(Parse, a_message_takes_its_key_from_the_body_before_the_header) {
  auto own = send(R"({"text":"hi","client_id":"k"})");
  ASSERT_TRUE(own);
  EXPECT_EQ(own->once, "k");
  EXPECT_EQ(own->client_id, "k");
  auto header = send(R"({"text":"hi"})");
  EXPECT_EQ(header->once, "from-the-header");
  EXPECT_EQ(header->client_id, "");
}

TEST(Parse, wrong_types_and_values_are_unprocessable) {
  for (std::string_view json :
       {R"({"text":5})", R"({"text":"x","type":"carrot"})", R"({"text":"x","metadata":[1]})",
        R"({"text":"x","client_id":""})", R"({"attachments":{}})", R"({"attachments":[1]})",
        R"({"attachments":[{"url":"ftp://x"}]})",
        R"({"attachments":[{"url":"http://x","size":"big"}]})"})
    EXPECT_EQ(code_of(send(json)), Code::unprocessable) << json;
}

TEST(Parse, a_message_may_go_by_itself_within_a_year) {
  EXPECT_EQ(send(R"({"text":"x","expires_in":5})")->expires_in, std::chrono::seconds{5});
  for (std::string_view json :
       {R"({"text":"x","expires_in":0})", R"({"text":"x","expires_in":"5"})",
        R"({"text":"x","expires_in":31536001})"})
    EXPECT_EQ(code_of(send(json)), Code::unprocessable) << json;
}

TEST(Parse, an_attachment_is_a_file_or_a_url) {
  auto command = send(R"({"attachments":[{"file_id":"f1","mime":"a/b"},{"url":"https://x"}]})");
  ASSERT_TRUE(command);
  EXPECT_EQ(command->files, std::vector<std::string>{"f1"});
  EXPECT_EQ(code_of(send(R"({"attachments":[{"file_id":"f1","url":"https://x"}]})")),
            Code::unprocessable);
}

TEST(Parse, attachments_keep_the_fields_of_the_contract) {
  auto command = send(
      R"({"attachments":[{"url":"https://a/b.png","mime":"image/png","size":12,"evil":"x"}]})");
  ASSERT_TRUE(command);
  EXPECT_EQ(command->attachments, R"([{"url":"https://a/b.png","mime":"image/png","size":12}])");
  EXPECT_EQ(command->attachment_count, 1U);
}

TEST(Parse, limits_out_of_range_or_junk_are_bad_requests) {
  for (std::string_view query :
       {"limit=0", "limit=201", "limit=banana", "limit=-1", "limit=", "limit=99999999999999999999"})
    EXPECT_EQ(code_of(limit_of(net::Query(query))), Code::bad_request) << query;
  EXPECT_EQ(*limit_of(net::Query("limit=200&unknown=1")), 200U);
  EXPECT_EQ(*limit_of(net::Query("")), 50U);
}

TEST(Parse, page_tokens_come_back) {
  engine::ListQuery::After after{Cursor{7, {1, 2}}, from_micros(1767323045000000), where};
  auto query = list_query(net::Query("after=" + page_token(after)));
  ASSERT_TRUE(query && query->after);
  EXPECT_EQ(query->after->as_of, after.as_of);
  EXPECT_EQ(query->after->activity, after.activity);
  EXPECT_EQ(query->after->id, after.id);
  auto history =
      history_query(net::Query("after=" + page_token(engine::HistoryQuery::Mode::after, Seq{12})));
  ASSERT_TRUE(history);
  EXPECT_EQ(history->mode, engine::HistoryQuery::Mode::after);
  EXPECT_EQ(history->seq, Seq{12});
  for (std::string_view junk : {"after=x", "after=zz", "after=6", "after=62", "after="}) {
    EXPECT_EQ(code_of(history_query(net::Query(junk))), Code::bad_request) << junk;
    EXPECT_EQ(code_of(list_query(net::Query(junk))), Code::bad_request) << junk;
  }
}

TEST(Parse, only_one_way_of_paging_at_once) {
  EXPECT_EQ(code_of(history_query(net::Query("before_seq=5&after_seq=2"))), Code::bad_request);
}

}  // namespace
}  // namespace parley::native
