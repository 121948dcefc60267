// What reading changes: which stretches somebody has read, and with them what is unread.
#include "store/plan_inside.h"

namespace parley::store {

std::uint64_t Plan::Inside::messages_here(const ConversationId& id, const UserId& reader, Seq after,
                                          Seq upto) const {
  return static_cast<std::uint64_t>(std::ranges::count_if(log, [&](const EventRef& event) {
    return event->conversation == id && event->kind == EventKind::message_created &&
           event->actor != reader && event->seq > after && event->seq <= upto;
  }));
}

// Of those that the two counts of apply_read() have, how many went in this batch.
std::uint64_t Plan::Inside::retracted_here(const ConversationId& id, const UserId& reader,
                                           Seq after, Seq upto) const {
  return static_cast<std::uint64_t>(std::ranges::count_if(retracted, [&](const Retracted& one) {
    return one.conversation == id && one.sender != reader && one.seq > after && one.seq <= upto;
  }));
}

// Messages by others that are not gone. Asked only where the reader has read none of them.
Result<std::uint64_t> Plan::Inside::unread_between(const ConversationId& id, const UserId& reader,
                                                   Seq after, Seq upto) {
  if (after >= upto) return 0;
  TRY(stored, before.others_messages(id, reader, after, upto));
  return stored + messages_here(id, reader, after, upto) - retracted_here(id, reader, after, upto);
}

// The span, of which nothing was read before, is read.
Result<void> Plan::Inside::mark(const ConversationId& id, Member& reader, SeqSpan span) {
  TRY(unread, unread_between(id, reader.user, Seq{span.from.value - 1}, span.upto));
  reader.unread_base += unread;
  reader.read_beyond.add(span);
  return join_spans(id, reader, span.from);
}

// The stretch with this in it grows to its neighbours where nothing unread is between them, so that there are never more
// stretches than there are unread messages.
Result<void> Plan::Inside::join_spans(const ConversationId& id, Member& reader, Seq seq) {
  SeqSpans& beyond = reader.read_beyond;
  auto joined = [&](Seq end, Seq begin) -> Result<bool> {
    TRY(unread, unread_between(id, reader.user, end, Seq{begin.value - 1}));
    return unread == 0;
  };
  const auto here = static_cast<std::size_t>(
      std::ranges::lower_bound(beyond.all(), seq, {}, &SeqSpan::upto) - beyond.all().begin());
  std::optional<SeqSpan> next;
  if (here + 1 < beyond.all().size()) next = beyond.all()[here + 1];
  const Seq before_it = here == 0 ? reader.read_seq : beyond.all()[here - 1].upto;
  const SeqSpan mine = beyond.all()[here];
  if (next) {
    TRY(one, joined(mine.upto, next->from));
    if (one) beyond.add({mine.from, next->upto});
  }
  TRY(one, joined(before_it, mine.from));
  if (!one) return {};
  if (here > 0) {
    beyond.add({before_it, mine.upto});
    return {};
  }
  reader.read_seq = beyond.all().front().upto;
  beyond.pop_front();
  return {};
}

Result<Committed> Plan::Inside::apply_read(const Change& change, const Origin& origin,
                                           KnownConversation& at) {
  Committed done;
  done.where = change.where;
  TRY(found, member(change.where, change.read->user));
  if (!found->row || !found->row->present()) {
    done.outcome = Outcome::missing;
    return done;
  }
  Conversation& row = *at.row;
  Member& reader = *found->row;
  if (change.read->upto > row.last_seq) {
    done.outcome = Outcome::beyond;
    return done;
  }
  const ReadMove& move = *change.read;
  const Seq delivered_before = reader.delivered_seq;
  const Seq read_before = reader.read_seq;
  if (move.late && *move.late != reader.read_position) {
    done.outcome = Outcome::stale;
    return done;
  }
  const bool is_news = !reader.has_read(move.upto) || move.late;
  std::vector<SeqSpan> marked;
  if (!move.only_delivered && move.upto > reader.read_seq)
    marked = reader.read_beyond.gaps(
        {move.only_that_one ? move.upto : Seq{reader.read_seq.value + 1}, move.upto});
  // A gap with nothing unread in it is closed when its neighbour is read: it is not marked once more.
  std::vector<SeqSpan> news;
  for (const SeqSpan& span : std::exchange(marked, {})) {
    if (reader.has_read(span.from)) continue;
    TRY_DO(mark(row.id, reader, span));
    news.push_back(span);
  }
  marked = std::move(news);
  const bool is_read = !marked.empty() || move.late;
  if (is_read) reader.read_at = change.at;
  if (move.told_alone)
    marked.assign(is_news ? std::size_t{1} : std::size_t{0}, {move.upto, move.upto});
  if (!move.silently)
    for (const SeqSpan& span : marked)
      readings.push_back({row.id, {reader.user, span, change.at}, 0});
  // What was read had been delivered.
  const Seq delivered = move.only_that_one ? reader.read_seq : move.upto;
  const bool is_delivered = delivered > reader.delivered_seq;
  if (is_delivered) {
    reader.delivered_seq = delivered;
    reader.delivered_at = change.at;
  }
  done.pointer_moved = is_read || (move.only_delivered && is_delivered);
  if (done.pointer_moved) {
    reader.read_position = row.pointers_at = next_position(row.id).at;
    for (ReadingRow& one : readings)
      if (one.at == 0) one.at = reader.read_position;
    found->changed = at.changed = true;
  }
  done.pointer =
      Pointer{.conversation = change.where,
              .user = reader.user,
              .read_seq = reader.read_seq,
              .read_before = read_before,
              .upto = move.upto,
              .marked = std::move(marked),
              .at = change.at,
              .delivered_seq = reader.delivered_seq,
              .delivered_before = delivered_before,
              .only_delivered = move.only_delivered,
              .message = move.message,
              .unread = unread_count(row, reader),
              .position = {lane_of(row.id, lanes), reader.read_position},
              .receipts = row.settings.read_receipts && reader.own.read_receipts && !move.silently,
              .silently = move.silently,
              .members_count = row.members_count,
              .origin = origin};
  return done;
}

}  // namespace parley::store
