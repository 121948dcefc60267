#include "engine/decide.h"

#include <simdjson.h>

#include <algorithm>

namespace parley::engine {
namespace {

bool leads(Role role) { return role >= Role::admin; }

std::unexpected<Error> unseen() {
  return fail(Code::not_found, "there is no such conversation, or you are not in it");
}

Result<void> check_avatar(std::string_view url) {
  if (url.size() > 2048) return fail(Code::too_large, "avatar_url is longer than 2048 bytes");
  if (url.find('\0') != std::string_view::npos)
    return fail(Code::unprocessable, "avatar_url contains U+0000");
  return {};
}

Result<void> check_metadata(std::string_view metadata, const Limits& limits) {
  if (metadata.size() <= limits.metadata_bytes) return {};
  return fail(Code::too_large, "metadata is " + std::to_string(metadata.size()) +
                                   " bytes of JSON; at most " +
                                   std::to_string(limits.metadata_bytes) + " are kept");
}

Result<void> check_name(std::string_view name, const Policy& policy) {
  if (name.find('\0') != std::string_view::npos)
    return fail(Code::unprocessable, "name contains U+0000");
  if (code_points(name) <= policy.name_max) return {};
  return fail(Code::too_large,
              "name has more than " + std::to_string(policy.name_max) + " characters");
}

}  // namespace

bool valid_user_id(std::string_view text) {
  if (text.empty() || text.size() > 128 || !simdjson::validate_utf8(text.data(), text.size()))
    return false;
  return std::ranges::none_of(text, [](char c) {
    auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7F;
  });
}

Result<void> check_key(std::string_view key, const Limits& limits) {
  if (key.size() > limits.key_bytes)
    return fail(Code::unprocessable,
                "client_id is longer than " + std::to_string(limits.key_bytes) + " bytes");
  if (key.find('\0') != std::string_view::npos)
    return fail(Code::unprocessable, "client_id contains U+0000");
  return {};
}

Result<void> check_mentions(const std::vector<Mention>& mentions, std::string_view text,
                            std::size_t most) {
  if (mentions.size() > most)
    return fail(Code::unprocessable, "more than " + std::to_string(most) + " mentions");
  const std::size_t length = mentions.empty() ? 0 : code_points(text);
  for (const Mention& one : mentions)
    if (std::size_t{one.offset} + one.length > length)
      return fail(Code::unprocessable,
                  "a mention ends behind the text: offset and length count Unicode code points");
  return {};
}

Result<void> check_message(const SendMessage& command, Rank rank, const Policy& policy,
                           const Limits& limits) {
  const bool may_be_empty = policy.only_text_needs_text && command.type != MessageType::text;
  if (command.text.empty() && command.attachment_count == 0 && !may_be_empty)
    return fail(Code::unprocessable, "text is empty and there is no attachment");
  if (command.text.find('\0') != std::string::npos)
    return fail(Code::unprocessable, "text contains U+0000");
  const std::size_t most = command.sealed ? policy.sealed_max : policy.text_max;
  if (command.text.size() > most && code_points(command.text) > most)
    return fail(Code::too_large, "text has more than " + std::to_string(most) + " characters");
  if (command.attachment_count > limits.attachments)
    return fail(Code::unprocessable,
                "more than " + std::to_string(limits.attachments) + " attachments");
  if (command.type == MessageType::system && rank == Rank::user)
    return fail(Code::forbidden, "messages of type system come from a service or an admin only");
  TRY_DO(check_mentions(command.mentions, command.text,
                        policy.mentions_max > 0 ? policy.mentions_max : limits.mentions));
  TRY_DO(check_metadata(command.metadata, limits));
  return check_key(command.once, limits);
}

Result<void> check_conversation(const CreateConversation& command, const UserId& caller,
                                const Policy& policy, const Limits& limits) {
  TRY_DO(check_name(command.name, policy));
  TRY_DO(check_metadata(command.metadata, limits));
  TRY_DO(check_avatar(command.avatar_url));
  TRY_DO(check_key(command.once, limits));
  const std::size_t most = policy.group_size > 0 ? policy.group_size : limits.group_size;
  if (command.members.size() > most)
    return fail(Code::too_large, "at most " + std::to_string(most) +
                                     " members can be named at once; add the others afterwards");
  for (const UserId& user : command.members)
    if (!valid_user_id(user.text))
      return fail(Code::unprocessable, "a member's id is 1 to 128 bytes of printable UTF-8");
  if (command.type != ConversationType::direct) return {};
  if (command.members.size() != 1)
    return fail(Code::unprocessable, "a direct conversation has exactly one other member");
  if (command.members.front() == caller)
    return fail(Code::unprocessable, "a direct conversation is with somebody else than oneself");
  return {};
}

Result<void> check_update(const UpdateConversation& command, const Policy& policy,
                          const Limits& limits) {
  if (command.name) TRY_DO(check_name(*command.name, policy));
  if (command.metadata) TRY_DO(check_metadata(*command.metadata, limits));
  if (command.avatar_url) TRY_DO(check_avatar(*command.avatar_url));
  const auto slow_mode = command.settings.slow_mode.value_or(std::chrono::seconds{0});
  if (slow_mode < std::chrono::seconds{0} || slow_mode > limits.slow_mode_max)
    return fail(Code::unprocessable, "slow_mode_s is 0 (off) to " +
                                         std::to_string(limits.slow_mode_max.count()) + " seconds");
  if (command.settings.retention_days.value_or(0) > limits.retention_days_max)
    return fail(Code::unprocessable,
                "retention_days is 0 (for ever) to " + std::to_string(limits.retention_days_max));
  return {};
}

Result<void> may_send(const Standing& standing, Rank rank, MessageType type, const Policy& policy) {
  bool by_the_house = type == MessageType::system && rank != Rank::user;
  if (!standing.exists || (!standing.present && !by_the_house)) return unseen();
  if (by_the_house) return {};
  if (standing.blocked) return fail(Code::blocked, "this person has blocked you");
  if (standing.role == Role::reader) return fail(Code::forbidden, "readers can't post here");
  if (standing.settings.who_can_post == Who::admins && !leads(standing.role))
    return fail(Code::forbidden, "only owners and admins post in this conversation");
  const bool first_message_limit =
      standing.settings.first_message_limit.value_or(policy.first_message_limit);
  if (first_message_limit && standing.type == ConversationType::direct && standing.spoke &&
      !standing.answered)
    return fail(Code::muted, "wait for an answer before you write again");
  return {};
}

bool waits_for_answer(const Conversation& at, const UserId& user, const Policy& policy) {
  const bool limited = at.settings.first_message_limit.value_or(policy.first_message_limit);
  if (!limited || at.type != ConversationType::direct) return false;
  const bool is_low = at.direct_low == user;
  return (is_low ? at.low_spoke : at.high_spoke) && !(is_low ? at.high_spoke : at.low_spoke);
}

bool waits_for_answer(const Event& sent, const Policy& policy) {
  return policy.first_message_limit && sent.place == ConversationType::direct && !sent.answered;
}

bool slowed(const Standing& standing, Rank rank, MessageType type) {
  const bool by_the_house = type == MessageType::system && rank != Rank::user;
  return standing.settings.slow_mode.count() > 0 && !leads(standing.role) && !by_the_house;
}

Result<void> may_edit(const Message& message, const UserId& caller, const Standing& standing) {
  if (standing.blocked) return fail(Code::blocked, "this person has blocked you");
  if (message.sender != caller) return fail(Code::forbidden, "only its author edits a message");
  if (message.gone()) return fail(Code::gone, "the message was deleted or recalled");
  return {};
}

Result<void> may_delete(const Message& message, const UserId& caller, const Standing& standing,
                        const Policy& policy) {
  if (policy.only_senders_delete && message.sender != caller)
    return fail(Code::forbidden, "only its sender deletes a message");
  if (message.sender != caller && !leads(standing.role))
    return fail(Code::forbidden, "only its author, an owner or an admin deletes a message");
  return {};
}

Result<void> may_recall(const Message& message, const UserId& caller, Time now,
                        const Policy& policy) {
  if (message.sender != caller) return fail(Code::forbidden, "only its author recalls a message");
  if (message.gone()) return fail(Code::gone, "the message was deleted or recalled");
  if (now - message.created_at > policy.recall_window)
    return fail(Code::gone, "a message can be recalled for " +
                                std::to_string(policy.recall_window.count()) + " s; delete it");
  return {};
}

// What it would be after the edit has to be a message that could be sent.
Result<void> check_edit(const EditMessage& command, const Message& message, Rank rank,
                        const Policy& policy, const Limits& limits) {
  if (!command.text && !command.metadata && !command.mentions)
    return fail(Code::unprocessable, "say what changes: text, mentions or metadata");
  SendMessage after;
  after.type = message.type;
  after.text = command.text.value_or(message.text);
  after.attachment_count = message.attachments.empty() ? 0 : 1;
  after.sealed = message.sealed;
  after.metadata = command.metadata.value_or(message.metadata);
  after.mentions = command.mentions.value_or(std::vector<Mention>{});
  return check_message(after, rank, policy, limits);
}

namespace {

Result<void> check_short_text(std::string_view emoji, std::size_t most) {
  const bool blank = emoji.empty() || has_blank(emoji);
  if (!blank && code_points(emoji) <= most) return {};
  return fail(Code::unprocessable,
              "a reaction is 1 to " + std::to_string(most) + " characters without blanks");
}

}  // namespace

Result<void> check_emoji(std::string_view emoji, const Policy& policy) {
  if (policy.reaction_max > 0) return check_short_text(emoji, policy.reaction_max);
  auto name_part = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '+';
  };
  const bool named = emoji.size() > 2 && emoji.size() <= 100 && emoji.front() == ':' &&
                     emoji.back() == ':' &&
                     std::ranges::all_of(emoji.substr(1, emoji.size() - 2), name_part);
  const bool blank = !emoji.empty() && static_cast<unsigned char>(emoji.front()) <= ' ';
  if (named || (!blank && emoji.size() <= 100 && is_one_character(emoji))) return {};
  return fail(Code::unprocessable, "a reaction is one character, such as an emoji, or :name:");
}

