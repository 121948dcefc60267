#include "model/event.h"

#include <array>

namespace parley {

std::string_view name_of(EventKind kind) {
  static constexpr std::array<std::string_view, 15> names{"",
                                                          "message.created",
                                                          "conversation.created",
                                                          "conversation.updated",
                                                          "conversation.deleted",
                                                          "member.added",
                                                          "member.removed",
                                                          "member.updated",
                                                          "message.updated",
                                                          "message.deleted",
                                                          "message.recalled",
                                                          "message.pinned",
                                                          "message.unpinned",
                                                          "reaction.added",
                                                          "reaction.removed"};
  return names[static_cast<std::size_t>(kind)];
}

}  // namespace parley
