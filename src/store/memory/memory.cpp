#include "store/memory/memory.h"

#include <algorithm>

#include "base/assert.h"
#include "store/memory/rows.h"
#include "store/plan.h"

namespace parley::store {
namespace {

class MemoryBefore final : public Before {
 public:
  explicit MemoryBefore(const MemoryRows& rows) : rows_(rows) {}
  Result<std::optional<Conversation>> conversation(const ConversationId& id) override {
    return found(rows_.conversations, id);
  }
  Result<std::optional<Member>> member(const ConversationId& id, const UserId& user) override {
    return found(rows_.members, MemberKey{id, user});
  }
  Result<std::optional<ConversationId>> direct(const UserId& low, const UserId& high) override {
    return living_direct(rows_, low, high);
  }
  Result<std::optional<OnceRecord>> once(const UserId& who, const std::string& key) override {
    return found(rows_.once, NameKey{who.text, key});
  }
  Result<std::optional<Message>> message(const ConversationId& id, Seq seq) override {
    auto log = rows_.log.find(id);
    if (log == rows_.log.end() || seq.value == 0 || seq.value > log->second.size())
      return std::nullopt;
    const EventRef& event = log->second[seq.value - 1];
    if (event->kind != EventKind::message_created) return std::nullopt;
    return *event->message;
  }
  Result<bool> reaction(const ConversationId& id, Seq seq, const UserId& user,
                        const std::string& emoji) override {
    return rows_.reactions.contains({id, seq, user, emoji});
  }
  Result<std::optional<Record>> record(const std::string& space, const std::string& owner,
                                       const std::string& key) override {
    return found(rows_.records, RecordKey{space, owner, key});
  }
  Result<std::uint64_t> others_messages(const ConversationId& id, const UserId& user, Seq after,
                                        Seq upto) override {
    auto log = rows_.log.find(id);
    if (log == rows_.log.end()) return 0;
    return static_cast<std::uint64_t>(
        std::ranges::count_if(log->second, [&](const EventRef& event) {
          return event->kind == EventKind::message_created && event->actor != user &&
                 event->seq > after && event->seq <= upto && !event->message->gone();
        }));
  }

 private:
  const MemoryRows& rows_;
};

void retract(MemoryRows& rows, const Retracted& one) {
  for (auto at = rows.members.lower_bound({one.conversation, UserId{}});
       at != rows.members.end() && at->first.first == one.conversation; ++at) {
    Member& member = at->second;
    if (member.present() && !member.has_read(one.seq) && member.user != one.sender)
      ++member.unread_base;
  }
}

void amend(MemoryRows& rows, Message message) {
  if (message.gone()) {
    rows.edits.erase(message.id);
    std::erase_if(rows.reactions, [&](const auto& one) {
      return std::get<0>(one.first) == message.conversation &&
             std::get<1>(one.first) == message.seq;
    });
  }
  EventRef& event = rows.log.at(message.conversation)[message.seq.value - 1];
  auto amended = std::make_shared<Event>(*event);
  amended->message = std::make_shared<Message>(std::move(message));
  event = std::move(amended);
}

void write(MemoryRows& rows, Writes writes) {
  for (Conversation& row : writes.created) {
    if (row.type == ConversationType::direct)
      rows.directs[{row.direct_low.text, row.direct_high.text}] = row.id;
    rows.conversations[row.id] = std::move(row);
  }
  for (Conversation& row : writes.updated) rows.conversations[row.id] = std::move(row);
  for (EventRef& event : writes.log) {
    if (event->kind == EventKind::message_created)
      rows.messages[event->id] = {event->conversation, event->seq};
    auto& log = rows.log[event->conversation];
    PARLEY_ASSERT(event->seq.value == log.size() + 1);
    log.push_back(std::move(event));
  }
  for (const Retracted& one : writes.retracted) retract(rows, one);
  for (MemberRow& row : writes.members) {
    rows.of_user[row.member.user].insert(row.conversation);
    rows.members[{row.conversation, row.member.user}] = std::move(row.member);
  }
  for (ReadingRow& row : writes.readings) rows.readings[row.conversation].push_back(std::move(row));
  for (const OwnSends& sends : writes.own_sends)
    if (auto at = rows.members.find({sends.conversation, sends.user}); at != rows.members.end())
      at->second.unread_base += sends.count;
  for (const OnceRow& row : writes.once) {
    NameKey key{row.key.who.text, row.key.key};
    rows.once[key] = row.record;
    if (row.key.keep == OnceKey::Keep::a_day) rows.once_for_a_day.emplace(row.at, std::move(key));
  }
  for (std::size_t i = 0; writes.forget_once && i < writes.forget_once->limit; ++i) {
    auto oldest = rows.once_for_a_day.begin();
    if (oldest == rows.once_for_a_day.end() || oldest->first >= writes.forget_once->before) break;
    rows.once.erase(oldest->second);
    rows.once_for_a_day.erase(oldest);
  }
  for (EditRow& row : writes.edits) rows.edits[row.message].push_back(std::move(row.before));
  for (Message& message : writes.amended) amend(rows, std::move(message));
  for (ReactionRow& row : writes.reactions) {
    const ReactionKey key{row.conversation, row.seq, row.reaction.user, row.reaction.emoji};
    if (row.on)
      rows.reactions[key] = row.reaction.at;
    else
      rows.reactions.erase(key);
  }
  for (Record& row : writes.records) {
    const RecordKey key{row.space, row.owner, row.key};
    rows.records[key] = std::move(row);
  }
  for (const Record& row : writes.no_records) rows.records.erase({row.space, row.owner, row.key});
  for (const auto& [set, at] : writes.blocks) {
    if (set.on)
      rows.blocks[set.blocker].try_emplace(set.blocked, at);
    else
      rows.blocks[set.blocker].erase(set.blocked);
  }
  for (const auto& [lane, head] : writes.heads) rows.lanes[lane] = head;
}

class MemoryStore final : public Store {
 public:
  MemoryStore(Executor& executor, MemoryOptions options) : executor_(executor), options_(options) {
    rows_.lanes.resize(options.lanes);
  }
  ~MemoryStore() override { *alive_ = false; }

