#include "store/plan_inside.h"

#include "base/assert.h"

namespace parley::store {

Plan::Plan(Before& before, std::uint32_t lanes, Heads heads)
    : inside_(std::make_unique<Inside>(before, lanes, std::move(heads))) {}
Plan::~Plan() = default;

Result<std::optional<Committed>> Plan::Inside::used_before(const std::optional<OnceKey>& once_key) {
  if (!once_key) return std::nullopt;
  if (auto here = keys.find({once_key->who.text, once_key->key}); here != keys.end())
    return here->second;
  TRY(record, before.once(once_key->who, once_key->key));
  if (!record) return std::nullopt;
  Committed first;
  first.outcome = Outcome::repeated;
  first.where = record->conversation;
  first.seq = record->seq;
  first.fingerprint = record->fingerprint;
  return first;
}

Result<std::optional<Committed>> Plan::Inside::pair_exists(const Change& change) {
  if (!change.creates || change.creates->type != ConversationType::direct) return std::nullopt;
  const auto& [low, high] = std::tie(change.creates->direct_low, change.creates->direct_high);
  Committed there;
  there.outcome = Outcome::exists;
  TRY(id, direct(low, high));
  if (!id) return std::nullopt;
  there.where = *id;
  return there;
}

void Plan::Inside::count_message(const Event& event, Conversation& row) {
  ++row.message_count;
  row.last_message_seq = event.seq;
  // Whether somebody may write on can depend on who has written at all.
  if (row.type == ConversationType::direct) {
    for (auto [who, spoke] : {std::pair(&row.direct_low, &row.low_spoke),
                              std::pair(&row.direct_high, &row.high_spoke)}) {
      if (*who != event.actor || *spoke) continue;
      *spoke = true;
      ++row.version.value;
    }
  }
  auto sender = members.find({row.id, event.actor});
  if (sender == members.end()) {
    ++own_sends[{row.id, event.actor}];
  } else if (sender->second.row) {
    ++sender->second.row->unread_base;
    sender->second.changed = true;
  }
}

void Plan::Inside::number(const Change& change, const Origin& origin, Conversation& row,
                          Committed& done, KnownMessage* amended) {
  for (const EventDraft& draft : change.events) {
    auto event = std::make_shared<Event>();
    event->id = draft.id;
    event->conversation = row.id;
    event->seq = ++row.last_seq;
    event->position = next_position(row.id);
    event->kind = draft.kind;
    event->actor = change.actor;
    // Never back within a conversation, whatever the clocks of nodes say.
    event->at = change.told_before ? change.at : std::max(row.updated_at, change.at);
    row.updated_at = std::max(row.updated_at, event->at);
    event->subject = draft.subject;
    event->role = draft.role;
    event->details = draft.details;
    event->origin = origin;
    if (change.reacts) event->target = change.reacts->id;
    if (draft.message) {
      draft.message->seq = event->seq;
      draft.message->created_at = event->at;
      event->message = draft.message;
    }
    if (amended != nullptr && amends_message(event->kind)) amend(change, *amended, row, *event);
    row.last_at = event->position.at;
    if (event->kind == EventKind::message_created) count_message(*event, row);
    event->place = row.type;
    event->members_count = row.members_count;
    event->answered = row.low_spoke && row.high_spoke;
    for (std::size_t i = 0; i < change.sets.size(); ++i)
      if (change.sets[i].by_event == done.events.size())
        event->joined.push_back(change.sets[i].user);
    if (event->kind == EventKind::member_removed) event->left.push_back(event->subject);
    done.events.push_back(event);
    log.push_back(std::move(event));
  }
  if (!done.events.empty()) done.seq = done.events.front()->seq;
}

void Plan::Inside::patch(const Change& change, Conversation& row, const Committed& done) {
  if (!change.patch) return;
  if (change.patch->name) row.name = *change.patch->name;
  if (change.patch->avatar_url) row.avatar_url = *change.patch->avatar_url;
  if (change.patch->metadata) row.metadata = *change.patch->metadata;
  if (change.patch->settings) row.settings = *change.patch->settings;
  if (change.patch->deletes)
    row.deleted_seq = done.events.empty() ? row.last_seq : done.events.back()->seq;
}

Result<Committed> Plan::apply(const Change& change, const Origin& origin) {
  TRY(first, inside_->used_before(change.once));
  if (first) {
    first->outcome = Outcome::repeated;
    return std::move(*first);
  }
  if (change.block) return inside_->apply_block(change);
  if (change.forget_once) {
    inside_->forget_once = change.forget_once;
    return Committed{};
  }
  if (!change.records.empty()) return inside_->apply_records(change);
  TRY(there, inside_->pair_exists(change));
  if (there) return std::move(*there);
  TRY(at, inside_->conversation(change.where));
  Committed done;
  done.where = change.where;
  if (change.creates && at->row) {
    done.outcome = at->row->deleted_seq.value == 0 ? Outcome::exists : Outcome::missing;
    return done;
  }
  if (change.creates) {
    at->row = *change.creates;
    at->row->version = Version{0};
    at->created = true;
  } else if (!at->row || at->row->deleted_seq.value != 0) {
    done.outcome = Outcome::missing;
    return done;
  } else if (change.expects && *change.expects != at->row->version) {
    done.outcome = Outcome::stale;
    return done;
  }
  TRY(early, inside_->too_soon(change, done));
  if (early) return done;
  if (change.read) return inside_->apply_read(change, origin, *at);
  if (change.own) return inside_->apply_own(change, *at->row);

  if (auto loaded = inside_->load_members(change); !loaded) {
    if (at->created) at->row.reset();
    return std::unexpected(std::move(loaded).error());
  }
  Conversation& row = *at->row;
  KnownMessage* amended = nullptr;
  if (change.amends) {
    TRY(known, inside_->message(change.where, change.amends->seq));
    if (!known->row || known->row->gone()) {
      done.outcome = Outcome::gone;
      return done;
    }
    amended = known;
    // Pinning what is pinned changes nothing, and nobody is told.
    using What = Amendment::What;
    const bool pinned = known->row->pinned_at != Time{};
    if ((change.amends->what == What::pins && pinned) ||
        (change.amends->what == What::unpins && !pinned))
      return done;
  }
  if (change.reacts) {
    TRY(message, inside_->message(change.where, change.reacts->seq));
    if (!message->row || message->row->gone()) {
      done.outcome = Outcome::gone;
      return done;
    }
    TRY(reaction, inside_->reaction(change.where, change.actor, *change.reacts));
    if (reaction->on == change.reacts->on) return done;
    reaction->on = change.reacts->on;
    reaction->now = {change.reacts->emoji, change.actor, change.at};
  }
  inside_->number(change, origin, row, done, amended);
  inside_->put_beside(change);
  inside_->set_members(change, row, done);
  inside_->remove_members(change, row, done);
  Inside::patch(change, row, done);
  if (change.changes_standing()) ++row.version.value;
  at->changed = true;
  const bool ends = change.patch && change.patch->deletes;
  if (ends && row.type == ConversationType::direct)
    inside_->directs[{row.direct_low.text, row.direct_high.text}] = std::nullopt;
  if (change.creates && row.type == ConversationType::direct)
    inside_->directs[{row.direct_low.text, row.direct_high.text}] = row.id;
  if (change.once) {
    done.fingerprint = change.once->fingerprint;
    inside_->once.push_back(
        {*change.once, {change.once->fingerprint, change.where, done.seq}, change.at});
    inside_->keys[{change.once->who.text, change.once->key}] = done;
  }
  return done;
}

Writes Plan::take() {
  Writes writes;
  for (auto& [id, known] : inside_->conversations) {
    if (!known.row || !known.changed) continue;
    (known.created ? writes.created : writes.updated).push_back(*known.row);
  }
  for (auto& [key, known] : inside_->members)
    if (known.row && known.changed) writes.members.push_back({key.first, *known.row});
  for (auto& [key, count] : inside_->own_sends)
    writes.own_sends.push_back({key.first, key.second, count});
  for (auto& [key, known] : inside_->messages)
    if (known.row && known.changed) writes.amended.push_back(*known.row);
  for (auto& [key, known] : inside_->reactions) {
    if (known.on == known.before) continue;
    writes.reactions.push_back({std::get<0>(key), std::get<1>(key), known.now, known.on});
  }
  for (auto& [key, known] : inside_->records) {
    if (!known.changed) continue;
    if (known.row)
      writes.records.push_back(std::move(*known.row));
    else
      writes.no_records.push_back(
          {std::get<0>(key), std::get<1>(key), std::get<2>(key), {}, 0, {}});
  }
  writes.retracted = std::move(inside_->retracted);
  writes.edits = std::move(inside_->edits);
  writes.readings = std::move(inside_->readings);
  writes.blocks = std::move(inside_->blocks);
  writes.log = std::move(inside_->log);
  writes.once = std::move(inside_->once);
  writes.forget_once = inside_->forget_once;
  inside_->write_mentions(writes);
  for (std::uint32_t lane : inside_->moved) writes.heads[lane] = inside_->heads[lane];
  return writes;
}

}  // namespace parley::store
