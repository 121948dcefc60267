// The events a person missed since a cursor, page by page: composed from the Reader's questions, for every adapter.
#pragma once

#include "store/reader.h"

namespace parley::store {

struct SincePage {
  std::vector<EventRef> events;   // lane by lane, in each in the order of positions
  std::vector<Cursor> cursors;    // after each of them: resuming there goes on with the next
  std::vector<Pointer> pointers;  // moved within what this page covers
  Cursor next;
  bool more = false;  // false: `next` is the snapshot's head
};

// Someone who has left a conversation (or whose conversation was deleted) gets only the event that says so.
// In order, and no more than that many; the readings of one position stay together.
void cut_trail(std::vector<TrailStep>& steps, std::size_t limit);

[[nodiscard]] Result<SincePage> read_since(Reader& reader, const UserId& who, const Cursor& since,
                                           std::size_t limit);
// The same, for who has the memberships with news since then already.
[[nodiscard]] Result<SincePage> read_since(Reader& reader, const UserId& who,
                                           const std::vector<Membership>& memberships,
                                           const Cursor& since, std::size_t limit);

}  // namespace parley::store
