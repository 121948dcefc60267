#include "dialects/filing/multipart.h"

#include <gtest/gtest.h>

namespace parley::filing {
namespace {

struct Heard final : Multipart::Listener {
  void part(PartHead head) override {
    all += '[' + head.name + '|' + head.filename.value_or("-") + '|' + head.type + ']';
  }
  void data(std::string_view piece) override { all += piece; }
  std::string all;
};

constexpr std::string_view type = R"(multipart/form-data; boundary="b-1")";
constexpr std::string_view body =
    "preamble\r\n--b-1\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nhello\r\n--b-1 \r\n"
    "content-disposition: form-data; name=\"file\"; filename=\"a \\\"b\\\".txt\"\r\n"
    "Content-Type: Text/Plain; charset=utf-8\r\n\r\none\r\n--b-\r\ntwo\r\n--b-1\r\n"
    "Content-Disposition: form-data; name=\"empty\"\r\n\r\n\r\n--b-1--\r\nepilogue";
constexpr std::string_view heard =
    "[note|-|]hello[file|a \"b\".txt|text/plain]one\r\n--b-\r\ntwo[empty|-|]";

TEST(Multipart, parts_are_handed_on_however_the_bytes_come) {
  for (std::size_t step = 1; step <= body.size(); ++step) {
    auto parts = Multipart::of(type);
    ASSERT_TRUE(parts);
    Heard listener;
    for (std::size_t at = 0; at < body.size(); at += step)
      ASSERT_TRUE(parts->take(body.substr(at, step), listener)) << step;
    EXPECT_EQ(listener.all, heard) << step;
    EXPECT_TRUE(parts->ended());
  }
}

TEST(Multipart, a_body_that_breaks_off_has_not_ended) {
  auto parts = Multipart::of(type);
  Heard listener;
  EXPECT_TRUE(parts->take(body.substr(0, body.size() / 2), listener));
  EXPECT_FALSE(parts->ended());
}

TEST(Multipart, what_is_none_is_refused) {
  EXPECT_FALSE(Multipart::of("application/json"));
  EXPECT_FALSE(Multipart::of("multipart/form-data"));
  EXPECT_FALSE(Multipart::of("multipart/form-data; boundary=" + std::string(71, 'x')));
  for (const std::string& bad :
       {std::string("--b-1 rubbish\r\n"), std::string("--b-1\r\nno colon\r\n\r\n"),
        "--b-1\r\nA: " + std::string(20'000, 'a'), "--b-1" + std::string(80, ' ')}) {
    auto parts = Multipart::of(type);
    Heard listener;
    EXPECT_FALSE(parts->take(bad, listener)) << bad.substr(0, 20);
  }
}

TEST(Multipart, file_names_are_read_in_all_their_forms) {
  EXPECT_EQ(filename_of("form-data; filename=plain.txt"), "plain.txt");
  EXPECT_EQ(filename_of("attachment; filename=\"old\"; filename*=UTF-8''gr%C3%BCn.txt"),
            "gr\u00fcn.txt");
  EXPECT_EQ(filename_of("attachment; filename*=latin1''x; filename=\"kept\""), "kept");
  EXPECT_EQ(filename_of("form-data; name=\"filename\""), std::nullopt);
}

}  // namespace
}  // namespace parley::filing
