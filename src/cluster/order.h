// Puts what several nodes have committed back into the order of each lane, from notices that may be late, lost, repeated
// or out of order. What does not come in time is named, so that it can be read from the log.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <vector>

#include "cluster/notice.h"
#include "model/cursor.h"

namespace parley::cluster {

// Which conversations are of interest here. Asked when a position's turn has come, in the order of the lane: whoever has
// joined before it is known by then.
class Hearing {
 public:
  [[nodiscard]] virtual bool hears_of(const ConversationId& conversation) const = 0;
  virtual void joined(const ConversationId& conversation, const std::vector<UserId>& users) = 0;

 protected:
  ~Hearing() = default;
};

// Not thread-safe; knows no clock but the times that it is given.
class Order {
 public:
  Order(const Cursor& head, Hearing& hearing);

  // Committed by this process, or content that another one has sent.
  void have(hub::News news, Instant now);
  // Somebody has filled that position; what is in it comes separately, if it is of interest here.
  void filled(const Position& at, const ConversationId& conversation, Instant now);
  // Read from the log: everything of that lane with after < position <= upto. Positions without news concern nobody.
  // `behind_them`: what is told after all of that. What its committer here is about to tell is waited for, for the log does
  // not say whose connection it was: up to where it was taken in.
  using AboutToBeTold = std::function<bool(const Event&)>;
  std::uint64_t read(std::uint32_t lane, std::uint64_t upto, std::vector<hub::News> news,
                     Instant now, std::vector<hub::News> behind_them = {},
                     const AboutToBeTold& about_to_be_told = {});
  // The store has come as far as that: what is not heard of by the next call was lost.
  void head(const Cursor& head);

  // What can be handed on now: in each lane without a gap, each position once.
  [[nodiscard]] std::vector<hub::News> take_ready();

  [[nodiscard]] bool waits() const;
  // Lanes in which something has been missing for longer than that, and what they have handed on.
  struct Behind {
    std::uint32_t lane = 0;
    std::uint64_t after = 0;
  };
  [[nodiscard]] std::vector<Behind> behind(Instant now, std::chrono::milliseconds patience) const;

 private:
  struct Held {
    hub::News news;
    ConversationId conversation;
    bool is_whole = false;  // what is there to know of it is here
  };
  struct Lane {
    std::uint64_t done = 0;  // handed on up to here
    std::map<std::uint64_t, Held> held;
    bool waits = false;              // for something before what is held
    Instant since{};                 // when it began to
    bool overdue = false;            // it was lost, as far as the head says
    std::uint64_t head_before = 0;   // where the store stood at the last look
    std::vector<hub::News> put_off;  // what is told after a position that is not reached yet
    std::uint64_t put_off_until = 0;
  };

  [[nodiscard]] bool next_is_here(const Lane& lane) const;
  void hand_on(hub::News news);
  void look(Lane& lane, Instant now);

  // Beyond it the log is read instead: what is held is only a help.
  static constexpr std::size_t held_max = 20'000;
  Hearing& hearing_;
  std::vector<Lane> lanes_;
  std::vector<hub::News> ready_;
};

}  // namespace parley::cluster
