#include "dialects/messaging/keys.h"

#include <algorithm>

namespace parley::messaging {
namespace {

constexpr const char* members_live = "60";
constexpr std::chrono::seconds written_anew_after{30};
constexpr std::size_t known_max = 20'000;
// A conversation of more is not there: each of its changes would write them all.
constexpr std::size_t members_max = 5'000;
constexpr char between = '\n';  // never in a user's id

}  // namespace

void Keys::typing(const Signal& signal, Time now) {
  if (signal.kind != Signal::Kind::typing) return;
  const std::string key = "messaging:typing:" + signal.conversation.text();
  if (!signal.on) return presence_.redis().tell({{"ZREM", key, signal.user.text}});
  const auto ends = std::chrono::ceil<std::chrono::seconds>(now + typing_lasts).time_since_epoch();
  presence_.redis().tell({{"ZADD", key, std::to_string(ends.count()), signal.user.text},
                          {"EXPIRE", key, std::to_string(2 * typing_lasts.count())}});
}

redis::Commands MemberKeys::commands_of(const outbox::Out& one) {
  const std::string key = "messaging:conv:" + one.key;
  redis::Commands commands{{"DEL", key}};
  redis::Command add{"SADD", key};
  for (std::string_view rest = one.body; !rest.empty();) {
    const auto end = std::min(rest.find(between), rest.size());
    add.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  if (add.size() == 2) return commands;
  commands.push_back(std::move(add));
  commands.push_back({"EXPIRE", key, members_live});
  return commands;
}

Result<void> MemberKeys::tell(store::Reader& reader, const store::TrailStep& step,
                              std::vector<outbox::Out>& out) const {
  if (!step.event) return {};
  const bool of_members = step.event->kind == EventKind::conversation_created ||
                          step.event->kind == EventKind::member_added ||
                          step.event->kind == EventKind::member_removed ||
                          step.event->kind == EventKind::conversation_deleted;
  if (!of_members && known(step.event->conversation)) return {};
  const ConversationId& where = step.event->conversation;
  TRY(conversation, reader.conversation(where));
  outbox::Out told;
  told.key = where.text();
  const bool shown = conversation && conversation->deleted_seq.value == 0 &&
                     conversation->members_count <= members_max;
  if (shown) {
    TRY(members, reader.members(where, {}, members_max));
    for (const Member& one : members) {
      if (!told.body.empty()) told.body += between;
      told.body += one.user.text;
    }
  }
  out.push_back(std::move(told));
  std::lock_guard lock(mutex_);
  if (written_.size() >= known_max) written_.clear();
  written_[where] = clock_.instant();
  return {};
}

bool MemberKeys::known(const ConversationId& where) const {
  std::lock_guard lock(mutex_);
  auto at = written_.find(where);
  return at != written_.end() && clock_.instant() - at->second < written_anew_after;
}

void MemberKeys::forget() const {
  std::lock_guard lock(mutex_);
  written_.clear();
}

}  // namespace parley::messaging
