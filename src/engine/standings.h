// What this loop remembers of who may do what, conversation by conversation; only a guess, which each commit checks.
//
// It also keeps the order of commands: when a guess was wrong, those that were decided on it are decided again in the
// order in which they came, before any later one. So nothing is decided on a newer standing while something that was
// decided on an older one is still on its way.
#pragma once

#include <coroutine>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/task.h"
#include "model/event.h"
#include "store/store.h"

namespace parley::engine {

// What a decision needs to know of one person in one conversation.
struct Standing {
  bool exists = false;   // the conversation does, and is not deleted
  bool present = false;  // the person is in it
  Role role = Role::reader;
  ConversationType type = ConversationType::group;
  ConversationSettings settings;
  Version version;
  bool blocked = false;   // by the other one of a direct conversation
  bool spoke = false;     // in a direct conversation: this one has written there
  bool answered = false;  // and the other one has
};

[[nodiscard]] Standing standing_of(const std::optional<Conversation>& conversation,
                                   const std::optional<Member>& member);

// Whether the other one of a direct conversation lets this one write no more.
[[nodiscard]] Result<bool> blocked_in(store::Reader& reader, const Conversation& conversation,
                                      const UserId& user);

// Lives on: one loop.
class Standings {
 public:
  explicit Standings(store::Store& store) : store_(store) {}

  // From memory, at once; or read, after all earlier tickets of that conversation are settled.
  Task<Result<Standing>> find(ConversationId where, UserId who, std::uint64_t ticket);

  // A change, decided on a standing of this version, is on its way / has been settled.
  void submitted(const ConversationId& where, std::optional<Version> decided_on);
  void settled(const ConversationId& where);
  // What was remembered is wrong.
  void forget(const ConversationId& where);
  void notice(const Event& event);

 private:
  struct Waiter {
    std::uint64_t ticket = 0;
    UserId who;
    Result<Standing> found = Standing{};
    std::coroutine_handle<> handle;
  };
  struct Entry {
    std::unordered_map<UserId, Standing> known;
    std::vector<Waiter*> waiters;
    std::uint32_t in_flight = 0;
    std::optional<Version> oldest_in_flight;  // what the oldest of those was decided on
    bool forgotten = false;  // while changes decided on what was known are still on their way
    bool reading = false;
    [[nodiscard]] bool idle() const { return waiters.empty() && in_flight == 0 && !reading; }
  };
  using Found = std::vector<std::pair<UserId, Standing>>;

  struct Wait;
  void pump(const ConversationId& where);
  Task<Result<Found>> read(ConversationId where, std::vector<UserId> users);
  void answer(const ConversationId& where, Result<Found> found);
  static bool overtakes(const Entry& entry, const Found& found);
  void make_room();

  static constexpr std::size_t entries_max = 20'000;
  store::Store& store_;
  std::unordered_map<ConversationId, Entry> entries_;
};

}  // namespace parley::engine
