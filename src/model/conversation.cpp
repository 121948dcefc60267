#include "model/conversation.h"

#include <array>

namespace parley {
namespace {

constexpr std::array<std::string_view, 3> types{"direct", "group", "channel"};
constexpr std::array<std::string_view, 4> roles{"reader", "member", "admin", "owner"};
constexpr std::array<std::string_view, 2> whos{"all", "admins"};
constexpr std::array<std::string_view, 3> notifies{"all", "mentions", "none"};

template <class E, std::size_t N>
std::optional<E> find(const std::array<std::string_view, N>& names, std::string_view text) {
  for (std::size_t i = 0; i < N; ++i)
    if (names[i] == text) return static_cast<E>(i);
  return std::nullopt;
}

}  // namespace

std::string_view name_of(ConversationType type) { return types[static_cast<std::size_t>(type)]; }
std::string_view name_of(Role role) { return roles[static_cast<std::size_t>(role)]; }
std::string_view name_of(Who who) { return whos[static_cast<std::size_t>(who)]; }
std::string_view name_of(Notify notify) { return notifies[static_cast<std::size_t>(notify)]; }
std::optional<ConversationType> parse_conversation_type(std::string_view text) {
  return find<ConversationType>(types, text);
}
std::optional<Role> parse_role(std::string_view text) { return find<Role>(roles, text); }
std::optional<Who> parse_who(std::string_view text) { return find<Who>(whos, text); }
std::optional<Notify> parse_notify(std::string_view text) { return find<Notify>(notifies, text); }

}  // namespace parley
