// Who is there: how many connections each person has, over all loops of this process, and over the other processes that
// tell of theirs.
//
// Lives on: any thread. It is asked when somebody comes or goes, and when a list wants to know; never per message.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "model/names.h"

namespace parley::hub {

class Presence {
 public:
  // Told when somebody comes who was not there, and when their last connection goes; in that order, from any thread,
  // and so that it must not block or ask. Before the first of them comes.
  using Observer = std::function<void(const UserId& user, bool online)>;
  void observe(Observer observer) { observers_.push_back(std::move(observer)); }

  // Told when somebody's last connection goes, wherever it was; as the Observer is.
  using Farewell = std::function<void(const UserId& user)>;
  void when_gone(Farewell farewell) { farewell_ = std::move(farewell); }

  // What one process says of somebody who is with it.
  struct Stay {
    std::size_t connections = 0;  // 0: they have gone
    Time since{};
    std::string status = "online";
  };
  // Told of each change here, and of nothing that others have told; as the Observer is.
  using Neighbour = std::function<void(const UserId& user, const Stay& stay)>;
  void tell(Neighbour neighbour) { neighbour_ = std::move(neighbour); }
  // All who are here.
  [[nodiscard]] std::vector<std::pair<UserId, Stay>> all_here() const;
  // What another process says.
  void hear(std::uint64_t process, const UserId& user, const Stay& stay);
  // It is no more, or begins anew: who was only there, is nowhere now.
  [[nodiscard]] std::vector<UserId> forget(std::uint64_t process);

  // How many they have now.
  std::size_t came(const UserId& user, Time now);
  std::size_t went(const UserId& user);
  [[nodiscard]] std::size_t connections(const UserId& user) const;
  // Those of them that are with other processes, at whatever door.
  [[nodiscard]] std::size_t elsewhere(const UserId& user) const;
  [[nodiscard]] bool online(const UserId& user) const { return connections(user) > 0; }
  // Since when they have been there without a pause; nothing of who is not.
  [[nodiscard]] std::optional<Time> online_since(const UserId& user) const;

  // How they say they are, while they are there: "online" until they say otherwise. Nothing where nothing has changed.
  [[nodiscard]] bool say(const UserId& user, std::string_view status);
  [[nodiscard]] std::string status(const UserId& user) const;  // "offline" of who is not there
  // Those who are there and don't say that they are offline.
  [[nodiscard]] std::vector<UserId> all_online() const;

  struct Totals {
    std::size_t users = 0, connections = 0;
  };
  [[nodiscard]] Totals totals() const;

  // Which conversation a connection has on its screen: what comes there is read at once.
  void looks_at(const UserId& user, const ConversationId& conversation);
  void looks_away(const UserId& user, const ConversationId& conversation);
  [[nodiscard]] bool is_looking(const UserId& user, const ConversationId& conversation) const;

 private:
  struct Someone {
    Stay here;
    std::vector<std::pair<std::uint64_t, Stay>> elsewhere;
    std::vector<std::pair<ConversationId, std::size_t>> looking;  // on how many connections; few

    [[nodiscard]] std::size_t connections() const;
    [[nodiscard]] Time since() const;
  };
  using People = std::unordered_map<UserId, Someone>;

  void tell_all(const UserId& user, bool online) const {
    for (const Observer& one : observers_) one(user, online);
  }
  void tell_neighbour(const UserId& user, const Someone& someone) const {
    if (neighbour_) neighbour_(user, someone.here);
  }
  void forget_if_gone(People::iterator at);
  void say_farewell(const UserId& user) const {
    if (farewell_) farewell_(user);
  }

  mutable std::mutex mutex_;
  std::vector<Observer> observers_;
  Neighbour neighbour_;
  Farewell farewell_;
  People people_;
};

}  // namespace parley::hub
