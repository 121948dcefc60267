#include "bench/svg.h"

#include <gtest/gtest.h>

namespace parley::bench {
namespace {

using namespace std::chrono_literals;

std::size_t count_of(std::string_view text, std::string_view what) {
  std::size_t count = 0;
  for (std::size_t at = 0; (at = text.find(what, at)) != text.npos; ++at) ++count;
  return count;
}

TEST(Svg, latency_over_time_is_three_curves_inside_the_drawing) {
  const std::vector<Track::Point> points{{0, 1, 2, 3}, {0.25, 1, 2, 100}};
  const std::string drawing = latency_over_time(points);
  EXPECT_EQ(count_of(drawing, "<polyline"), 3U);
  EXPECT_EQ(drawing.find("nan"), drawing.npos);
  EXPECT_EQ(drawing.find(",-"), drawing.npos);  // nothing above its upper edge
  EXPECT_TRUE(drawing.ends_with("</svg>"));
}

TEST(Svg, a_histogram_has_a_bar_for_each_bucket) {
  const std::vector<Histogram::Bar> bars{{1ms, 5}, {2ms, 0}, {4ms, 10}};
  EXPECT_EQ(count_of(histogram_drawing(bars), "<rect"), 3U);
}

TEST(Svg, names_in_a_chart_can_not_break_the_page) {
  const std::vector<Named> bars{{"<b>&\"", 2}};
  const std::string drawing = bar_chart(bars);
  EXPECT_NE(drawing.find("&lt;b&gt;&amp;&quot;"), drawing.npos);
}

TEST(Svg, of_nothing_there_is_nothing) {
  EXPECT_EQ(latency_over_time({}), "");
  EXPECT_EQ(histogram_drawing({}), "");
  EXPECT_EQ(bar_chart({}), "");
}

}  // namespace
}  // namespace parley::bench
