#include "bench/html.h"

#include <gtest/gtest.h>

namespace parley::bench {
namespace {

TEST(AsHtml, is_one_page_with_every_figure_and_drawing_and_no_address_of_anything_else) {
  Track latency;
  latency.add(Instant{std::chrono::seconds(1)}, std::chrono::milliseconds(3));
  Outcome outcome("live");
  outcome.add("server_cpu_s_per_million", 12.5);
  outcome.add_latency("delivery", latency);
  outcome.failures = {"reader 3 got <nothing>"};
  Options options;
  options.label = "a & b";
  const std::string page = as_html(options, {2, "cpu", "Linux 6", 4}, std::vector{outcome});
  for (const char* part : {"<title>a &amp; b</title>", "CPU per message", "delivery_p99_ms", "12.5",
                           "reader 3 got &lt;nothing&gt;", "delivery over time", "<polyline"}) {
    EXPECT_NE(page.find(part), page.npos) << part;
  }
  EXPECT_EQ(page.find("http"), page.npos);
}

}  // namespace
}  // namespace parley::bench
