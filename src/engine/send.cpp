// The life of a message: checked, decided on what is remembered, committed, answered.
#include <algorithm>
#include <utility>

#include "base/metrics.h"
#include "engine/decide.h"
#include "engine/engine.h"
#include "engine/expiry.h"
#include "engine/fingerprint.h"
#include "engine/place.h"

namespace parley::engine {
namespace {

// What few messages have is added only where it is, so that the fingerprints of the others stay what they were.
std::uint64_t fingerprint(const SendMessage& command, const Policy& policy) {
  std::string rest(command.parent.empty() ? std::string_view{} : command.parent.raw());
  rest += command.quote.empty() ? std::string_view{} : command.quote.raw();
  for (const Mention& one : command.mentions)
    rest +=
        one.user.text + ' ' + std::to_string(one.offset) + ' ' + std::to_string(one.length) + ' ';
  if (command.sealed) rest += "sealed";
  if (command.expires_in) rest += "expires " + std::to_string(command.expires_in->count());
  Fingerprint mark;
  mark.add("message").add(command.where.raw());
  if (policy.a_key_is_enough) return mark.value();
  mark.add(name_of(command.type)).add(command.text).add(command.attachments).add(command.metadata);
  if (!rest.empty()) mark.add(rest);
  return mark.value();
}

std::shared_ptr<Message> message_of(const Caller& caller, SendMessage& command, MessageId id,
                                    Time at) {
  auto message = std::make_shared<Message>();
  message->id = id;
  message->conversation = command.where;
  message->sender = caller.user;
  message->type = command.type;
  message->text = std::move(command.text);
  message->attachments = std::move(command.attachments);
  message->metadata = std::move(command.metadata);
  message->client_id = std::move(command.client_id);
  message->created_at = at;
  message->parent = command.parent;
  message->quote = command.quote;
  message->quoted = std::move(command.quoted);
  message->mentions = std::move(command.mentions);
  message->forwarded_from = std::move(command.forwarded_from);
  message->sealed = command.sealed;
  if (command.expires_in) message->expires_at = at + *command.expires_in;
  return message;
}

// When this one has written there last, where that counts: written with the message.
constexpr std::string_view slow_space = "slow_mode";

void set_pace(store::Change& change, const Standing& standing, bool slow) {
  if (change.pace) change.beside.pop_back();
  change.pace.reset();
  if (!slow) return;
  change.pace = store::Change::Pace{std::string(slow_space), change.where.text(), change.actor.text,
                                    standing.settings.slow_mode};
  change.beside.push_back(
      {change.pace->space, change.pace->owner, change.pace->key, std::string("{}"), {}});
}

Error too_soon(const store::Change& change, Time since) {
  const auto wait =
      std::chrono::ceil<std::chrono::milliseconds>(since + change.pace->apart - change.at);
  return {Code::rate_limited,
          "slow mode: one message every " + std::to_string(change.pace->apart.count()) +
              " s is taken here; wait " +
              std::to_string(std::chrono::ceil<std::chrono::seconds>(wait).count()) + " s",
          wait};
}

metrics::Counter& messages_sent() {
  static auto& figure = metrics::counter("parley_messages_total", "Messages committed");
  return figure;
}

}  // namespace

Task<Result<Sent>> Engine::send(Caller caller, SendMessage command, Turn& turn) {
  CO_TRY_DO(check_message(command, caller.rank, *caller.policy, limits_));
  const std::uint64_t ticket = next_ticket_++;
  std::optional<store::OnceKey> once;
  if (!command.once.empty())
    once = store::OnceKey{.who = caller.user,
                          .key = command.once,
                          .fingerprint = fingerprint(command, *caller.policy)};
  if (command.names_others()) CO_TRY_DO(co_await check_named(caller, command));

  std::vector<File> files;
  if (!command.files.empty()) {
    auto found = co_await files_to_show(caller, command.files);
    if (!found) {
      auto first = co_await refused_or_sent_before(std::move(found).error(), once);
      co_return first;
    }
    files = std::move(*found);
    command.attachments = with_facts(command.attachments, files);
  }

  store::Change change = begin(caller, command.where);
  const MessageType type = command.type;
  const ConversationId where = command.where;
  const std::size_t declared_bytes = command.declared_bytes;
  store::EventDraft event = draft(EventKind::message_created);
  if (command.stamp) {
    event.id = command.stamp->id;
    change.at = command.stamp->at;
    change.told_before = true;
  }
  event.message = message_of(caller, command, event.id, change.at);
  change.beside = shown_by(files, event.id);
  if (command.expires_in) change.beside.push_back(expiring(*event.message));
  change.events.push_back(std::move(event));
  change.once = once;

  for (int tries = 0; tries < stale_tries; ++tries) {
    auto standing = co_await standings_.find(where, caller.user, ticket);
    if (!standing) co_return std::move(standing).error();
    auto may = may_send(*standing, caller.rank, type, *caller.policy);
    // Said of what could never be sent, also to who would have to wait with it.
    if ((may || may.error().code == Code::muted) && type == MessageType::video &&
        declared_bytes > caller.policy->video_bytes_max)
      co_return Error{Code::too_large, "the video is too large", {}};
    // Who waits for an answer may have got it: no commit checks a refusal, so what is remembered is read again.
    if (!may && may.error().code == Code::muted && tries == 0) {
      standings_.forget(where);
      continue;
    }
    if (!may) {
      auto first = co_await refused_or_sent_before(std::move(may).error(), once);
      co_return first;
    }
    change.expects = standing->version;
    set_pace(change, *standing, slowed(*standing, caller.rank, type));
    auto done = co_await commit(caller, change, &turn);
    if (!done) co_return std::move(done).error();
    switch (done->outcome) {
      case store::Outcome::committed:
        messages_sent().Increment();
        co_return Sent{done->events.front()->message, false};
      case store::Outcome::repeated: {
        auto first = co_await sent_before(std::move(*done), once->fingerprint);
        co_return first;
      }
      case store::Outcome::stale:
        continue;
      case store::Outcome::too_soon:
        co_return too_soon(change, done->since);
      default:
        co_return Error{Code::not_found, "there is no such conversation, or you are not in it", {}};
    }
  }
  co_return Error{Code::unavailable, "this conversation changes too quickly; try again",
                  std::chrono::seconds{1}};
}

// The direct conversation of the two is made for the message: only when nothing that is known now speaks against it.
Task<Result<Sent>> Engine::send_to(Caller caller, UserId receiver, SendMessage command,
                                   Turn& turn) {
  if (!valid_user_id(receiver.text))
    co_return Error{Code::unprocessable, "a user's id is 1 to 128 bytes of printable UTF-8", {}};
  CO_TRY_DO(check_message(command, caller.rank, *caller.policy, limits_));
  if (receiver == caller.user)
    co_return Error{Code::conflict, "nobody has a direct conversation with themselves", {}};
  struct There {
    std::optional<ConversationId> direct;
    bool blocked = false;
  };
  KnownSets::People both{caller.user, receiver};
  std::ranges::sort(both);
  const bool remembers = !hub_.is_one_of_many();
  if (const auto known = remembers ? known_directs_.find(both) : std::nullopt) {
    command.where = *known;
    co_return co_await send(std::move(caller), std::move(command), turn);
  }
  const KnownSets::Question asked = remembers ? known_directs_.ask(both) : 0;
  auto ask = [one = caller.user, other = receiver](store::Reader& reader) -> Result<There> {
    const auto& [low, high] = std::minmax(one, other);
    TRY(direct, reader.direct(low, high));
    TRY(blocked, reader.blocks(other, one));
    return There{direct, blocked};
  };
  CO_TRY(there, co_await store_.read(std::move(ask)));
  if (there.direct) {
    if (remembers) known_directs_.learn(both, *there.direct, asked);
    command.where = *there.direct;
  } else {
    if (there.blocked) co_return Error{Code::blocked, "this person has blocked you", {}};
    CreateConversation make;
    make.type = ConversationType::direct;
    make.members = {std::move(receiver)};
    if (command.stamp) make.at = command.stamp->at;
    CO_TRY(made, co_await create(caller, std::move(make)));
    command.where = made.view.conversation.id;
  }
  auto sent = co_await send(std::move(caller), std::move(command), turn);
  co_return sent;
}

Task<Result<Sent>> Engine::send_to_exactly(Caller caller, std::vector<UserId> people,
                                           ConversationId fresh, SendMessage command, Turn& turn) {
  if (std::ranges::find(people, caller.user) == people.end())
    co_return Error{Code::forbidden, "you are not one of these people", {}};
  std::ranges::sort(people);
  const bool remembers = !hub_.is_one_of_many();
  std::optional<ConversationId> where;
  if (remembers) where = known_sets_.find(people);
  if (!where) {
    const KnownSets::Question asked = remembers ? known_sets_.ask(people) : 0;
    CO_TRY(found, co_await of_exactly(caller, people));
    where = found;
    if (remembers && where) known_sets_.learn(people, *where, asked);
  }
  if (!where && people.size() == 2) {
    UserId other = people.front() == caller.user ? people.back() : people.front();
    co_return co_await send_to(std::move(caller), std::move(other), std::move(command), turn);
  }
  if (!where) {
    std::optional<Time> at;
    if (command.stamp) at = command.stamp->at;
    CO_TRY(made, co_await make_for_exactly(caller, std::move(people), fresh, at));
    where = made;
  }
  command.where = *where;
  co_return co_await send(std::move(caller), std::move(command), turn);
}

Task<Result<ConversationId>> Engine::make_for_exactly(Caller caller, std::vector<UserId> people,
                                                      ConversationId fresh,
                                                      std::optional<Time> at) {
  CreateConversation make;
  make.id = fresh;
  make.at = at;
  make.without_owner = true;
  make.members = people;
  CO_TRY_DO(co_await create(caller, make));
  CO_TRY(where, co_await of_exactly(caller, std::move(people)));
  if (where) co_return *where;
  // What was made for these people has other members by now.
  make.id.reset();
  CO_TRY(made, co_await create(std::move(caller), std::move(make)));
  co_return made.view.conversation.id;
}

// Only who could send can be about to.
Task<Result<void>> Engine::typing(Caller caller, ConversationId where, bool is_typing) {
  if (!caller.policy->typing_is_told) co_return Result<void>{};
  CO_TRY(at, co_await place(caller, where));
  auto may = may_send(at.standing, caller.rank, MessageType::text, *caller.policy);
  // Who has to wait for an answer can be about to write, too.
  if (!may && may.error().code != Code::muted) co_return std::move(may).error();
  Signal signal;
  signal.conversation = where;
  signal.user = caller.user;
  signal.on = is_typing;
  signal.origin = caller.origin;
  bus_.publish(signal);
  co_return Result<void>{};
}

// The key was used before: the same write is answered as it was the first time, another one is refused.
Task<Result<Sent>> Engine::sent_before(store::Committed first, std::uint64_t fingerprint) {
  if (first.fingerprint != fingerprint)
    co_return Error{Code::unprocessable, "this client_id was used before for something else", {}};
  if (!first.events.empty() && first.events.front()->message)
    co_return Sent{first.events.front()->message, true};
  std::vector<std::pair<ConversationId, Seq>> places{{first.where, first.seq}};
  auto ask = [places](store::Reader& reader) { return reader.messages_at(places); };
  auto found = co_await store_.read(std::move(ask));
  if (!found) co_return std::move(found).error();
  if (found->empty())
    co_return Error{Code::gone, "the message sent with this client_id is gone", {}};
  co_return Sent{std::make_shared<Message>(std::move(found->front())), true};
}

// A retry of something that was done is answered as it was then, also when it would be refused by now.
Task<Result<Sent>> Engine::refused_or_sent_before(Error refusal,
                                                  std::optional<store::OnceKey> once) {
  if (!once) co_return refusal;
  auto ask = [once](store::Reader& reader) { return reader.once(once->who, once->key); };
  auto found = co_await store_.read(std::move(ask));
  if (!found) co_return std::move(found).error();
  if (!*found || (*found)->fingerprint != once->fingerprint) co_return refusal;
  store::Committed first;
  first.where = (*found)->conversation;
  first.seq = (*found)->seq;
  first.fingerprint = (*found)->fingerprint;
  auto sent = co_await sent_before(std::move(first), once->fingerprint);
  co_return sent;
}

}  // namespace parley::engine
