#include "model/spans.h"

#include <gtest/gtest.h>

#include <set>

#include "base/random.h"

namespace parley {
namespace {

SeqSpan span(std::uint64_t from, std::uint64_t upto) { return {Seq{from}, Seq{upto}}; }

TEST(Spans, what_touches_becomes_one) {
  SeqSpans spans;
  spans.add(span(5, 6));
  spans.add(span(9, 9));
  spans.add(span(2, 2));
  EXPECT_EQ(spans.text(), "2-2 5-6 9-9");
  spans.add(span(7, 8));
  EXPECT_EQ(spans.text(), "2-2 5-9");
  EXPECT_EQ(SeqSpans::parse(spans.text()), spans);
  EXPECT_TRUE(SeqSpans::parse("").empty());
}

TEST(Spans, gaps_are_what_is_not_there) {
  SeqSpans spans;
  spans.add(span(3, 4));
  spans.add(span(8, 8));
  EXPECT_EQ(spans.gaps(span(1, 10)), (std::vector{span(1, 2), span(5, 7), span(9, 10)}));
  EXPECT_EQ(spans.gaps(span(3, 4)), std::vector<SeqSpan>{});
  EXPECT_EQ(spans.gaps(span(4, 8)), (std::vector{span(5, 7)}));
}

TEST(Spans, they_are_the_set_of_what_was_added) {
  SeededRandom random{7};
  SeqSpans spans;
  std::set<std::uint64_t> all;
  for (int i = 0; i < 2000; ++i) {
    const std::uint64_t from = 1 + random.next() % 3000;
    const std::uint64_t upto = from + random.next() % 4;
    for (const auto& [low, high] : spans.gaps(span(from, upto)))
      for (std::uint64_t seq = low.value; seq <= high.value; ++seq)
        ASSERT_TRUE(all.insert(seq).second);
    spans.add(span(from, upto));
    for (std::uint64_t seq = from; seq <= upto; ++seq) ASSERT_TRUE(all.contains(seq));
  }
  for (std::uint64_t seq = 0; seq < 3010; ++seq)
    ASSERT_EQ(spans.contains(Seq{seq}), all.contains(seq));
  ASSERT_EQ(SeqSpans::parse(spans.text()), spans);
}

}  // namespace
}  // namespace parley
