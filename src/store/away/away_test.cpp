#include "store/away/away.h"

#include <gtest/gtest.h>

namespace parley::store {
namespace {

struct Heard final : Listener {
  SettledBatch batch;
  void settled(SettledBatch settled) override { batch = std::move(settled); }
};

TEST(AwayStore, says_of_everything_that_it_is_away) {
  const auto store = make_away_store();
  Heard heard;
  store->listen(heard);
  store->submit({});
  ASSERT_TRUE(heard.batch && heard.batch->size() == 1);
  EXPECT_EQ(heard.batch->front().result.error().code, Code::unavailable);
  bool read = false;
  spawn(store->read([](Reader& reader) { return reader.head(); }), [&](const Result<Cursor>& head) {
    read = true;
    EXPECT_EQ(head.error().code, Code::unavailable);
  });
  EXPECT_TRUE(read);
  spawn(store->health(), [](const Health& health) { EXPECT_FALSE(health.up); });
  store->stop();
}

}  // namespace
}  // namespace parley::store
