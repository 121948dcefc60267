// Who is with which node: each node tells of its people, and of being alive; who is silent for too long is gone, and its
// people with it.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "cluster/packing.h"
#include "hub/presence.h"

namespace parley::cluster {

using NodeNumber = std::uint64_t;

// Lives on: any thread.
class Roster {
 public:
  using Say = std::function<void(std::string body)>;
  Roster(NodeNumber self, hub::Presence& presence, const Clock& clock, Say say);

  // Of another node.
  void heard(NodeNumber from, std::string_view body);
  // Again and again: says what has changed here, or only that this node lives.
  void beat();
  // Says what has changed here, if anything has. Before anybody is told of it: who begins to watch somebody just after that
  // is to find them here.
  void tell();
  // What was said while the link was away is lost, in both directions.
  void linked(bool up);
  // The last word of this node.
  void bye();

  // People who were only with nodes that are gone now: each node tells those who are with it, for it alone knows whom they
  // believe to be there. Each once.
  struct Lost {
    UserId user;
    bool outside = false;  // this node tells those who listen outside, too: one of all does
  };
  [[nodiscard]] std::vector<Lost> lost();
  // People who turned out to be there though nobody had heard them come: what was said while a link was away. Each once.
  struct Found {
    UserId user;
    bool were_told_gone =
        false;  // those who are with this node may have been: their node has been heard of before
    bool outside = false;  // as it was this node that told there that they are gone
  };
  [[nodiscard]] std::vector<Found> found();
  // They could not be told of: once more with the next ones.
  void put_back(std::span<Lost> lost);
  void put_back(std::span<Found> found);
  // This one among them.
  [[nodiscard]] std::size_t nodes() const;

  // A node that has said nothing for so long is gone.
  static constexpr std::chrono::milliseconds silence_max{3'000};

 private:
  using People = std::vector<std::pair<UserId, hub::Presence::Stay>>;
  struct Node {
    std::uint64_t told = 0;  // how many of its changes are known here
    bool known = false;      // all its people are, as of `told`
    Instant heard_at{};
    People gathered;  // of everybody it has, page by page
    std::uint64_t pages = 0;
  };
  enum class Word : std::uint8_t { changes, everybody, ask, bye };

  void changed(const UserId& user, const hub::Presence::Stay& stay);
  void take_changes(NodeNumber from, Node& node, Unpacker& in);
  void take_everybody(NodeNumber from, Node& node, Unpacker& in);
  void note_found(NodeNumber from, const Node& node);
  void is_everybody(NodeNumber from, Node& node, std::uint64_t told);
  void gone(NodeNumber number);
  void forget_silent(Instant now);
  void say_changes();
  void say_everybody();

  const NodeNumber self_;
  hub::Presence& presence_;
  const Clock& clock_;
  const Say say_;
  std::mutex
      changes_mutex_;  // nothing is asked within it, for the presence takes it within its own
  People changes_;     // not said yet
  mutable std::mutex mutex_;
  std::map<NodeNumber, Node> nodes_;
  std::uint64_t told_ = 0;  // how many changes were said
  bool everybody_wanted_ = false;
  Instant asked_at_{};
  bool up_ = false;
  Instant up_at_{};  // nobody is missed for having been silent before
  std::vector<Lost> lost_;
  std::vector<Found> found_;
  std::set<NodeNumber> known_once_;
  std::set<NodeNumber> told_gone_;  // outside, by this node
};

}  // namespace parley::cluster
