// Read pointers and unread counts.
#include <set>

#include "store/conformance/changes.h"
#include "store/conformance/session.h"

namespace parley::store {
namespace {

TEST_P(Conformance, a_read_pointer_moves_forward_and_never_past_the_end) {
  Session session(*storage);
  const auto id = new_conversation_id();
  session.commit(make_group(id, "anna", {"ben"}));
  for (int i = 0; i < 5; ++i) session.submit(say(id, "anna"));
  session.settle();
  const Committed moved = session.commit(read_upto(id, "ben", 4));
  ASSERT_TRUE(moved.pointer.has_value());
  EXPECT_TRUE(moved.pointer_moved);
  EXPECT_EQ(moved.pointer->read_seq, Seq{4});
  EXPECT_EQ(moved.pointer->unread, 2U);
  EXPECT_TRUE(session.head().has_seen(moved.pointer->position));
  const Committed back = session.commit(read_upto(id, "ben", 2));
  EXPECT_EQ(back.outcome, Outcome::committed);
  EXPECT_FALSE(back.pointer_moved);
  EXPECT_EQ(back.pointer->read_seq, Seq{4});
  EXPECT_EQ(session.commit(read_upto(id, "ben", 7)).outcome, Outcome::beyond);
  EXPECT_EQ(session.commit(read_upto(id, "cleo", 2)).outcome, Outcome::missing);
  EXPECT_EQ(session.unread(id, "ben"), 2U);
  EXPECT_EQ(session.log(id).size(), 6U);  // reading is state, not an event
}

TEST_P(Conformance, reading_within_a_batch_counts_what_the_batch_wrote) {
  Session session(*storage);
  const auto id = new_conversation_id();
  session.commit(make_group(id, "anna", {"ben"}));  // 1
  const auto fates = session.commit_together({say(id, "anna"), say(id, "ben"), say(id, "anna"),
                                              read_upto(id, "ben", 3), say(id, "anna"),
                                              say(id, "ben"), read_upto(id, "ben", 5)});
  EXPECT_EQ(fates[3].pointer->unread, 1U);
  EXPECT_EQ(fates[6].pointer->unread, 0U);
  EXPECT_EQ(session.unread(id, "ben"), 0U);
  EXPECT_EQ(session.unread(id, "anna"), 2U);
}

TEST_P(Conformance, who_comes_back_starts_with_nothing_unread) {
  Session session(*storage);
  const auto id = new_conversation_id();
  session.commit(make_group(id, "anna", {"ben"}));
  session.commit(say(id, "anna"));
  session.commit(remove(id, "anna", "ben"));
  EXPECT_EQ(session.member(id, "ben").left_seq, Seq{3});
  session.commit(say(id, "anna"));
  const Committed back = session.commit(add(id, "anna", "ben"));
  EXPECT_EQ(session.unread(id, "ben"), 0U);
  const Member ben = session.member(id, "ben");
  EXPECT_TRUE(ben.present());
  EXPECT_EQ(ben.joined_seq, back.seq);
  EXPECT_EQ(ben.first_joined_seq, Seq{1});
  session.commit_together({say(id, "anna"), say(id, "ben")});
  EXPECT_EQ(session.unread(id, "ben"), 1U);
  EXPECT_EQ(session.conversation(id).members_count, 2U);
}

TEST_P(Conformance, delivery_moves_by_itself_and_reading_takes_it_along) {
  Session session(*storage);
  const auto id = new_conversation_id();
  session.commit(make_group(id, "anna", {"ben"}));
  for (int i = 0; i < 3; ++i) session.commit(say(id, "anna"));
  auto delivered = [&](std::uint64_t seq) {
    Change change = read_upto(id, "ben", seq);
    change.read->only_delivered = true;
    return session.commit(std::move(change));
  };
  const Committed first = delivered(3);
  EXPECT_TRUE(first.pointer_moved);
  EXPECT_TRUE(first.pointer->only_delivered);
  EXPECT_EQ(first.pointer->delivered_before, Seq{1});
  EXPECT_EQ(first.pointer->delivered_seq, Seq{3});
  EXPECT_EQ(first.pointer->unread, 3U);
  EXPECT_FALSE(delivered(2).pointer_moved);
  EXPECT_EQ(session.member(id, "ben").read_seq, Seq{1});
  session.commit(read_upto(id, "ben", 4));
  EXPECT_EQ(session.member(id, "ben").delivered_seq, Seq{4});
  EXPECT_FALSE(delivered(4).pointer_moved);
  EXPECT_EQ(delivered(5).outcome, Outcome::beyond);
  EXPECT_EQ(session.unread(id, "ben"), 0U);
}

std::vector<Reading> readings_of(Session& session, ConversationId id) {
  return session.ask([id](Reader& reader) { return reader.readings(id, Seq{1}, Seq{5}); });
}

std::uint64_t living(Session& session) {
  return session.ask([](Reader& reader) { return reader.living_conversations(); });
}

TEST_P(Conformance, what_is_read_up_to_may_have_a_receipt_for_the_last_alone) {
  Session session(*storage);
  const auto id = new_conversation_id();
  session.commit(make_group(id, "anna", {"ben"}));              // 1
  for (int i = 0; i < 4; ++i) session.commit(say(id, "anna"));  // 2 to 5
  const Committed read = session.commit(read_told_alone(id, "ben", 4));
  EXPECT_EQ(read.pointer->read_seq, Seq{4});
  EXPECT_EQ(read.pointer->marked, (std::vector<SeqSpan>{{Seq{4}, Seq{4}}}));
  EXPECT_EQ(session.unread(id, "ben"), 1U);
  ASSERT_EQ(readings_of(session, id).size(), 1U);
  EXPECT_EQ(readings_of(session, id).front().span, (SeqSpan{Seq{4}, Seq{4}}));
  EXPECT_FALSE(session.commit(read_told_alone(id, "ben", 4)).pointer_moved);
  // One before it gets its receipt when it is asked for, by who has seen that there is none.
  EXPECT_TRUE(session.commit(read_told_alone(id, "ben", 2)).pointer->marked.empty());
  Change late = read_told_alone(id, "ben", 2);
  late.read->late = session.member(id, "ben").read_position;
  const Committed told = session.commit(late);
  EXPECT_TRUE(told.pointer_moved);
  EXPECT_EQ(told.pointer->marked, (std::vector<SeqSpan>{{Seq{2}, Seq{2}}}));
  EXPECT_EQ(session.commit(late).outcome, Outcome::stale);
  EXPECT_EQ(readings_of(session, id).size(), 2U);
  EXPECT_EQ(session.unread(id, "ben"), 1U);
  session.commit(read_upto(id, "ben", 5));
  EXPECT_EQ(readings_of(session, id).size(), 3U);
}

TEST_P(Conformance, conversations_are_counted_while_they_live) {
  Session session(*storage);
  const std::uint64_t before = living(session);
  const auto id = new_conversation_id();
  session.commit(make_group(id, "anna", {"ben"}));
  EXPECT_EQ(living(session), before + 1);
  session.commit(end(id, "anna"));
  EXPECT_EQ(living(session), before);
}

TEST_P(Conformance, own_settings_are_kept_and_change_nothing_else) {
  Session session(*storage);
  const auto id = new_conversation_id();
  session.commit(make_group(id, "anna", {"ben"}));
  session.commit(say(id, "anna"));
  const Conversation before = session.conversation(id);
  auto patch = [&](const std::string& who, bool pinned) {
    Change change = read_upto(id, who, 0);
    change.read.reset();
    change.own =
        OwnPatch{pinned, {}, false, from_micros(1'800'000'000'000'000), Notify::mentions, {}};
    return change;
  };
  EXPECT_EQ(session.commit(patch("ben", true)).outcome, Outcome::committed);
  EXPECT_EQ(session.commit(patch("cleo", true)).outcome, Outcome::missing);
  const OwnSettings set{.hidden_seq = {},
                        .pinned = true,
                        .archived = false,
                        .muted_until = from_micros(1'800'000'000'000'000),
                        .notifications = Notify::mentions,
                        .read_receipts = false};
  EXPECT_EQ(session.member(id, "ben").own, set);
  EXPECT_EQ(session.member(id, "anna").own, OwnSettings{});
  Change hide = patch("anna", false);
  hide.own = OwnPatch{};
  hide.own->hidden = true;
  session.commit(hide);
  EXPECT_EQ(session.member(id, "anna").own.hidden_seq, before.last_seq);
  hide.own->hidden = false;
  session.commit(std::move(hide));
  EXPECT_EQ(session.member(id, "anna").own.hidden_seq, Seq{});
  EXPECT_EQ(session.conversation(id).version, before.version);
  EXPECT_EQ(session.conversation(id).last_seq, before.last_seq);
  EXPECT_EQ(session.unread(id, "ben"), 1U);
  const Cursor cursor = session.head();
  EXPECT_FALSE(session.commit(read_upto(id, "ben", 2)).pointer->receipts);  // his own switch
  EXPECT_TRUE(session.since("anna", cursor).pointers.empty());
  EXPECT_EQ(session.since("ben", cursor).pointers.size(), 1U);
}

// A naive copy: every event is kept, and every count is made anew.
class Model {
 public:
  void said(const std::string& who) { authors_.push_back(who); }
  // A message that somebody wrote and that is not gone, or nothing.
  [[nodiscard]] std::uint64_t message_near(std::uint64_t seq) const {
    while (seq > 0 && authors_[seq - 1].empty()) --seq;
    return seq;
  }
  void went(std::uint64_t seq) {
    authors_[seq - 1].clear();
    happened();
  }
  void happened() { authors_.emplace_back(); }
  void joined(const std::string& who) {
    happened();
    if (!in_.contains(who)) in_[who].joined = authors_.size();
  }
  void left(const std::string& who) {
    happened();
    in_.erase(who);
  }
  void read(const std::string& who, std::uint64_t from, std::uint64_t upto) {
    if (upto > authors_.size() || !in_.contains(who)) return;
    for (std::uint64_t seq = from; seq <= upto; ++seq) in_.at(who).read.insert(seq);
  }
  // Those that somebody has not read, by others and not gone.
  [[nodiscard]] std::vector<std::uint64_t> unread(const std::string& who) const {
    std::vector<std::uint64_t> all;
    const Place& place = in_.at(who);
    for (std::size_t seq = place.joined + 1; seq <= authors_.size(); ++seq)
      if (!authors_[seq - 1].empty() && authors_[seq - 1] != who && !place.read.contains(seq))
        all.push_back(seq);
    return all;
  }
  struct Place {
    std::uint64_t joined = 0;
    std::set<std::uint64_t> read;
  };
  [[nodiscard]] const std::map<std::string, Place>& places() const { return in_; }
  [[nodiscard]] std::uint64_t last() const { return authors_.size(); }

 private:
  std::vector<std::string> authors_;  // of seq 1, 2, 3 …; empty: no message
  std::map<std::string, Place> in_;   // present members
};

struct Doing {
  SeededRandom random{20261121};
  Names people{"anna", "ben", "cleo", "dan", "eve"};
  std::map<ConversationId, Model> models;

  std::uint64_t below(std::uint64_t end) { return random.next() % end; }
  const std::string& somebody() { return people[below(people.size())]; }
  Change next(const ConversationId& id) {
    Model& model = models[id];
    const std::string who = somebody();
    switch (below(12)) {
      case 0:
        model.joined(who);
        return add(id, "anna", who);
      case 1:
        model.left(who);
        return remove(id, "anna", who);
      case 2:
        model.happened();
        return rename(id, "anna", who);
      case 3: {
        const std::uint64_t seq = model.message_near(1 + below(model.last()));
        if (seq == 0) return read_upto(id, who, 0);
        model.went(seq);
        Message message;
        message.conversation = id;
        message.seq = Seq{seq};
        return erase(message, "anna");
      }
      case 4: {
        const std::uint64_t upto = below(model.last() + 3);
        model.read(who, 1, upto);
        return read_upto(id, who, upto);
      }
      case 5:
      case 6: {
        const std::uint64_t seq = 1 + below(model.last() + 1);
        model.read(who, seq, seq);
        return read_only(id, who, seq);
      }
      default:
        model.said(who);
        return say(id, who);
    }
  }
};

void expect_read_as_in(Session& session, const ConversationId& id, const std::string& who,
                       const Model& model, const std::string& when) {
  const auto unread = model.unread(who);
  const Member member = session.member(id, who);
  ASSERT_EQ(session.unread(id, who), unread.size()) << who << ", " << when;
  ASSERT_LE(member.read_seq.value, model.last());
  ASSERT_LE(member.read_beyond.all().size(), unread.size()) << who << ", " << when;
  for (std::uint64_t seq : unread)
    ASSERT_FALSE(member.has_read(Seq{seq})) << who << " " << seq << ", " << when;
  for (std::uint64_t seq : model.places().at(who).read)
    ASSERT_TRUE(member.has_read(Seq{seq})) << who << " " << seq << ", " << when;
}

TEST_P(Conformance, one_message_alone_can_be_read) {
  Session session(*storage);
  const auto id = new_conversation_id();
  session.commit(make_group(id, "anna", {"ben"}));
  for (int i = 0; i < 4; ++i) session.commit(say(id, "anna"));  // 2 to 5
  const Committed alone = session.commit(read_only(id, "ben", 3));
  ASSERT_TRUE(alone.pointer_moved);
  EXPECT_EQ(alone.pointer->unread, 3U);
  EXPECT_EQ(alone.pointer->read_seq, Seq{1});
  EXPECT_EQ(alone.pointer->marked, (std::vector<SeqSpan>{{Seq{3}, Seq{3}}}));
  EXPECT_FALSE(session.commit(read_only(id, "ben", 3)).pointer_moved);
  EXPECT_EQ(session.unread(id, "ben"), 3U);
  EXPECT_EQ(session.commit(read_only(id, "ben", 2)).pointer->read_seq, Seq{3});
  session.commit(read_only(id, "ben", 5));
  const Committed rest = session.commit(read_upto(id, "ben", 5));
  EXPECT_EQ(rest.pointer->marked, (std::vector<SeqSpan>{{Seq{4}, Seq{4}}}));
  EXPECT_EQ(rest.pointer->read_seq, Seq{5});
  EXPECT_EQ(rest.pointer->unread, 0U);
  EXPECT_TRUE(session.member(id, "ben").read_beyond.empty());
}

TEST_P(Conformance, what_was_read_alone_and_goes_counts_for_nobody_twice) {
  Session session(*storage);
  const auto id = new_conversation_id();
  session.commit(make_group(id, "anna", {"ben", "cleo"}));
  session.commit(say(id, "anna"));
  const Committed second = session.commit(say(id, "anna"));
  session.commit(read_only(id, "ben", second.seq.value));
  session.commit(erase(*second.events.front()->message, "anna"));
  EXPECT_EQ(session.unread(id, "ben"), 1U);
  EXPECT_EQ(session.unread(id, "cleo"), 1U);
}

TEST_P(Conformance, who_read_what_and_when_is_kept) {
  Session session(*storage);
  const auto id = new_conversation_id();
  session.commit(make_group(id, "anna", {"ben", "cleo"}));
  for (int i = 0; i < 4; ++i) session.commit(say(id, "anna"));  // 2 to 5
  session.commit(read_only(id, "ben", 4));
  session.commit(read_upto(id, "cleo", 3));
  session.commit(read_upto(id, "ben", 5));
  auto readings = [&](std::uint64_t from, std::uint64_t upto) {
    const auto all =
        session.ask([=](Reader& reader) { return reader.readings(id, Seq{from}, Seq{upto}); });
    std::string text;
    for (const Reading& one : all)
      text += one.user.text + ' ' + std::to_string(one.span.from.value) + '-' +
              std::to_string(one.span.upto.value) + ' ';
    return text;
  };
  EXPECT_EQ(readings(4, 4), "ben 4-4 ");
  EXPECT_EQ(readings(2, 3), "cleo 2-3 ben 2-3 ");
  EXPECT_EQ(readings(3, 5), "ben 4-4 cleo 2-3 ben 2-3 ben 5-5 ");
  EXPECT_EQ(readings(6, 9), "");
  Change quiet = read_upto(id, "ben", 0);
  quiet.read.reset();
  quiet.own = OwnPatch{};
  quiet.own->read_receipts = false;
  session.commit(std::move(quiet));
  EXPECT_EQ(readings(4, 4), "");
}

TEST_P(Conformance, unread_counts_equal_a_recount_after_any_history) {
  Session session(*storage);
  Doing doing;
  std::vector<ConversationId> all;
  for (std::uint8_t i = 0; i < 3; ++i) all.push_back(new_conversation_id(i));
  for (const auto& id : all) {
    session.commit(make_group(id, "anna"));
    doing.models[id].joined("anna");
  }
  for (int batch = 0; batch < 120; ++batch) {
    for (auto left = 1 + doing.below(25); left > 0; --left)
      session.submit(doing.next(all[doing.below(all.size())]));
    session.settle();
    for (const auto& [id, model] : doing.models) {
      ASSERT_EQ(session.conversation(id).last_seq, Seq{model.last()});
      ASSERT_EQ(session.conversation(id).members_count, model.places().size());
      for (const auto& [who, place] : model.places())
        expect_read_as_in(session, id, who, model, "batch " + std::to_string(batch));
    }
  }
}

// What was between two stretches has gone, so reading before them closes all gaps at once.
TEST_P(Conformance, reading_over_a_gap_that_has_emptied_never_goes_back) {
  Session session(*storage);
  const auto id = new_conversation_id();
  session.commit(make_group(id, "anna", {"ben"}));
  std::vector<Message> said;
  for (int i = 0; i < 5; ++i)
    said.push_back(*session.commit(say(id, "ben")).events.front()->message);
  session.commit(read_only(id, "anna", 4));
  session.commit(read_only(id, "anna", 6));
  session.commit(recall(said[3]));  // at 5
  EXPECT_EQ(session.unread(id, "anna"), 2U);
  const Committed read = session.commit(read_upto(id, "anna", 6));
  EXPECT_EQ(read.pointer->read_seq, Seq{6});
  EXPECT_EQ(session.unread(id, "anna"), 0U);
  EXPECT_FALSE(session.commit(read_upto(id, "anna", 6)).pointer_moved);
  session.commit(say(id, "ben"));
  EXPECT_EQ(session.commit(read_upto(id, "anna", 8)).outcome, Outcome::committed);
  EXPECT_EQ(session.unread(id, "anna"), 0U);
}

}  // namespace
}  // namespace parley::store
