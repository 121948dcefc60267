#include "cluster/missed.h"

#include <algorithm>
#include <unordered_map>

namespace parley::cluster {
namespace {

constexpr std::size_t steps_at_once = 500;
constexpr std::size_t members_at_once = 1'000;

class Telling {
 public:
  Telling(store::Reader& reader, std::uint32_t lane, Hearing& hearing)
      : reader_(reader), lane_(lane), hearing_(hearing) {}

  Result<void> tell(const store::TrailStep& step, std::vector<hub::News>& news,
                    std::vector<Pointer>& readings) {
    hub::News one{{lane_, step.at}, step.event, std::nullopt};
    if (!step.event) {
      if (hearing_.hears_of(step.conversation)) add_reading(step, readings);
      return {};
    }
    if (!hearing_.hears_of(step.event->conversation) && !is_for_all(one)) return {};
    TRY(event, whole(*step.event));
    // What follows in it is of interest from here on, if any of them is here.
    if (!event->joined.empty()) hearing_.joined(event->conversation, event->joined);
    one.event = std::move(event);
    news.push_back(std::move(one));
    return {};
  }

  // As it stands in this snapshot; nothing where the reader is gone.
  Result<std::optional<Pointer>> completed(Pointer pointer, std::uint64_t at) {
    TRY(row, conversation(pointer.conversation));
    TRY(member, reader_.member(pointer.conversation, pointer.user));
    if (row == nullptr || !member) return std::optional<Pointer>{};
    pointer.position = {lane_, at};
    pointer.read_seq = member->read_seq;
    pointer.read_before = std::min(member->read_seq, Seq{pointer.marked.front().from.value - 1});
    pointer.delivered_seq = pointer.delivered_before = member->delivered_seq;
    pointer.unread = unread_count(*row, *member);
    pointer.receipts = row->settings.read_receipts && member->own.read_receipts;
    pointer.members_count = row->members_count;
    return pointer;
  }

 private:
  Result<const Conversation*> conversation(const ConversationId& id) {
    auto known = known_.find(id);
    if (known == known_.end()) {
      TRY(row, reader_.conversation(id));
      known = known_.emplace(id, std::move(row)).first;
    }
    return known->second ? &*known->second : nullptr;
  }

  // With what only a committed event has, as far as it can be known now.
  Result<EventRef> whole(const Event& kept) {
    auto event = std::make_shared<Event>(kept);
    TRY(row, conversation(event->conversation));
    if (row != nullptr) {
      event->place = row->type;
      event->members_count = row->members_count;
      event->answered = row->low_spoke && row->high_spoke;
    }
    if (event->kind == EventKind::member_added) event->joined = {event->subject};
    if (event->kind == EventKind::member_removed) event->left = {event->subject};
    if (event->kind == EventKind::conversation_created) TRY_DO(add_first_members(*event));
    if (event->message && !event->message->quote.empty()) TRY_DO(add_quoted(*event));
    return event;
  }

  Result<void> add_first_members(Event& event) {
    UserId after;
    for (;;) {
      TRY(some, reader_.members(event.conversation, after, members_at_once));
      for (const Member& one : some)
        if (one.joined_seq == event.seq) event.joined.push_back(one.user);
      if (some.size() < members_at_once) return {};
      after = some.back().user;
    }
  }

  Result<void> add_quoted(Event& event) {
    TRY(quoted, reader_.message(event.message->quote));
    if (!quoted) return {};
    auto message = std::make_shared<Message>(*event.message);
    message->quoted = std::make_shared<Message>(std::move(*quoted));
    event.message = std::move(message);
    return {};
  }

  // All that somebody has read there is told at once.
  void add_reading(const store::TrailStep& step, std::vector<Pointer>& readings) const {
    auto mine = std::ranges::find_if(readings, [&](const Pointer& one) {
      return one.conversation == step.conversation && one.user == step.reading.user;
    });
    if (mine == readings.end()) {
      Pointer& fresh = readings.emplace_back();
      fresh.conversation = step.conversation;
      fresh.user = step.reading.user;
      fresh.position = {lane_, step.at};
      mine = readings.end() - 1;
    }
    mine->marked.push_back(step.reading.span);
    mine->upto = std::max(mine->upto, step.reading.span.upto);
    mine->at = step.reading.at;
  }

  store::Reader& reader_;
  std::uint32_t lane_;
  Hearing& hearing_;
  std::unordered_map<ConversationId, std::optional<Conversation>> known_;
};

}  // namespace

Result<MissedPage> read_missed(store::Reader& reader, const std::vector<Order::Behind>& behind,
                               Hearing& hearing, std::vector<Pointer> readings) {
  TRY(head, reader.head());
  MissedPage page;
  for (const Order::Behind& one : behind) {
    if (one.lane >= head.lanes.size() || head.lanes[one.lane] <= one.after) continue;
    TRY(steps, reader.trail(one.lane, one.after, steps_at_once));
    Missed missed{.lane = one.lane,
                  .upto = head.lanes[one.lane],
                  .events = {},
                  .more = false,
                  .readings = {}};
    if (steps.size() >= steps_at_once) {
      missed.upto = steps.back().at;
      missed.more = true;
    }
    Telling telling(reader, one.lane, hearing);
    for (const store::TrailStep& step : steps) TRY_DO(telling.tell(step, missed.events, readings));
    for (Pointer& pointer : readings) {
      if (missed.more || pointer.position.lane != one.lane) continue;
      TRY(whole, telling.completed(std::move(pointer), missed.upto));
      if (whole) missed.readings.push_back({{one.lane, missed.upto}, nullptr, std::move(whole)});
    }
    if (!missed.more)
      std::erase_if(readings,
                    [&](const Pointer& pointer) { return pointer.position.lane == one.lane; });
    page.lanes.push_back(std::move(missed));
  }
  page.readings = std::move(readings);
  return page;
}

}  // namespace parley::cluster
