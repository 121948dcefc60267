// Who is there: how many connections each person has, over all loops of this process.
//
// Lives on: any thread. It is asked when somebody comes or goes, and when a list wants to know; never per message.
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/names.h"

namespace parley::hub {

class Presence {
 public:
  // Told when somebody comes who was not there, and when their last connection goes; in that order, from any thread,
  // and so that it must not block or ask. Before the first of them comes.
  using Observer = std::function<void(const UserId& user, bool online)>;
  void observe(Observer observer) { observers_.push_back(std::move(observer)); }

  // How many they have now.
  std::size_t came(const UserId& user, Time now);
  std::size_t went(const UserId& user);
  [[nodiscard]] std::size_t connections(const UserId& user) const;
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
    std::size_t connections = 0;
    Time since{};
    std::string status = "online";
    std::unordered_map<ConversationId, std::size_t> looking;  // on how many connections
  };
  void tell(const UserId& user, bool online) const {
    for (const Observer& one : observers_) one(user, online);
  }

  mutable std::mutex mutex_;
  std::vector<Observer> observers_;
  std::unordered_map<UserId, Someone> people_;
};

}  // namespace parley::hub
