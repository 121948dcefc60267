// Making, changing and ending conversations.
#include <algorithm>

#include "base/json_writer.h"
#include "engine/decide.h"
#include "engine/engine.h"
#include "engine/fingerprint.h"
#include "engine/pair.h"
#include "engine/place.h"
#include "engine/retention.h"

namespace parley::engine {
namespace {

std::uint64_t fingerprint(const CreateConversation& command) {
  Fingerprint mark;
  mark.add("conversation").add(name_of(command.type)).add(command.name).add(command.metadata);
  for (const UserId& user : command.members) mark.add(user.text);
  return mark.value();
}

Conversation row_of(const CreateConversation& command, const UserId& creator, ConversationId id,
                    Time at) {
  Conversation row;
  row.id = id;
  row.type = command.type;
  row.name = command.name;
  row.avatar_url = command.avatar_url;
  row.metadata = command.metadata;
  row.created_at = row.updated_at = at;
  if (command.type == ConversationType::channel) row.settings.who_can_post = Who::admins;
  if (command.who_can_add) row.settings.who_can_add = *command.who_can_add;
  if (command.who_can_post) row.settings.who_can_post = *command.who_can_post;
  if (command.type == ConversationType::direct)
    std::tie(row.direct_low, row.direct_high) = std::minmax(creator, command.members.front());
  return row;
}

std::string created_details(const CreateConversation& command, const UserId& creator) {
  std::string out;
  JsonWriter json(out);
  json.open();
  json.field("type", name_of(command.type));
  if (!command.name.empty()) json.field("name", command.name);
  if (!command.avatar_url.empty()) json.field("avatar_url", command.avatar_url);
  if (!command.metadata.empty()) json.raw_field("metadata", command.metadata);
  json.key("members");
  json.open_list();
  json.value(creator.text);
  for (const UserId& user : command.members) json.value(user.text);
  json.close_list();
  json.close();
  return out;
}

void write_settings(JsonWriter& json, const ConversationSettings& settings) {
  json.key("settings");
  json.open();
  json.field("read_receipts", settings.read_receipts);
  json.field("who_can_add", name_of(settings.who_can_add));
  json.field("who_can_post", name_of(settings.who_can_post));
  json.field("slow_mode_s", settings.slow_mode.count());
  json.field("retention_days", settings.retention_days);
  json.field("first_message_limit", settings.first_message_limit.value_or(false));
  json.close();
}

std::string updated_details(const store::Change::Patch& patch) {
  std::string out;
  JsonWriter json(out);
  json.open();
  if (patch.name) json.field("name", *patch.name);
  if (patch.avatar_url) json.field("avatar_url", *patch.avatar_url);
  if (patch.metadata) json.raw_field("metadata", patch.metadata->empty() ? "{}" : *patch.metadata);
  if (patch.settings) write_settings(json, *patch.settings);
  json.close();
  return out;
}

// The caller is in anyway, and naming somebody twice names them once.
void tidy_members(std::vector<UserId>& members, const UserId& caller) {
  std::erase(members, caller);
  std::ranges::sort(members);
  auto repeats = std::ranges::unique(members);
  members.erase(repeats.begin(), repeats.end());
}

std::optional<ConversationSettings> merged(const ConversationSettings& old,
                                           const UpdateConversation::SettingsPatch& patch) {
  ConversationSettings settings = old;
  if (patch.read_receipts) settings.read_receipts = *patch.read_receipts;
  if (patch.who_can_add) settings.who_can_add = *patch.who_can_add;
  if (patch.who_can_post) settings.who_can_post = *patch.who_can_post;
  if (patch.slow_mode) settings.slow_mode = *patch.slow_mode;
  if (patch.retention_days) settings.retention_days = *patch.retention_days;
  if (patch.first_message_limit) settings.first_message_limit = patch.first_message_limit;
  return settings == old ? std::nullopt : std::optional{settings};
}

}  // namespace

Task<Result<Made>> Engine::create(Caller caller, CreateConversation command) {
  CO_TRY_DO(check_conversation(command, caller.user, *caller.policy, limits_));
  tidy_members(command.members, caller.user);

  store::Change change = begin(caller, command.id.value_or(ids_.make<struct ConversationKind>()));
  if (command.at) change.at = *command.at;
  change.creates = row_of(command, caller.user, change.where, change.at);
  if (command.type == ConversationType::direct) {
    change.where = in_the_lane_of_the_pair(change.where, caller.user, command.members.front());
    change.creates->id = change.where;
  }
  change.sets.push_back(
      {.user = caller.user, .role = command.without_owner ? command.others : Role::owner});
  for (const UserId& user : command.members)
    change.sets.push_back({.user = user, .role = command.others});
  store::EventDraft event = draft(EventKind::conversation_created);
  event.details = created_details(command, caller.user);
  change.events.push_back(std::move(event));
  const std::uint64_t mark = fingerprint(command);
  if (!command.once.empty())
    change.once = store::OnceKey{caller.user, command.once, mark, store::OnceKey::Keep::a_day};

  CO_TRY(done, co_await commit(caller, std::move(change), nullptr));
  if (done.outcome == store::Outcome::repeated && done.fingerprint != mark)
    co_return Error{Code::unprocessable, "this client_id was used before for something else", {}};
  auto seen = co_await view(caller, done.where);
  if (!seen) co_return std::move(seen).error();
  co_return Made{std::move(*seen), done.outcome == store::Outcome::committed};
}

Task<Result<ConversationView>> Engine::update(Caller caller, UpdateConversation command) {
  CO_TRY_DO(check_update(command, *caller.policy, limits_));
  for (int tries = 0; tries < stale_tries; ++tries) {
    CO_TRY(at, co_await place(caller, command.where));
    CO_TRY_DO(may_update(at.standing, *caller.policy));
    if (command.settings.retention_days) CO_TRY_DO(may_retain(at.standing, *caller.policy));
    store::Change change = begin(caller, command.where);
    change.expects = at.standing.version;
    change.patch = store::Change::Patch{.name = command.name,
                                        .avatar_url = command.avatar_url,
                                        .metadata = command.metadata,
                                        .settings = merged(at.standing.settings, command.settings),
                                        .deletes = false};
    bool nothing_new =
        !command.name && !command.avatar_url && !command.metadata && !change.patch->settings;
    if (!nothing_new) {
      store::EventDraft event = draft(EventKind::conversation_updated);
      event.details = updated_details(*change.patch);
      if (command.settings.retention_days) change.beside.push_back(retaining(command.where));
      change.events.push_back(std::move(event));
      CO_TRY(done, co_await commit(caller, std::move(change), nullptr));
      if (done.outcome == store::Outcome::stale) continue;
      if (done.outcome != store::Outcome::committed)
        co_return Error{Code::not_found, "there is no such conversation", {}};
    }
    auto seen = co_await view(caller, command.where);
    co_return seen;
  }
  co_return too_much_changing();
}

Task<Result<ConversationView>> Engine::set_own(Caller caller, ConversationId where,
                                               OwnPatch patch) {
  store::Change change = begin(caller, where);
  change.own = patch;
  CO_TRY(done, co_await commit(caller, std::move(change), nullptr));
  if (done.outcome != store::Outcome::committed)
    co_return Error{Code::not_found, "there is no such conversation, or you are not in it", {}};
  co_return co_await view(caller, where);
}

// Everything in it counts as read: what comes later is all that is new.
Task<Result<void>> Engine::put_away(Caller caller, ConversationId where) {
  CO_TRY(seen, co_await view(caller, where));
  if (seen.conversation.type != ConversationType::direct)
    co_return co_await leave(std::move(caller), where);
  if (seen.last_message)
    CO_TRY_DO(co_await mark_read(caller, where, seen.last_message->id, Receipt::silent,
                                 Extent::up_to_it));
  OwnPatch patch;
  patch.hidden = true;
  store::Change change = begin(caller, where);
  change.own = patch;
  CO_TRY(done, co_await commit(caller, std::move(change), nullptr));
  if (done.outcome != store::Outcome::committed)
    co_return Error{Code::not_found, "there is no such conversation, or you are not in it", {}};
  co_return Result<void>{};
}

Task<Result<void>> Engine::remove(Caller caller, ConversationId where) {
  for (int tries = 0; tries < stale_tries; ++tries) {
    CO_TRY(at, co_await place(caller, where));
    CO_TRY_DO(may_remove_conversation(at.standing, *caller.policy));
    store::Change change = begin(caller, where);
    change.expects = at.standing.version;
    change.patch = store::Change::Patch{};
    change.patch->deletes = true;
    change.events.push_back(draft(EventKind::conversation_deleted));
    CO_TRY(done, co_await commit(caller, std::move(change), nullptr));
    if (done.outcome == store::Outcome::stale) continue;
    if (done.outcome != store::Outcome::committed)
      co_return Error{Code::not_found, "there is no such conversation", {}};
    co_return Result<void>{};
  }
  co_return too_much_changing();
}

}  // namespace parley::engine
