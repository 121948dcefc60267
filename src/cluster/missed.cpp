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

  Result<void> tell(const store::TrailStep& step, std::vector<hub::News>& news) {
    hub::News one{{lane_, step.at}, step.event, std::nullopt};
    if (step.event ? !hearing_.hears_of(step.event->conversation) && !is_for_all(one)
                   : !hearing_.hears_of(step.conversation))
      return {};
    if (step.event) {
      TRY(event, whole(*step.event));
      // What follows in it is of interest from here on, if any of them is here.
      if (!event->joined.empty()) hearing_.joined(event->conversation, event->joined);
      one.event = std::move(event);
      news.push_back(std::move(one));
      return {};
    }
    // Several stretches that were read at once.
    if (!news.empty() && news.back().at == one.at && news.back().pointer) {
      news.back().pointer->marked.push_back(step.reading.span);
      news.back().pointer->upto = std::max(news.back().pointer->upto, step.reading.span.upto);
      return {};
    }
    TRY(pointer, pointer_of(step));
    if (!pointer) return {};
    one.pointer = std::move(pointer);
    news.push_back(std::move(one));
    return {};
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

  Result<std::optional<Pointer>> pointer_of(const store::TrailStep& step) {
    TRY(row, conversation(step.conversation));
    TRY(member, reader_.member(step.conversation, step.reading.user));
    if (row == nullptr || !member) return std::optional<Pointer>{};
    const SeqSpan& span = step.reading.span;
    return Pointer{.conversation = step.conversation,
                   .user = step.reading.user,
                   .read_seq = member->read_seq,
                   .read_before = std::min(member->read_seq, Seq{span.from.value - 1}),
                   .upto = span.upto,
                   .marked = {span},
                   .at = step.reading.at,
                   .delivered_seq = member->delivered_seq,
                   .delivered_before = member->delivered_seq,
                   .only_delivered = false,
                   .message = {},
                   .unread = unread_count(*row, *member),
                   .position = {lane_, step.at},
                   .receipts = row->settings.read_receipts && member->own.read_receipts,
                   .silently = false,
                   .members_count = row->members_count,
                   .origin = {}};
  }

  store::Reader& reader_;
  std::uint32_t lane_;
  Hearing& hearing_;
  std::unordered_map<ConversationId, std::optional<Conversation>> known_;
};

}  // namespace

Result<std::vector<Missed>> read_missed(store::Reader& reader,
                                        const std::vector<Order::Behind>& behind,
                                        Hearing& hearing) {
  TRY(head, reader.head());
  std::vector<Missed> all;
  for (const Order::Behind& one : behind) {
    if (one.lane >= head.lanes.size() || head.lanes[one.lane] <= one.after) continue;
    TRY(steps, reader.trail(one.lane, one.after, steps_at_once));
    Missed missed{.lane = one.lane, .upto = head.lanes[one.lane], .news = {}, .more = false};
    if (steps.size() >= steps_at_once) {
      missed.upto = steps.back().at;
      missed.more = true;
    }
    Telling telling(reader, one.lane, hearing);
    for (const store::TrailStep& step : steps) TRY_DO(telling.tell(step, missed.news));
    all.push_back(std::move(missed));
  }
  return all;
}

}  // namespace parley::cluster