Result<void> may_react(const Message& message, const Standing& standing) {
  if (standing.blocked) return fail(Code::blocked, "this person has blocked you");
  if (message.gone()) return fail(Code::gone, "the message was deleted or recalled");
  return {};
}

Result<void> may_pin(const Message& message, const Standing& standing) {
  if (message.gone()) return fail(Code::gone, "the message was deleted or recalled");
  if (standing.role == Role::reader) return fail(Code::forbidden, "readers don't pin messages");
  return {};
}

Result<void> may_update(const Standing& standing, const Policy& policy) {
  if (!standing.exists || !standing.present) return unseen();
  if (policy.both_sides_update && standing.type == ConversationType::direct) return {};
  if (!leads(standing.role))
    return fail(Code::forbidden, "only owners and admins change a conversation");
  return {};
}

Result<void> may_retain(const Standing& standing, const Policy& policy) {
  if (policy.only_owners_retain && standing.role != Role::owner)
    return fail(Code::forbidden, "only the owner says how long messages stay");
  return {};
}

Result<void> may_remove_conversation(const Standing& standing, const Policy& policy) {
  if (!standing.exists || !standing.present) return unseen();
  if (standing.type == ConversationType::direct && policy.direct_can_end) return {};
  if (standing.type == ConversationType::direct)
    return fail(Code::forbidden, "a direct conversation stays: it is one per pair for ever");
  if (standing.role != Role::owner)
    return fail(Code::forbidden, "only an owner deletes a conversation");
  return {};
}

