// The keys of messages, as they come. The table in which they are looked up is in order of sender and key, so each would
// change a page of its own there with every commit. They are written one after the other instead, into a table of their
// own, and moved over in that order once there are many, a page's worth at a time. Until then they are known here.
//
// Lives on: the writer's thread. What put() and tidy() did in a transaction counts from its committed().
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "store/plan.h"
#include "store/sqlite/database.h"

namespace parley::store::sqlite {

class RecentKeys {
 public:
  explicit RecentKeys(Database& database) : database_(database) {}
  // Those that an earlier process had not moved.
  [[nodiscard]] Result<void> load();

  [[nodiscard]] std::optional<OnceRecord> find(const UserId& who, const std::string& key) const;

  [[nodiscard]] Result<void> put(const OnceRow& row);
  // Moves some, if there are enough. To be called with each transaction.
  [[nodiscard]] Result<void> tidy();
  void committed();
  void undone();

  // So many gather before they are moved; and as many again meanwhile.
  static constexpr std::size_t gathered = 4'096;

 private:
  struct Known {
    std::string who, key;
    OnceRecord record;
    Time at{};
  };
  using ByName = std::unordered_map<std::string, Known>;
  // What a transaction does to it.
  struct Trial {
    std::vector<Known> added{};
    std::size_t moved = 0;
    std::uint64_t removed_upto = 0;
  };

  void begin_to_move();
  [[nodiscard]] Result<void> move_some(std::size_t count);
  [[nodiscard]] Result<void> remove_some(std::size_t count);

  static constexpr std::size_t a_step = 64;  // so many come between one step of moving and the next
  // For each that has come: more than one, so that all are gone before as many have gathered again.
  static constexpr std::size_t moved_for_each = 2;
  static constexpr std::size_t removed_for_each = 4;

  Database& database_;
  ByName gathering_;
  ByName moving_;
  std::vector<const Known*> in_order_;  // those being moved
  std::size_t moved_ = 0;               // of these
  std::uint64_t last_ = 0;              // number given
  std::uint64_t moving_upto_ = 0;       // number of the last that are being moved
  std::uint64_t removed_upto_ = 0;      // those up to here are not in the table any more
  std::size_t since_step_ = 0;
  Trial trial_;
};

}  // namespace parley::store::sqlite
