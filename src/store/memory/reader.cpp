// Answers from the rows.
#include <algorithm>

#include "store/memory/rows.h"
#include "store/since.h"

namespace parley::store {
namespace {

// An event as it is read from the log: without what only the commit knew.
EventRef as_read(const MemoryRows& rows, const EventRef& event) {
  auto copy = std::make_shared<Event>(*event);
  if (amends_message(event->kind)) {
    const auto& [where, seq] = rows.messages.at(event->target);
    copy->message = rows.log.at(where)[seq.value - 1]->message;
  }
  copy->joined.clear();
  copy->left.clear();
  copy->origin = {};
  return copy;
}

class MemoryReader final : public Reader {
 public:
  MemoryReader(const MemoryRows& rows, std::uint32_t store) : rows_(rows), store_(store) {}

  Result<std::optional<Conversation>> conversation(const ConversationId& id) override {
    return found(rows_.conversations, id);
  }
  Result<std::optional<Member>> member(const ConversationId& id, const UserId& user) override {
    return found(rows_.members, MemberKey{id, user});
  }

  Result<std::vector<Member>> members(const ConversationId& id, const UserId& after,
                                      std::size_t limit) override {
    std::vector<Member> all;
    for (auto at = rows_.members.upper_bound({id, after});
         at != rows_.members.end() && at->first.first == id; ++at)
      if (at->second.present() && all.size() < limit) all.push_back(at->second);
    return all;
  }

  Result<std::vector<Member>> members_from(const ConversationId& id, Role least,
                                           std::size_t limit) override {
    std::vector<Member> all =
        present(id, [&](const Member& member) { return member.role >= least; });
    std::ranges::sort(all, [](const Member& a, const Member& b) {
      return std::tie(a.joined_seq, a.user) < std::tie(b.joined_seq, b.user);
    });
    if (all.size() > limit) all.resize(limit);
    return all;
  }

  Result<std::uint64_t> living_conversations() override {
    return static_cast<std::uint64_t>(std::ranges::count_if(
        rows_.conversations, [](const auto& one) { return one.second.deleted_seq.value == 0; }));
  }
  Result<std::vector<Membership>> memberships(const UserId& user) override {
    std::vector<Membership> all;
    auto mine = rows_.of_user.find(user);
    if (mine == rows_.of_user.end()) return all;
    for (const ConversationId& id : mine->second)
      all.push_back({rows_.conversations.at(id), rows_.members.at({id, user})});
    return all;
  }

  Result<std::optional<ConversationId>> direct(const UserId& low, const UserId& high) override {
    return living_direct(rows_, low, high);
  }
  Result<bool> blocks(const UserId& blocker, const UserId& blocked) override {
    auto theirs = rows_.blocks.find(blocker);
    return theirs != rows_.blocks.end() && theirs->second.contains(blocked);
  }
  Result<std::vector<Block>> blocks_of(const UserId& blocker, const UserId& after,
                                       std::size_t limit) override {
    std::vector<Block> all;
    auto theirs = rows_.blocks.find(blocker);
    if (theirs == rows_.blocks.end()) return all;
    for (auto at = theirs->second.upper_bound(after);
         at != theirs->second.end() && all.size() < limit; ++at)
      all.push_back({at->first, at->second});
    return all;
  }
  Result<std::optional<OnceRecord>> once(const UserId& who, const std::string& key) override {
    return found(rows_.once, NameKey{who.text, key});
  }
  Result<bool> once_before(Time before) override {
    return !rows_.once_for_a_day.empty() && rows_.once_for_a_day.begin()->first < before;
  }

  Result<std::optional<Message>> message(const MessageId& id) override {
    auto at = rows_.messages.find(id);
    if (at == rows_.messages.end()) return std::nullopt;
    return *event(at->second.first, at->second.second)->message;
  }

