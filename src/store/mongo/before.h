// The rows a batch needs, read together: a question for each kind of row, not for each row.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>

#include "store/mongo/connection.h"
#include "store/mongo/rows.h"
#include "store/plan.h"
#include "store/pool/pool.h"

namespace parley::store::mongo {

class MongoBefore final : public Before {
 public:
  explicit MongoBefore(Connection& connection) : connection_(connection) {}
  [[nodiscard]] Result<void> load(std::span<const Submission* const> batch);

  Result<std::optional<Conversation>> conversation(const ConversationId& id) override;
  Result<std::optional<Member>> member(const ConversationId& id, const UserId& user) override;
  Result<std::optional<ConversationId>> direct(const UserId& low, const UserId& high) override;
  Result<std::optional<OnceRecord>> once(const UserId& who, const std::string& key) override;
  Result<std::optional<Message>> message(const ConversationId& id, Seq seq) override;
  Result<bool> reaction(const ConversationId& id, Seq seq, const UserId& user,
                        const std::string& emoji) override;
  Result<std::optional<Record>> record(const std::string& space, const std::string& owner,
                                       const std::string& key) override;
  Result<std::uint64_t> others_messages(const ConversationId& id, const UserId& user, Seq after,
                                        Seq upto) override;

  // The keys that the batch forgets, oldest first.
  [[nodiscard]] const std::vector<std::pair<UserId, std::string>>& forgotten() const {
    return forgotten_;
  }
  // Who was in it before the batch; nothing where they are not kept.
  [[nodiscard]] Participants participants(const ConversationId& id) const;
  // Whether its document does not have them, though it could.
  [[nodiscard]] bool lacks_participants(const ConversationId& id) const {
    return restored_.contains(id);
  }

 private:
  [[nodiscard]] Result<void> load_conversations(const std::set<ConversationId>& ids);
  [[nodiscard]] Result<void> load_members(const std::set<std::pair<ConversationId, UserId>>& names);
  [[nodiscard]] Result<void> load_once(const std::set<std::pair<UserId, std::string>>& names);
  [[nodiscard]] Result<void> load_forgotten(const Change::ForgetOnce& which);
  [[nodiscard]] Result<void> load_records(
      const std::set<std::tuple<std::string, std::string, std::string>>& names);
  [[nodiscard]] Result<std::set<std::string>> present_members(const ConversationId& id);

  Connection& connection_;
  // Nothing: it was asked for and is not there.
  std::map<ConversationId, std::optional<Conversation>> conversations_;
  std::map<ConversationId, Participants> participants_;
  std::set<ConversationId> restored_;
  std::map<std::pair<ConversationId, UserId>, std::optional<Member>> members_;
  std::map<std::pair<UserId, std::string>, std::optional<OnceRecord>> once_;
  std::vector<std::pair<UserId, std::string>> forgotten_;
  std::map<std::tuple<std::string, std::string, std::string>, std::optional<Record>> records_;
};

}  // namespace parley::store::mongo
