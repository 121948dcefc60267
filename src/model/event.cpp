#include "model/event.h"

#include <array>

namespace parley {

std::string_view name_of(EventKind kind) {
  static constexpr std::array<std::string_view, 11> names{"",
                                                          "message.created",
                                                          "conversation.created",
                                                          "conversation.updated",
                                                          "conversation.deleted",
                                                          "member.added",
                                                          "member.removed",
                                                          "member.updated",
                                                          "message.updated",
                                                          "message.deleted",
                                                          "message.recalled"};
  return names[static_cast<std::size_t>(kind)];
}

}  // namespace parley
