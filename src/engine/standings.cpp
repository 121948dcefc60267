#include "engine/standings.h"

#include <algorithm>

namespace parley::engine {

Standing standing_of(const std::optional<Conversation>& conversation,
                     const std::optional<Member>& member) {
  if (!conversation) return {};
  const bool is_low = member && conversation->direct_low == member->user;
  return {.exists = conversation->deleted_seq.value == 0,
          .present = member && member->present(),
          .role = member ? member->role : Role::reader,
          .type = conversation->type,
          .settings = conversation->settings,
          .version = conversation->version,
          .blocked = false,
          .spoke = is_low ? conversation->low_spoke : conversation->high_spoke,
          .answered = is_low ? conversation->high_spoke : conversation->low_spoke};
}

Result<bool> blocked_in(store::Reader& reader, const Conversation& conversation,
                        const UserId& user) {
  if (conversation.type != ConversationType::direct) return false;
  const bool is_low = conversation.direct_low == user;
  return reader.blocks(is_low ? conversation.direct_high : conversation.direct_low, user);
}

struct Standings::Wait {
  Standings& standings;
  ConversationId where;
  Waiter& waiter;

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> self) {
    waiter.handle = self;
    standings.entries_[where].waiters.push_back(&waiter);
    // The last thing here: it may already answer.
    standings.pump(ConversationId{where});
  }
  void await_resume() const noexcept {}
};

Task<Result<Standing>> Standings::find(ConversationId where, UserId who, std::uint64_t ticket) {
  if (entries_.size() > entries_max) make_room();
  Entry& entry = entries_[where];
  if (!entry.reading && entry.waiters.empty()) {
    auto known = entry.known.find(who);
    if (known != entry.known.end()) co_return known->second;
  }
  Waiter waiter{.ticket = ticket, .who = std::move(who), .found = Standing{}, .handle = {}};
  co_await Wait{*this, where, waiter};
  co_return std::move(waiter.found);
}

void Standings::submitted(const ConversationId& where, std::optional<Version> decided_on) {
  Entry& entry = entries_[where];
  ++entry.in_flight;
  if (decided_on)
    entry.oldest_in_flight = std::min(entry.oldest_in_flight.value_or(*decided_on), *decided_on);
}

void Standings::settled(const ConversationId& where) {
  auto at = entries_.find(where);
  if (at == entries_.end() || at->second.in_flight == 0) return;
  if (--at->second.in_flight == 0) at->second.oldest_in_flight.reset();
  pump(where);
}

void Standings::forget(const ConversationId& where) {
  auto at = entries_.find(where);
  if (at == entries_.end()) return;
  at->second.known.clear();
  at->second.forgotten = true;
}

void Standings::notice(const Event& event) {
  if (event.kind != EventKind::message_created && !amends_message(event.kind))
    forget(event.conversation);
}

// Reads what the waiting ones need, unless something has to come first.
void Standings::pump(const ConversationId& where) {
  Entry& entry = entries_[where];
  if (entry.reading || entry.waiters.empty()) return;
  if (entry.forgotten && entry.in_flight > 0) return;
  entry.forgotten = false;
  entry.reading = true;
  std::vector<UserId> users;
  for (const Waiter* waiter : entry.waiters)
    if (std::ranges::find(users, waiter->who) == users.end()) users.push_back(waiter->who);
  spawn(read(where, std::move(users)),
        [this, where](Result<Found> found) { answer(where, std::move(found)); });
}

Task<Result<Standings::Found>> Standings::read(ConversationId where, std::vector<UserId> users) {
  auto ask = [where, users = std::move(users)](store::Reader& reader) -> Result<Found> {
    TRY(conversation, reader.conversation(where));
    Found found;
    for (const UserId& user : users) {
      TRY(member, reader.member(where, user));
      Standing standing = standing_of(conversation, member);
      if (standing.present) {
        TRY(blocked, blocked_in(reader, *conversation, user));
        standing.blocked = blocked;
      }
      found.emplace_back(user, standing);
    }
    return found;
  };
  co_return co_await store_.read(std::move(ask));
}

void Standings::answer(const ConversationId& where, Result<Found> found) {
  Entry& entry = entries_[where];
  entry.reading = false;
  if (found && overtakes(entry, *found)) {
    forget(where);
    return pump(where);
  }
  // Only those who were asked for: who came meanwhile waits for the next reading.
  std::vector<Waiter*> waiting;
  std::swap(waiting, entry.waiters);
  std::vector<Waiter*> served;
  for (Waiter* waiter : waiting) {
    if (!found) waiter->found = std::unexpected(found.error());
    auto mine = found ? std::ranges::find(*found, waiter->who, &Found::value_type::first)
                      : Found::iterator{};
    bool answered = !found || mine != found->end();
    if (found && answered) waiter->found = mine->second;
    (answered ? served : entry.waiters).push_back(waiter);
  }
  // What does not exist (for them) is not remembered, so that guessing ids can't fill the memory. Nor is a block: no event
  // says that it has ended, and a refusal is not checked by a commit.
  if (found && !entry.forgotten)
    for (auto& [user, standing] : *found)
      if (standing.present && !standing.blocked) entry.known.insert_or_assign(user, standing);
  std::ranges::sort(served, {}, &Waiter::ticket);
  for (Waiter* waiter : served) waiter->handle.resume();
  pump(where);
}

// What is on its way was decided on an older version, so it will come back, and goes first.
bool Standings::overtakes(const Entry& entry, const Found& found) {
  return entry.oldest_in_flight && std::ranges::any_of(found, [&](const auto& one) {
           return one.second.exists && one.second.version != *entry.oldest_in_flight;
         });
}

void Standings::make_room() {
  std::erase_if(entries_, [](const auto& entry) { return entry.second.idle(); });
}

}  // namespace parley::engine
