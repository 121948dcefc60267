// What somebody missed since a cursor, page by page.
#include <gmock/gmock.h>

#include "store/conformance/changes.h"
#include "store/conformance/session.h"

namespace parley::store {
namespace {

// Everything since the cursor, in pages of that size; checks what each page promises.
std::vector<EventRef> all_since(Session& session, const std::string& user, Cursor& cursor,
                                std::size_t page_size) {
  std::vector<EventRef> events;
  for (bool more = true; more;) {
    SincePage page = session.since(user, cursor, page_size);
    EXPECT_LE(page.events.size(), page_size);
    EXPECT_EQ(page.cursors.size(), page.events.size());
    for (std::size_t i = 0; i < page.events.size(); ++i) {
      EXPECT_TRUE(cursor.not_after(page.cursors[i]));
      EXPECT_TRUE(page.cursors[i].has_seen(page.events[i]->position));
      cursor = page.cursors[i];
    }
    EXPECT_TRUE(cursor.not_after(page.next));
    cursor = page.next;
    events.insert(events.end(), page.events.begin(), page.events.end());
    more = page.more;
    if (page.events.empty()) EXPECT_FALSE(more);
  }
  return events;
}

std::map<ConversationId, std::vector<std::uint64_t>> seqs_of(const std::vector<EventRef>& events) {
  std::map<ConversationId, std::vector<std::uint64_t>> seqs;
  for (const EventRef& event : events) seqs[event->conversation].push_back(event->seq.value);
  return seqs;
}

std::vector<std::uint64_t> range(std::uint64_t from, std::uint64_t to) {
  std::vector<std::uint64_t> all;
  for (; from <= to; ++from) all.push_back(from);
  return all;
}

TEST_P(Conformance, pages_since_a_cursor_are_the_log) {
  Session session(*storage);
  std::vector<ConversationId> all;
  for (std::uint8_t i = 0; i < 5; ++i) all.push_back(new_conversation_id(i));
  for (const auto& id : all) session.commit(make_group(id, "anna", {"ben"}));
  session.commit(make_group(new_conversation_id(1), "cleo"));
  Cursor middle;
  for (int i = 0; i < 40; ++i) {
    if (i == 20) middle = session.head();
    for (const auto& id : all) session.commit(say(id, "anna"));
  }
  for (std::size_t page_size : {1UL, 7UL, 100UL, 10'000UL}) {
    Cursor cursor = session.store().beginning();
    auto seqs = seqs_of(all_since(session, "ben", cursor, page_size));
    EXPECT_EQ(seqs.size(), all.size());
    for (const auto& id : all) EXPECT_EQ(seqs[id], range(1, 41));
    EXPECT_EQ(cursor, session.head());
    cursor = middle;
    seqs = seqs_of(all_since(session, "ben", cursor, page_size));
    for (const auto& id : all) EXPECT_EQ(seqs[id], range(22, 41));
  }
}

TEST_P(Conformance, a_cursor_between_two_events_goes_on_with_the_second) {
  Session session(*storage);
  const auto one = new_conversation_id(3), other = new_conversation_id(9);
  session.commit(make_group(one, "anna"));
  session.commit(make_group(other, "anna"));
  for (int i = 0; i < 10; ++i) session.commit_together({say(one, "anna"), say(other, "anna")});
  const SincePage whole = session.since("anna", session.store().beginning(), 1'000);
  ASSERT_EQ(whole.events.size(), 22U);
  for (std::size_t i = 0; i < whole.events.size(); ++i) {
    const SincePage rest = session.since("anna", whole.cursors[i], 1'000);
    ASSERT_EQ(rest.events.size(), whole.events.size() - i - 1);
    for (std::size_t k = 0; k < rest.events.size(); ++k)
      EXPECT_EQ(rest.events[k]->id, whole.events[i + 1 + k]->id);
  }
}

TEST_P(Conformance, who_has_left_learns_only_that) {
  Session session(*storage);
  const auto left = new_conversation_id(), ended = new_conversation_id();
  session.commit(make_group(left, "anna", {"ben"}));
  session.commit(make_group(ended, "anna", {"ben"}));
  const Cursor before = session.head();
  session.commit_together({say(left, "anna"), remove(left, "anna", "ben"), say(left, "anna")});
  session.commit_together({say(ended, "anna"), end(ended, "anna")});
  Cursor cursor = before;
  auto seqs = seqs_of(all_since(session, "ben", cursor, 10));
  EXPECT_EQ(seqs[left], range(3, 3));
  EXPECT_EQ(seqs[ended], range(3, 3));
  EXPECT_TRUE(all_since(session, "ben", cursor, 10).empty());
  session.commit(say(left, "anna"));
  EXPECT_TRUE(all_since(session, "ben", cursor, 10).empty());
}

TEST_P(Conformance, with_whom_somebody_speaks_alone) {
  Session session(*storage);
  session.commit(make_direct(new_conversation_id(1), "anna", "ben"));
  session.commit(make_direct(new_conversation_id(2), "ben", "cleo"));
  session.commit(make_direct(new_conversation_id(3), "anna", "cleo"));
  session.commit(make_group(new_conversation_id(4), "anna", {"ben", "dora"}));
  EXPECT_THAT(session.ask([](Reader& reader) { return reader.partners({"ben"}); }),
              testing::UnorderedElementsAre(UserId{"anna"}, UserId{"cleo"}));
  EXPECT_TRUE(session.ask([](Reader& reader) { return reader.partners({"dora"}); }).empty());
}

TEST_P(Conformance, where_somebody_is_and_where_there_is_news) {
  Session session(*storage);
  const auto quiet = new_conversation_id(1), busy = new_conversation_id(2),
             left = new_conversation_id(3), elsewhere = new_conversation_id(4);
  for (const auto& id : {quiet, busy, left}) session.commit(make_group(id, "anna", {"ben"}));
  session.commit(make_group(elsewhere, "anna"));
  session.commit(remove(left, "anna", "ben"));
  EXPECT_THAT(session.ask([](Reader& reader) { return reader.conversations_of({"ben"}); }),
              testing::UnorderedElementsAre(quiet, busy));
  auto news_since = [&](const Cursor& since, Reader::Unread unread) {
    std::vector<ConversationId> ids;
    for (const Membership& one : session.ask([&](Reader& reader) {
           return reader.memberships_with_news({"ben"}, since, unread);
         })) {
      EXPECT_EQ(one.member.user, UserId{"ben"});
      ids.push_back(one.conversation.id);
    }
    return ids;
  };
  const Cursor before = session.head();
  session.commit(say(busy, "anna"));
  EXPECT_THAT(news_since(before, Reader::Unread::not_asked_for), testing::Contains(busy));
  EXPECT_THAT(news_since(session.head(), Reader::Unread::too), testing::Contains(busy));
  const Cursor later = session.head();
  session.commit(read_upto(quiet, "ben", 1));
  session.commit(read_upto(busy, "ben", 2));
  EXPECT_THAT(news_since(later, Reader::Unread::not_asked_for), testing::Contains(busy));
}

// Of which a page takes a little from each.
TEST_P(Conformance, something_missed_in_many_conversations_comes_in_order) {
  Session session(*storage);
  std::vector<ConversationId> all;
  for (int i = 0; i < 60; ++i) all.push_back(new_conversation_id(static_cast<std::uint8_t>(i)));
  for (const auto& id : all) session.commit(make_group(id, "anna", {"ben"}));
  Cursor cursor = session.head();
  for (std::size_t i = 0; i < all.size(); ++i) {
    std::vector<Change> said;
    for (std::size_t k = 0; k < i % 7; ++k) said.push_back(say(all[i], "anna"));
    if (!said.empty()) session.commit_together(std::move(said));
    session.commit(say(all.front(), "anna"));
  }
  const auto events = all_since(session, "ben", cursor, 16);
  for (std::size_t i = 1; i < events.size(); ++i) {
    const Position &one = events[i - 1]->position, &next = events[i]->position;
    EXPECT_LT(std::pair(one.lane, one.at), std::pair(next.lane, next.at));
  }
  auto seqs = seqs_of(events);
  EXPECT_EQ(seqs[all.front()], range(2, 61));
  for (std::size_t i = 1; i < all.size(); ++i) EXPECT_EQ(seqs[all[i]], range(2, 1 + i % 7));
}

TEST_P(Conformance, who_joins_gets_what_follows) {
  Session session(*storage);
  const auto id = new_conversation_id();
  session.commit(make_group(id, "anna"));
  session.commit_together({say(id, "anna"), add(id, "anna", "ben"), say(id, "anna")});
  Cursor cursor = session.store().beginning();
  EXPECT_EQ(seqs_of(all_since(session, "ben", cursor, 10))[id], range(3, 4));
}

TEST_P(Conformance, pointers_that_moved_are_told_once) {
  Session session(*storage);
  const auto id = new_conversation_id();
  session.commit(make_group(id, "anna", {"ben"}));
  session.commit(say(id, "anna"));
  const Cursor before = session.head();
  session.commit(read_upto(id, "ben", 2));
  const SincePage page = session.since("anna", before);
  EXPECT_TRUE(page.events.empty());
  ASSERT_EQ(page.pointers.size(), 1U);
  EXPECT_EQ(page.pointers.front().user, UserId{"ben"});
  EXPECT_EQ(page.pointers.front().read_seq, Seq{2});
  EXPECT_TRUE(session.since("anna", page.next).pointers.empty());
}

TEST_P(Conformance, a_cursor_of_elsewhere_is_refused) {
  Session session(*storage);
  session.commit(make_group(new_conversation_id(), "anna"));
  Cursor foreign = session.head();
  foreign.store ^= 1;
  Cursor future = session.head();
  future.lanes.back() += 1'000'000;
  Cursor narrow = session.head();
  narrow.lanes.push_back(0);
  for (const Cursor& cursor : {foreign, future, narrow}) {
    auto page = session.try_ask(
        [cursor](Reader& reader) { return read_since(reader, {"anna"}, cursor, 10); });
    ASSERT_FALSE(page.has_value());
    EXPECT_EQ(page.error().code, Code::cursor_too_old);
  }
}

// Pages are fetched while others write: nothing is left out, nothing comes twice.
TEST_P(Conformance, paging_while_others_write_misses_nothing) {
  Session session(*storage);
  std::vector<ConversationId> all;
  for (std::uint8_t i = 0; i < 8; ++i) all.push_back(new_conversation_id(i));
  for (const auto& id : all) session.commit(make_group(id, "anna", {"ben"}));
  Cursor cursor = session.store().beginning();
  std::map<ConversationId, std::vector<std::uint64_t>> seqs;
  auto fetch = [&] {
    for (auto& [id, some] : seqs_of(all_since(session, "ben", cursor, 13)))
      seqs[id].insert(seqs[id].end(), some.begin(), some.end());
  };
  for (int round = 0; round < 40; ++round) {
    for (int i = 0; i < 20; ++i)
      session.submit(say(all[static_cast<std::size_t>(i * 7 + round) % all.size()], "anna"));
    fetch();
    if (round % 5 == 0) session.settle();
  }
  session.settle();
  fetch();
  for (const auto& id : all) EXPECT_EQ(seqs[id], range(1, session.conversation(id).last_seq.value));
}

TEST_P(Conformance, the_trail_of_a_lane_has_events_and_readings_in_their_order) {
  Session session(*storage);
  const auto id = new_conversation_id(3), other = new_conversation_id(3);
  session.commit(make_group(id, "anna", {"ben"}));
  const Committed said = session.commit(say(id, "anna"));
  session.commit(read_only(id, "ben", 2));
  session.commit(make_group(other, "cleo"));
  session.commit(edit(*said.events.front()->message, "better"));
  const std::uint32_t lane = said.events.front()->position.lane;
  auto trail = [&](std::uint64_t after, std::size_t limit) {
    return session.ask([=](Reader& reader) { return reader.trail(lane, after, limit); });
  };
  const auto all = trail(0, 100);
  std::string seen;
  for (const TrailStep& step : all)
    seen += step.event ? std::string(name_of(step.event->kind)) + ' '
                       : "read by " + step.reading.user.text + ' ';
  EXPECT_EQ(seen,
            "conversation.created message.created read by ben conversation.created "
            "message.updated ");
  EXPECT_EQ(all[2].conversation, id);
  EXPECT_EQ(all[2].reading.span, (SeqSpan{Seq{2}, Seq{2}}));
  EXPECT_EQ(all[1].event->message->text, "better");  // as it stands now
  EXPECT_EQ(all[4].event->message->text, "better");
  EXPECT_TRUE(std::ranges::is_sorted(all, std::less{}, &TrailStep::at));
  EXPECT_EQ(session.head().lanes[lane], all.back().at);
  const auto second = trail(all[0].at, 2);
  ASSERT_EQ(second.size(), 2U);
  EXPECT_EQ(second[0].at, all[1].at);
  EXPECT_EQ(second[1].at, all[2].at);
  EXPECT_TRUE(trail(all.back().at, 2).empty());
}

}  // namespace
}  // namespace parley::store
