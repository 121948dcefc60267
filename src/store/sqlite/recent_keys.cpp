#include "store/sqlite/recent_keys.h"

#include <algorithm>
#include <tuple>

namespace parley::store::sqlite {
namespace {

std::string name_of(const std::string& who, const std::string& key) {
  std::string name;
  name.reserve(who.size() + key.size() + 1);
  return name.append(who).append(1, '\0').append(key);
}

}  // namespace

Result<void> RecentKeys::load() {
  auto rows = database_.use(
      "SELECT number, user_id, key, fingerprint, conversation_id, seq, at FROM once_recent ORDER "
      "BY "
      "number");
  for (;;) {
    TRY(there, rows.step());
    if (!there) return {};
    const std::uint64_t number = rows.count();
    if (gathering_.empty()) removed_upto_ = number - 1;
    last_ = number;
    Known known;
    known.who = rows.text();
    known.key = rows.text();
    known.record.fingerprint = rows.count();
    known.record.conversation = rows.id<ConversationId>();
    known.record.seq = rows.seq();
    known.at = rows.time();
    std::string name = name_of(known.who, known.key);
    gathering_.insert_or_assign(std::move(name), std::move(known));
  }
}

std::optional<OnceRecord> RecentKeys::find(const UserId& who, const std::string& key) const {
  const std::string name = name_of(who.text, key);
  for (const ByName* keys : {&gathering_, &moving_})
    if (auto here = keys->find(name); here != keys->end()) return here->second.record;
  return std::nullopt;
}

Result<void> RecentKeys::put(const OnceRow& row) {
  auto rows = database_.use(
      "INSERT INTO once_recent (number, user_id, key, fingerprint, conversation_id, seq, at) "
      "VALUES "
      "(?,?,?,?,?,?,?)");
  rows.bind(last_ + trial_.added.size() + 1).bind(row.key.who).bind(std::string_view(row.key.key));
  rows.bind(row.record.fingerprint).bind(row.record.conversation).bind(row.record.seq).bind(row.at);
  TRY_DO(rows.run());
  trial_.added.push_back({row.key.who.text, row.key.key, row.record, row.at});
  return {};
}

Result<void> RecentKeys::tidy() {
  trial_.removed_upto = removed_upto_;
  if (moving_.empty() && gathering_.size() >= gathered) begin_to_move();
  const std::size_t came = since_step_ + trial_.added.size();
  if (moving_.empty() || came < a_step) return {};
  return moved_ < in_order_.size() ? move_some(moved_for_each * came)
                                   : remove_some(removed_for_each * came);
}

void RecentKeys::begin_to_move() {
  std::swap(moving_, gathering_);
  moving_upto_ = last_;
  moved_ = 0;
  for (const auto& [name, known] : moving_) in_order_.push_back(&known);
  std::ranges::sort(in_order_, {}, [](const Known* one) { return std::tie(one->who, one->key); });
}

Result<void> RecentKeys::move_some(std::size_t count) {
  const std::size_t upto = std::min(moved_ + count, in_order_.size());
  for (std::size_t i = moved_; i < upto; ++i, ++trial_.moved) {
    // Some of these may have been moved by a process that ended before they were all removed.
    auto rows = database_.use(
        "INSERT INTO once (user_id, key, fingerprint, conversation_id, seq, at, keep) VALUES "
        "(?,?,?,?,?,?,?) ON CONFLICT DO NOTHING");
    const Known& one = *in_order_[i];
    rows.bind(std::string_view(one.who)).bind(std::string_view(one.key));
    rows.bind(one.record.fingerprint).bind(one.record.conversation).bind(one.record.seq);
    TRY_DO(rows.bind(one.at).bind(OnceKey::Keep::with_the_message).run());
  }
  return {};
}

Result<void> RecentKeys::remove_some(std::size_t count) {
  trial_.removed_upto = std::min(moving_upto_, removed_upto_ + count);
  auto rows = database_.use("DELETE FROM once_recent WHERE number <= ?");
  return rows.bind(trial_.removed_upto).run();
}

void RecentKeys::committed() {
  last_ += trial_.added.size();
  since_step_ += trial_.added.size();
  for (Known& one : trial_.added) {
    std::string name = name_of(one.who, one.key);
    gathering_.insert_or_assign(std::move(name), std::move(one));
  }
  if (trial_.moved > 0 || trial_.removed_upto != removed_upto_) since_step_ = 0;
  moved_ += trial_.moved;
  removed_upto_ = trial_.removed_upto;
  if (!moving_.empty() && removed_upto_ == moving_upto_) {
    in_order_.clear();
    moving_.clear();
  }
  undone();
}

void RecentKeys::undone() {
  trial_.added.clear();
  trial_.moved = 0;
  trial_.removed_upto = removed_upto_;
}

}  // namespace parley::store::sqlite
