// The rows a batch needs, read in one round trip together with the locks of its lanes.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>

#include "store/plan.h"
#include "store/pool/pool.h"
#include "store/postgres/connection.h"

namespace parley::store::postgres {

class PostgresBefore final : public Before {
 public:
  PostgresBefore(Connection& connection, Instant deadline)
      : connection_(connection), deadline_(deadline) {}

  // Begins the transaction, holds the batch's lanes, reads what it names. Where the lanes stand.
  [[nodiscard]] std::expected<Heads, Failure> begin(std::span<const Submission* const> batch);

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

  // What went wrong while the plan asked; then the batch is to be given up.
  [[nodiscard]] const std::optional<Failure>& failure() const { return failure_; }

 private:
  using MemberKey = std::pair<ConversationId, UserId>;
  using NameKey = std::pair<std::string, std::string>;
  Result<Table> ask(Query query);
  void keep_conversations(const Table& table);
  void keep_members(const Table& table);
  void keep_messages(const Table& table);
  void keep_reactions(const Table& table);
  void keep_records(const Table& table);
  void keep_once(const Table& table);
  void keep_directs(const Table& table);

  Connection& connection_;
  Instant deadline_;
  std::optional<Failure> failure_;
  std::map<ConversationId, Conversation> conversations_;
  std::map<MemberKey, Member> members_;
  std::map<std::pair<ConversationId, Seq>, Message> messages_;
  std::set<std::tuple<ConversationId, Seq, UserId, std::string>> reactions_;
  std::map<std::tuple<std::string, std::string, std::string>, Record> records_;
  std::map<NameKey, OnceRecord> once_;
  std::map<NameKey, ConversationId> directs_;
};

}  // namespace parley::store::postgres
