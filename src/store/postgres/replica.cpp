#include "store/postgres/replica.h"

#include <algorithm>
#include <thread>

#include "base/log.h"
#include "store/postgres/values.h"

namespace parley::store::postgres {
namespace {

using Clock = std::chrono::steady_clock;

// What the primary takes over costs whoever asks no more than this.
constexpr std::chrono::milliseconds answer_within{250};
constexpr std::chrono::milliseconds connect_again_within{20};
constexpr std::chrono::milliseconds catch_up_within{50};
constexpr std::chrono::milliseconds first_pause{1};
// And not each of them.
constexpr std::chrono::milliseconds after_being_behind{250};
constexpr std::chrono::milliseconds after_being_away{500};
constexpr std::chrono::milliseconds after_being_another = std::chrono::minutes{1};

Instant in(std::chrono::milliseconds time) { return Clock::now() + time; }

}  // namespace

// In the log that the database itself keeps. Positions of two histories, as there are after a failover, can't be compared.
struct Replica::Position {
  std::string at;
  std::string timeline;
};

Replica::Replica(std::string url, std::uint32_t store_number)
    : link_(std::move(url), Holds::snapshots, answer_within), store_number_(store_number) {}

std::expected<Connection*, Failure> Replica::caught_up(Connection& primary, Instant deadline) {
  if (Clock::now() < not_before_) return nullptr;
  if (link_.now() == nullptr) known_ = false;
  Connection* replica =
      link_.get(std::min(deadline, in(passed_over_ ? connect_again_within : answer_within)));
  if (replica == nullptr) {
    pass_over(after_being_away, "it can't be reached");
    return nullptr;
  }
  // What is flushed is committed or will never be seen; a replica gets no more than that.
  auto now = primary.ask({"SELECT pg_current_wal_flush_lsn(), "
                          "substr(pg_walfile_name(pg_current_wal_flush_lsn()), 1, 8)",
                          {}},
                         deadline);
  if (!now) return std::unexpected(std::move(now).error());
  auto has = has_all(*replica, {std::string(now->at(0, 0)), std::string(now->at(0, 1))}, deadline);
  if (has && *has && !known_) {
    has = is_ours(*replica, deadline);
    known_ = has && *has;
  }
  if (!has) lost(has.error().text);
  if (!has || !*has) return nullptr;
  if (std::exchange(passed_over_, false)) log::info("store: the replica answers again", {});
  return replica;
}

std::expected<bool, Failure> Replica::has_all(Connection& replica, const Position& upto,
                                              Instant deadline) {
  const Instant end = std::min(deadline, in(catch_up_within));
  for (auto pause = first_pause;; pause *= 2) {
    // Not in the transaction that reads: its snapshot has to be taken after this.
    auto there = replica.ask({"SELECT pg_is_in_recovery(), pg_last_wal_replay_lsn() >= $1::pg_lsn, "
                              "upper(lpad(to_hex(timeline_id), 8, '0')) = $2::text "
                              "FROM pg_control_checkpoint()",
                              {upto.at, upto.timeline}},
                             std::min(deadline, in(answer_within)));
    if (!there) return std::unexpected(std::move(there).error());
    const bool follows = there->at(0, 0) == "t" && there->at(0, 2) == "t";
    if (follows && there->at(0, 1) == "t") return true;
    if (!follows || in(pause) >= end) {
      pass_over(after_being_behind, follows ? "it is behind" : "it follows another primary");
      return false;
    }
    std::this_thread::sleep_for(pause);
  }
}

std::expected<bool, Failure> Replica::is_ours(Connection& replica, Instant deadline) {
  auto number =
      replica.ask({"SELECT number FROM store", {}}, std::min(deadline, in(answer_within)));
  if (!number) return std::unexpected(std::move(number).error());
  if (number->rows() == 1 && Row(*number, 0).count() == store_number_) return true;
  link_.drop();
  pass_over(after_being_another, "it is another database");
  return false;
}

void Replica::lost(const std::string& why) {
  link_.drop();
  pass_over(after_being_away, why);
}

void Replica::pass_over(std::chrono::milliseconds time, const std::string& why) {
  not_before_ = in(time);
  if (!std::exchange(passed_over_, true))
    log::warn("store: the primary answers in the place of a replica", {{"why", why}});
}

}  // namespace parley::store::postgres