  Result<std::vector<Message>> messages(const ConversationId& id,
                                        const MessageRange& range) override {
    std::vector<Message> all;
    const auto& log = log_of(id);
    bool older = range.towards == MessageRange::Towards::older;
    auto size = static_cast<std::int64_t>(log.size());
    auto from = static_cast<std::int64_t>(range.from.value);
    std::int64_t at = older ? (from == 0 ? size : std::min(from - 1, size)) - 1 : from;
    for (; at >= 0 && at < size && all.size() < range.limit; at += older ? -1 : 1)
      if (const auto& one = log[static_cast<std::size_t>(at)];
          one->kind == EventKind::message_created)
        all.push_back(*one->message);
    return all;
  }

  Result<std::vector<Message>> messages_at(
      const std::vector<std::pair<ConversationId, Seq>>& places) override {
    std::vector<Message> all;
    for (const auto& [id, seq] : places)
      if (seq.value > 0 && seq.value <= log_of(id).size() &&
          event(id, seq)->kind == EventKind::message_created)
        all.push_back(*event(id, seq)->message);
    return all;
  }

  Result<std::vector<Message>> replies(const Message& parent, Seq after,
                                       std::size_t limit) override {
    std::vector<Message> all;
    for (const EventRef& event : log_of(parent.conversation))
      if (event->seq > after && is_reply(*event, parent.id) && all.size() < limit)
        all.push_back(*event->message);
    return all;
  }
  Result<std::vector<std::pair<MessageId, std::uint64_t>>> reply_counts(
      const ConversationId& id, const std::vector<MessageId>& parents) override {
    std::vector<std::pair<MessageId, std::uint64_t>> counts;
    for (const MessageId& parent : parents) {
      auto count = std::ranges::count_if(
          log_of(id), [&](const EventRef& event) { return is_reply(*event, parent); });
      if (count != 0) counts.emplace_back(parent, static_cast<std::uint64_t>(count));
    }
    return counts;
  }
  Result<std::vector<std::pair<Seq, Reaction>>> reactions(const ConversationId& id, Seq from,
                                                          Seq upto) override {
    std::vector<std::pair<Seq, Reaction>> all;
    for (const auto& [key, at] : rows_.reactions) {
      const auto& [where, seq, user, emoji] = key;
      if (where == id && seq >= from && seq <= upto) all.push_back({seq, {emoji, user, at}});
    }
    std::ranges::sort(all, {}, [](const auto& one) {
      return std::tuple(one.first, one.second.at, one.second.user, one.second.emoji);
    });
    return all;
  }
  Result<std::vector<Message>> pinned(const ConversationId& id, std::size_t limit) override {
    std::vector<Message> all;
    for (const EventRef& event : log_of(id))
      if (event->kind == EventKind::message_created && event->message->pinned_at != Time{})
        all.push_back(*event->message);
    std::ranges::sort(all, std::greater{}, [](const Message& message) {
      return std::pair(message.pinned_at, message.seq);
    });
    if (all.size() > limit) all.resize(limit);
    return all;
  }
  Result<std::uint64_t> mention_count(const ConversationId& id, const UserId& user,
                                      Seq after) override {
    auto names_them = [&](const Mention& one) { return one.user == user || one.user.empty(); };
    return static_cast<std::uint64_t>(std::ranges::count_if(log_of(id), [&](const EventRef& event) {
      return event->kind == EventKind::message_created && event->seq > after &&
             event->actor != user && std::ranges::any_of(event->message->mentions, names_them);
    }));
  }
  Result<std::vector<Reading>> readings(const ConversationId& id, Seq from, Seq upto) override {
    std::vector<Reading> all;
    auto at = rows_.readings.find(id);
    if (at == rows_.readings.end()) return all;
    for (const auto& [where, one, position] : at->second)
      if (one.span.upto >= from && one.span.from <= upto &&
          rows_.members.at({id, one.user}).own.read_receipts)
        all.push_back(one);
    std::ranges::sort(all, [](const Reading& one, const Reading& other) {
      return std::tie(one.at, one.user, one.span.upto) <
             std::tie(other.at, other.user, other.span.upto);
    });
    return all;
  }
  Result<std::optional<Record>> record(const std::string& space, const std::string& owner,
                                       const std::string& key) override {
    return found(rows_.records, RecordKey{space, owner, key});
  }
  Result<std::vector<Record>> records(const std::string& space, const std::string& owner,
                                      const RecordRange& range) override {
    std::vector<Record> all;
    for (const auto& [key, record] : rows_.records)
      if (record.space == space && record.owner == owner &&
          (range.after.empty() ||
           (range.newest_first ? record.key < range.after : record.key > range.after)))
        all.push_back(record);
    if (range.newest_first) std::ranges::reverse(all);
    if (all.size() > range.limit) all.resize(range.limit);
    return all;
  }

