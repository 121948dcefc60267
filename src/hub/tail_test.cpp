#include "hub/tail.h"

#include <gmock/gmock.h>

#include <optional>

namespace parley::hub {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Seqs = std::vector<std::uint64_t>;

EventRef event(std::uint64_t seq, std::size_t text_bytes = 0) {
  auto made = std::make_shared<Event>();
  made->seq = Seq{seq};
  auto message = std::make_shared<Message>();
  message->text = std::string(text_bytes, 'x');
  made->message = std::move(message);
  return made;
}

std::optional<Seqs> since(const Tail& tail, const Tail::Mark& mark) {
  Seqs seqs;
  auto note = [&](const Tail::Delivered& one) {
    seqs.push_back(one.event ? one.event->seq.value : one.pointer->read_seq.value);
  };
  return tail.each_since(mark, note) ? std::optional{seqs} : std::nullopt;
}

TEST(Tail, each_hears_what_came_since_its_mark) {
  Tail tail;
  const auto early = tail.mark();
  tail.add(event(1));
  const auto late = tail.mark();
  Pointer pointer;
  pointer.read_seq = Seq{2};
  tail.add(pointer);
  tail.add(event(3));
  EXPECT_THAT(*since(tail, early), ElementsAre(1, 2, 3));
  EXPECT_THAT(*since(tail, late), ElementsAre(2, 3));
  EXPECT_THAT(*since(tail, tail.mark()), IsEmpty());
}

TEST(Tail, nothing_is_kept_where_nobody_wants_it) {
  Tail tail;
  tail.add(event(1));
  EXPECT_EQ(tail.size(), 0U);
  auto mark = tail.mark();
  tail.add(event(2));
  EXPECT_EQ(tail.size(), 1U);
  mark = {};
  EXPECT_EQ(tail.size(), 0U);
  const auto other = tail.mark();
  tail.add(event(3));
  EXPECT_THAT(*since(tail, other), ElementsAre(3));
}

TEST(Tail, who_takes_too_long_is_told_so) {
  Tail few({.deliveries = 2});
  const auto early = few.mark();
  few.add(event(1));
  const auto late = few.mark();
  few.add(event(2));
  few.add(event(3));
  EXPECT_EQ(since(few, early), std::nullopt);
  EXPECT_THAT(*since(few, late), ElementsAre(2, 3));

  Tail small({.bytes = 10'000});
  const auto mark = small.mark();
  small.add(event(1, 4'000));
  small.add(event(2, 4'000));
  EXPECT_TRUE(since(small, mark).has_value());
  small.add(event(3, 4'000));
  EXPECT_FALSE(since(small, mark).has_value());
  EXPECT_EQ(small.size(), 2U);
}

}  // namespace
}  // namespace parley::hub
