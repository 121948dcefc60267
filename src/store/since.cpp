#include "store/since.h"

#include <algorithm>
#include <queue>

#include "store/extras.h"

namespace parley::store {
namespace {

struct Missed {
  ConversationId conversation;
  Seq from;  // the first event to show
  bool only_that_one = false;
};

std::uint64_t seen_in(const Cursor& cursor, const ConversationId& id) {
  return cursor.lanes[lane_of(id, static_cast<std::uint32_t>(cursor.lanes.size()))];
}

Result<Cursor> check(Reader& reader, const Cursor& since) {
  TRY(head, reader.head());
  if (since.store != head.store || !since.not_after(head))
    return fail(Code::cursor_too_old,
                "this cursor points to something that is no longer kept: read again by REST");
  return head;
}

// The one event somebody still gets of a conversation that they are no longer in.
Seq farewell(const Membership& one) {
  return one.member.present() ? one.conversation.deleted_seq : one.member.left_seq;
}

Result<std::vector<Missed>> missed_since(Reader& reader, const std::vector<Membership>& memberships,
                                         const Cursor& since) {
  std::vector<Missed> missed;
  for (const Membership& one : memberships) {
    const ConversationId& id = one.conversation.id;
    if (one.conversation.last_at <= seen_in(since, id)) continue;
    TRY(first, reader.first_after(id, seen_in(since, id)));
    if (!first) continue;
    if (Seq last = farewell(one); last.value != 0) {
      if (*first <= last) missed.push_back({id, last, true});
    } else {
      missed.push_back({id, std::max(*first, one.member.first_joined_seq), false});
    }
  }
  return missed;
}

// One conversation's missed events, read as they are needed.
struct Strand {
  Missed missed;
  std::vector<EventRef> ready{};
  std::size_t at = 0;
  std::size_t size = 0;  // of the next look
  bool ended = false;

  [[nodiscard]] const EventRef& next() const { return ready[at]; }
  [[nodiscard]] Result<bool> has_next(Reader& reader) {
    if (at < ready.size()) return true;
    if (ended) return false;
    const std::size_t asked = missed.only_that_one ? 1 : size;
    TRY(some, reader.log(missed.conversation, missed.from, asked));
    ended = missed.only_that_one || some.size() < asked;
    if (!some.empty()) missed.from = Seq{some.back()->seq.value + 1};
    size = std::min(size * 2, strand_max);
    at = 0;
    ready = std::move(some);
    return !ready.empty();
  }

