// Two stores on one storage at once, as two nodes have them.
#include <barrier>
#include <thread>

#include "store/conformance/changes.h"
#include "store/conformance/session.h"

namespace parley::store {
namespace {

// Both do the same, as nearly at the same time as can be, round after round.
template <class Do>
void race(Storage& storage, int rounds, Do act) {
  Session one(storage), other(storage);
  std::barrier together(2);
  auto run = [&](Session& session, int side) {
    for (int round = 0; round < rounds; ++round) {
      together.arrive_and_wait();
      act(session, side, round);
    }
  };
  std::thread beside([&] { run(other, 1); });
  run(one, 0);
  beside.join();
}

TEST_P(Conformance, two_nodes_share_one_numbering) {
  if (!storage->shared())
    return;  // a second store on it is refused: the adapter's own tests show that
  const auto id = new_conversation_id(), other_id = new_conversation_id();
  {
    Session session(*storage);
    session.commit(make_group(id, "anna", {"ben"}));
    session.commit(make_group(other_id, "anna", {"ben"}));
  }
  std::mutex mutex;
  std::map<std::pair<ConversationId, Seq>, int> numbers;
  race(*storage, 30, [&](Session& session, int side, int) {
    for (int i = 0; i < 20; ++i)
      session.submit(say(i % 2 == 0 ? id : other_id, side == 0 ? "anna" : "ben"));
    const auto fates = session.settle();
    std::lock_guard lock(mutex);
    for (const Committed& fate : fates) ++numbers[{fate.where, fate.seq}];
  });
  EXPECT_EQ(numbers.size(), 1'200U);
  Session session(*storage);
  for (const auto& conversation : {id, other_id}) {
    const auto log = session.log(conversation);
    ASSERT_EQ(log.size(), 601U);
    for (std::size_t i = 1; i < log.size(); ++i) {
      EXPECT_EQ(log[i]->seq, Seq{i + 1});
      EXPECT_GT(log[i]->position.at,
                log[i - 1]->position.at);  // so a cursor by position is one by seq
    }
    EXPECT_EQ(session.unread(conversation, "anna"), 300U);
    EXPECT_EQ(session.unread(conversation, "ben"), 300U);
  }
}

TEST_P(Conformance, one_key_on_two_nodes_counts_once) {
  if (!storage->shared()) return;
  const auto id = new_conversation_id(1), other_id = new_conversation_id(2);
  {
    Session session(*storage);
    session.commit(make_group(id, "anna"));
    session.commit(make_group(other_id, "anna"));
  }
  std::atomic<int> committed{0}, repeated{0};
  race(*storage, 60, [&](Session& session, int side, int round) {
    // In odd rounds into different conversations, so that no lane's lock orders the two.
    const Committed fate = session.commit(
        say_once(side == 1 && round % 2 == 1 ? other_id : id, "anna", std::to_string(round)));
    if (fate.outcome == Outcome::committed) ++committed;
    if (fate.outcome == Outcome::repeated) ++repeated;
  });
  EXPECT_EQ(committed, 60);
  EXPECT_EQ(repeated, 60);
}

TEST_P(Conformance, one_pair_on_two_nodes_has_one_conversation) {
  if (!storage->shared()) return;
  std::mutex mutex;
  std::map<int, std::vector<Committed>> fates;
  race(*storage, 40, [&](Session& session, int side, int round) {
    const std::string friend_name = "friend" + std::to_string(round);
    const auto id = new_conversation_id(5);
    const Committed fate = session.commit(side == 0 ? make_direct(id, "anna", friend_name)
                                                    : make_direct(id, friend_name, "anna"));
    std::lock_guard lock(mutex);
    fates[round].push_back(fate);
  });
  for (const auto& [round, both] : fates) {
    ASSERT_EQ(both.size(), 2U);
    EXPECT_EQ(both[0].where, both[1].where);
    EXPECT_NE(both[0].outcome, both[1].outcome);
  }
}

TEST_P(Conformance, a_standing_that_another_node_changed_is_noticed) {
  if (!storage->shared()) return;
  const auto id = new_conversation_id();
  Version version;
  {
    Session session(*storage);
    session.commit(make_group(id, "anna", {"ben"}));
    version = session.conversation(id).version;
  }
  std::atomic<int> renamed{0};
  std::mutex mutex;
  race(*storage, 20, [&](Session& session, int side, int) {
    Change change = rename(id, side == 0 ? "anna" : "ben", "name");
    {
      std::lock_guard lock(mutex);
      change.expects = version;
    }
    const Committed fate = session.commit(std::move(change));
    if (fate.outcome == Outcome::committed) ++renamed;
    std::lock_guard lock(mutex);
    version = std::max(version, session.conversation(id).version);
  });
  Session session(*storage);
  EXPECT_EQ(session.log(id).size(), 1U + static_cast<std::size_t>(renamed));
  EXPECT_EQ(session.conversation(id).version.value, 1U + static_cast<std::uint64_t>(renamed));
  EXPECT_GE(renamed, 1);
}

}  // namespace
}  // namespace parley::store
