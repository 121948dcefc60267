// What has happened since somebody looked last.
#include "engine/missed.h"

#include <unordered_map>

#include "engine/engine.h"
#include "store/since.h"

namespace parley::engine {
namespace {

constexpr std::size_t page_size = 500;

// Where somebody is, and since when.
using Joined = std::unordered_map<ConversationId, Seq>;
Result<Joined> joined_of(store::Reader& reader, const UserId& user) {
  TRY(memberships, reader.memberships(user));
  Joined joined;
  for (const auto& [conversation, member] : memberships)
    if (member.present() && conversation.deleted_seq.value == 0)
      joined[conversation.id] = member.joined_seq;
  return joined;
}

}  // namespace

Task<Result<store::SincePage>> Engine::since(Caller caller, std::optional<Cursor> cursor,
                                             std::size_t limit) {
  auto ask = [user = caller.user, cursor,
              limit](store::Reader& reader) -> Result<store::SincePage> {
    if (cursor) return store::read_since(reader, user, *cursor, limit);
    store::SincePage now;
    TRY(head, reader.head());
    now.next = std::move(head);
    return now;
  };
  co_return co_await store_.read(std::move(ask));
}

Task<Result<std::vector<EventRef>>> Engine::missed(Caller caller, Cursor since, Cursor upto,
                                                   MissedWindow window) {
  std::optional<Joined> joined;  // read when there is anything to be looked at
  const Time oldest = clock_.now() - window.age;
  std::vector<EventRef> missed;
  for (bool more = true; more;) {
    CO_TRY(page, co_await this->since(caller, since, page_size));
    for (const EventRef& event : page.events) {
      if (!upto.has_seen(event->position) || !is_missed(*event, caller.user, Seq{}, oldest))
        continue;
      if (!joined) {
        auto ask = [user = caller.user](store::Reader& reader) { return joined_of(reader, user); };
        CO_TRY(read, co_await store_.read(std::move(ask)));
        joined = std::move(read);
      }
      const auto at = joined->find(event->conversation);
      if (at != joined->end() && is_missed(*event, caller.user, at->second, oldest))
        missed.push_back(event);
    }
    if (missed.size() > window.most)
      missed.erase(missed.begin(), missed.end() - static_cast<std::ptrdiff_t>(window.most));
    since = page.next;
    more = page.more;
  }
  co_return missed;
}

}  // namespace parley::engine