  Result<std::vector<EarlierText>> edits(const MessageId& id) override {
    return found(rows_.edits, id).value_or(std::vector<EarlierText>{});
  }

  Result<std::vector<EventRef>> log(const ConversationId& id, Seq from,
                                    std::size_t limit) override {
    std::vector<EventRef> events;
    const auto& log = log_of(id);
    for (std::size_t at = std::max<std::uint64_t>(from.value, 1) - 1;
         at < log.size() && events.size() < limit; ++at)
      events.push_back(as_read(rows_, log[at]));
    return events;
  }

  Result<std::vector<TrailStep>> trail(std::uint32_t lane, std::uint64_t after,
                                       std::size_t limit) override {
    std::vector<TrailStep> steps;
    for (const auto& [id, log] : rows_.log)
      for (const EventRef& event : log)
        if (event->position.lane == lane && event->position.at > after)
          steps.push_back({event->position.at, as_read(rows_, event), id, {}});
    for (const auto& [id, readings] : rows_.readings)
      for (const ReadingRow& row : readings)
        if (lane_of(id, static_cast<std::uint32_t>(rows_.lanes.size())) == lane && row.at > after)
          steps.push_back({row.at, nullptr, id, row.reading});
    cut_trail(steps, limit);
    return steps;
  }

  Result<std::optional<Seq>> first_after(const ConversationId& id, std::uint64_t at) override {
    const auto& log = log_of(id);
    auto first = std::ranges::partition_point(
        log, [&](const EventRef& event) { return event->position.at <= at; });
    return first == log.end() ? std::nullopt : std::optional{(*first)->seq};
  }

  Result<std::vector<Member>> pointers_after(const ConversationId& id, std::uint64_t at) override {
    return present(id, [&](const Member& member) { return member.read_position > at; });
  }

  Result<Cursor> head() override { return Cursor{store_, rows_.lanes}; }

 private:
  [[nodiscard]] const std::vector<EventRef>& log_of(const ConversationId& id) const {
    static const std::vector<EventRef> none;
    auto at = rows_.log.find(id);
    return at == rows_.log.end() ? none : at->second;
  }
  [[nodiscard]] const EventRef& event(const ConversationId& id, Seq seq) const {
    return log_of(id)[seq.value - 1];
  }
  static bool is_reply(const Event& event, const MessageId& parent) {
    return event.kind == EventKind::message_created && event.message->parent == parent &&
           !event.message->gone();
  }
  [[nodiscard]] std::vector<Member> present(const ConversationId& id, const auto& wanted) const {
    std::vector<Member> all;
    for (auto at = rows_.members.lower_bound({id, UserId{}});
         at != rows_.members.end() && at->first.first == id; ++at)
      if (at->second.present() && wanted(at->second)) all.push_back(at->second);
    return all;
  }

  const MemoryRows& rows_;
  std::uint32_t store_;
};

}  // namespace

std::unique_ptr<Reader> make_memory_reader(const MemoryRows& rows, std::uint32_t store_number) {
  return std::make_unique<MemoryReader>(rows, store_number);
}

}  // namespace parley::store