  void listen(Listener& listener) override { listener_ = &listener; }

  void submit(Submission submission) override {
    waiting_.push_back(std::move(submission));
    if (std::exchange(commit_due_, true)) return;
    auto commit = [this, alive = alive_] {
      if (*alive) commit_all();
    };
    if (options_.commit_delay.count() == 0)
      executor_.post(std::move(commit));
    else
      executor_.after(options_.commit_delay, std::move(commit));
  }

  [[nodiscard]] Cursor beginning() const override {
    return {store_number, std::vector<std::uint64_t>(rows_.lanes.size())};
  }
  Task<Health> health() override { co_return Health{.up = true, .latency_ms = 0, .why = {}}; }
  void stop() override { commit_all(); }

 protected:
  void ask(Question question) override {
    executor_.post([this, alive = alive_, question = std::move(question)]() mutable {
      if (!*alive) return question(fail(Code::unavailable, "the store has stopped"));
      const auto reader = make_memory_reader(rows_, store_number);
      question(reader.get());
    });
  }

 private:
  static constexpr std::uint32_t store_number = 0x6d656d;

  void commit_all() {
    commit_due_ = false;
    std::vector<Submission> all = std::exchange(waiting_, {});
    for (std::uint32_t lane = 0; lane < options_.lanes; ++lane) commit_lane(lane, all);
  }

  void commit_lane(std::uint32_t lane, std::vector<Submission>& all) {
    MemoryBefore before(rows_);
    Plan plan(before, options_.lanes, {{lane, rows_.lanes[lane]}});
    auto settled = std::make_shared<std::vector<Settled>>();
    for (Submission& one : all) {
      if (lane_of(one.change.where, options_.lanes) != lane) continue;
      auto result = plan.apply(one.change, one.origin);
      settled->push_back({one.origin, std::move(result), std::move(one.reply)});
    }
    if (settled->empty()) return;
    write(rows_, plan.take());
    listener_->settled(std::move(settled));
  }

  Executor& executor_;
  MemoryOptions options_;
  MemoryRows rows_;
  Listener* listener_ = nullptr;
  std::vector<Submission> waiting_;
  bool commit_due_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace

std::unique_ptr<Store> make_memory_store(Executor& executor, MemoryOptions options) {
  return std::make_unique<MemoryStore>(executor, options);
}

}  // namespace parley::store