  static constexpr std::size_t strand_max = 256;
};

// The first of them all, in the order of positions. Of each conversation hardly more is read than what is taken: a person
// may have missed something in thousands.
Result<std::vector<EventRef>> read_missed(Reader& reader, const std::vector<Missed>& missed,
                                          std::size_t limit) {
  const std::size_t first_look =
      std::clamp(2 * limit / std::max<std::size_t>(missed.size(), 1), std::size_t{2}, limit);
  std::vector<Strand> strands;
  for (const Missed& one : missed) {
    Strand strand{.missed = one, .size = first_look};
    TRY(any, strand.has_next(reader));
    if (any) strands.push_back(std::move(strand));
  }
  const auto later = [](const Strand* one, const Strand* other) {
    const Position &mine = one->next()->position, &theirs = other->next()->position;
    return std::pair(mine.lane, mine.at) > std::pair(theirs.lane, theirs.at);
  };
  std::priority_queue<Strand*, std::vector<Strand*>, decltype(later)> earliest(later);
  for (Strand& one : strands) earliest.push(&one);
  std::vector<EventRef> events;
  while (!earliest.empty() && events.size() < limit) {
    Strand* const strand = earliest.top();
    earliest.pop();
    events.push_back(strand->next());
    ++strand->at;
    TRY(any, strand->has_next(reader));
    if (any) earliest.push(strand);
  }
  return events;
}

// Few messages quote; those that do show what they quote as it stands now. What was edited is shown as it is, with what
// others have added.
Result<void> add_shown(Reader& reader, std::vector<EventRef>& events) {
  for (EventRef& event : events) {
    const bool edited = event->kind == EventKind::message_updated;
    if (!event->message || (event->message->quote.empty() && !edited)) continue;
    auto message = std::make_shared<Message>(*event->message);
    if (edited) {
      TRY_DO(add_extras(reader, *message));
    } else {
      TRY(quoted, reader.message(message->quote));
      if (!quoted) continue;
      message->quoted = std::make_shared<Message>(std::move(*quoted));
    }
    auto shown = std::make_shared<Event>(*event);
    shown->message = std::move(message);
    event = std::move(shown);
  }
  return {};
}

bool within(const Cursor& since, const Cursor& next, std::uint32_t lane, std::uint64_t at) {
  return at > since.lanes[lane] && at <= next.lanes[lane];
}

Result<std::vector<Pointer>> pointers_between(Reader& reader, const UserId& who,
                                              const std::vector<Membership>& memberships,
                                              const Cursor& since, const Cursor& next) {
  std::vector<Pointer> pointers;
  for (const auto& [conversation, mine] : memberships) {
    if (!mine.present() || conversation.deleted_seq.value != 0 ||
        conversation.pointers_at <= seen_in(since, conversation.id))
      continue;
    std::uint32_t lane = lane_of(conversation.id, static_cast<std::uint32_t>(since.lanes.size()));
    std::vector<Member> moved{mine};
    if (conversation.settings.read_receipts &&
        conversation.members_count <= pointers_shown_up_to_members) {
      TRY(all, reader.pointers_after(conversation.id, since.lanes[lane]));
      moved = std::move(all);
    }
    for (const Member& member : moved) {
      if (!within(since, next, lane, member.read_position)) continue;
      if (member.user != who && !member.own.read_receipts) continue;
      pointers.push_back(
          {.conversation = conversation.id,
           .user = member.user,
           .read_seq = member.read_seq,
           .read_before = {},
           .upto = member.read_seq,
           .marked = {},
           .at = member.read_at,
           .delivered_seq = member.delivered_seq,
           .delivered_before = {},
           .only_delivered = false,
           .message = {},
           .unread = member.user == who ? unread_count(conversation, member) : 0,
           .position = {lane, member.read_position},
           .receipts = conversation.settings.read_receipts && member.own.read_receipts,
           .silently = false,
           .members_count = conversation.members_count,
           .origin = {}});
    }
  }
  return pointers;
}

Result<SincePage> page_after(Reader& reader, const UserId& who,
                             const std::vector<Membership>& memberships, const Cursor& since,
                             const Cursor& head, std::size_t limit) {
  TRY(missed, missed_since(reader, memberships, since));
  // One more than asked for tells whether there is more.
  TRY(events, read_missed(reader, missed, limit + 1));
  SincePage page;
  page.more = events.size() > limit;
  if (page.more) events.resize(limit);
  Cursor at = since;
  for (const EventRef& event : events) {
    // Lane by lane: whoever has come to an event of this lane has seen all of the lanes before it.
    for (std::uint32_t lane = 0; lane < event->position.lane; ++lane)
      at.lanes[lane] = head.lanes[lane];
    at.saw(event->position);
    page.cursors.push_back(at);
  }
  TRY_DO(add_shown(reader, events));
  page.events = std::move(events);
  page.next = page.more ? at : head;
  TRY(pointers, pointers_between(reader, who, memberships, since, page.next));
  page.pointers = std::move(pointers);
  return page;
}

}  // namespace

void cut_trail(std::vector<TrailStep>& steps, std::size_t limit) {
  std::ranges::sort(
      steps, {}, [](const TrailStep& step) { return std::pair(step.at, step.reading.span.from); });
  if (steps.size() <= limit) return;
  std::size_t end = limit;
  while (end < steps.size() && steps[end].at == steps[end - 1].at) ++end;
  steps.resize(end);
}

Result<SincePage> read_since(Reader& reader, const UserId& who, const Cursor& since,
                             std::size_t limit) {
  TRY(head, check(reader, since));
  TRY(memberships, reader.memberships_with_news(who, since, Reader::Unread::not_asked_for));
  return page_after(reader, who, memberships, since, head, limit);
}

Result<SincePage> read_since(Reader& reader, const UserId& who,
                             const std::vector<Membership>& memberships, const Cursor& since,
                             std::size_t limit) {
  TRY(head, check(reader, since));
  return page_after(reader, who, memberships, since, head, limit);
}

}  // namespace parley::store