Result<void> may_add(const Standing& standing, Role granted) {
  if (!standing.exists || !standing.present) return unseen();
  if (standing.type == ConversationType::direct)
    return fail(Code::forbidden, "a direct conversation has exactly its two members");
  if (standing.settings.who_can_add != Who::all && !leads(standing.role))
    return fail(Code::forbidden, "only owners and admins add members here");
  if (granted > standing.role) return fail(Code::forbidden, "nobody grants a role above their own");
  return {};
}

Result<void> may_set_role(const Standing& standing, Target target, Role whom, Role granted,
                          const Policy& policy) {
  if (!standing.exists || !standing.present) return unseen();
  if (standing.type == ConversationType::direct)
    return fail(Code::forbidden, "a direct conversation has no roles to give");
  if (policy.one_owner && (standing.role != Role::owner || target == Target::self))
    return fail(Code::forbidden, "only the owner gives roles, and to others");
  if (granted > standing.role) return fail(Code::forbidden, "nobody grants a role above their own");
  if (policy.equals_are_untouchable && whom == standing.role)
    return fail(Code::forbidden, "nobody changes somebody of their own role");
  if (target == Target::self) return {};
  if (!leads(standing.role)) return fail(Code::forbidden, "only owners and admins change roles");
  if (whom > standing.role) return fail(Code::forbidden, "nobody changes someone of a higher role");
  return {};
}

Result<void> may_remove_member(const Standing& standing, Target target, Role whom,
                               const Policy& policy) {
  if (!standing.exists || !standing.present) return unseen();
  if (standing.type == ConversationType::direct)
    return fail(Code::forbidden, "nobody leaves a direct conversation");
  if (policy.one_owner && whom == Role::owner)
    return fail(Code::forbidden, "the owner hands the conversation over before leaving");
  if (target == Target::self) return {};
  if (!leads(standing.role)) return fail(Code::forbidden, "only owners and admins remove members");
  if (policy.equals_are_untouchable && whom == standing.role)
    return fail(Code::forbidden, "nobody removes somebody of their own role");
  if (whom > standing.role) return fail(Code::forbidden, "nobody removes someone of a higher role");
  return {};
}

std::optional<UserId> next_owner(std::span<const Member> candidates, const UserId& leaving) {
  const Member* best = nullptr;
  for (const Member& member : candidates) {
    if (member.user == leaving) continue;
    if (member.role == Role::owner) return std::nullopt;
    // Oldest first, so a later one wins only as the first admin.
    if (best == nullptr || (member.role == Role::admin && best->role != Role::admin))
      best = &member;
  }
  return best == nullptr ? std::nullopt : std::optional{best->user};
}

}  // namespace parley::engine
