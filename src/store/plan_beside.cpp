// What is of no conversation's log: own settings, small documents, blocks.
#include "store/plan_inside.h"

#include "base/assert.h"

namespace parley::store {

Result<Committed> Plan::Inside::apply_own(const Change& change, const Conversation& row) {
  Committed done;
  done.where = change.where;
  const OwnPatch& patch = *change.own;
  TRY(found, member(change.where, change.actor));
  if (!found->row || !found->row->present()) {
    done.outcome = Outcome::missing;
    return done;
  }
  OwnSettings& own = found->row->own;
  own.pinned = patch.pinned.value_or(own.pinned);
  own.archived = patch.archived.value_or(own.archived);
  own.read_receipts = patch.read_receipts.value_or(own.read_receipts);
  own.muted_until = patch.muted_until.value_or(own.muted_until);
  own.notifications = patch.notifications.value_or(own.notifications);
  if (patch.hidden) own.hidden_seq = *patch.hidden ? row.last_seq : Seq{};
  found->changed = true;
  return done;
}

// All of them, or none.
Result<Committed> Plan::Inside::apply_records(const Change& change) {
  Committed done;
  done.where = change.where;
  std::vector<KnownRecord*> known;
  for (const RecordSet& set : change.records) {
    TRY(at, record(set.space, set.owner, set.key));
    if (set.expects && *set.expects != (at->row ? at->row->version : 0)) {
      done.outcome = Outcome::stale;
      return done;
    }
    known.push_back(at);
  }
  if (change.records_in_order) done.position = next_position(change.where);
  for (std::size_t i = 0; i < known.size(); ++i) {
    const RecordSet& set = change.records[i];
    known[i]->changed = true;
    if (!set.body) {
      known[i]->row.reset();
      continue;
    }
    const std::uint64_t old = known[i]->row ? known[i]->row->version : 0;
    const std::uint64_t version = done.position ? done.position->at : old + 1;
    known[i]->row = Record{set.space, set.owner, set.key, *set.body, version, change.at};
  }
  return done;
}

Result<bool> Plan::Inside::too_soon(const Change& change, Committed& done) {
  if (!change.pace) return false;
  TRY(mark, record(change.pace->space, change.pace->owner, change.pace->key));
  if (!mark->row || change.at >= mark->row->at + change.pace->apart) return false;
  done.outcome = Outcome::too_soon;
  done.since = mark->row->at;
  return true;
}

void Plan::Inside::put_beside(const Change& change) {
  for (const RecordSet& set : change.beside) {
    KnownRecord& known = records[{set.space, set.owner, set.key}];
    const std::uint64_t version = known.row ? known.row->version : 0;
    known.changed = true;
    known.row.reset();
    if (set.body)
      known.row = Record{set.space, set.owner, set.key, *set.body, version + 1, change.at};
  }
}

// What anybody has decided on the pair's conversation before this is stale after it.
Result<Committed> Plan::Inside::apply_block(const Change& change) {
  Committed done;
  done.where = change.where;
  const BlockSet& set = *change.block;
  const auto& [low, high] = std::minmax(set.blocker, set.blocked);
  TRY(there, direct(low, high));
  if (there) {
    TRY(known, conversation(*there));
    PARLEY_ASSERT(known->row);
    ++known->row->version.value;
    known->changed = true;
  }
  std::erase_if(blocks, [&](const BlockRow& row) {
    return row.set.blocker == set.blocker && row.set.blocked == set.blocked;
  });
  blocks.push_back({set, change.at});
  return done;
}

}  // namespace parley::store
