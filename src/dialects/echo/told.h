// What this wire tells the rest of the platform: its events on a broker, and those of people who are away.
#pragma once

#include <memory>

#include "dialects/echo/door.h"
#include "dialects/echo/echo.h"
#include "model/signal.h"
#include "outbox/outbox.h"

namespace parley::echo {

struct Telling {
  Topics topics;
  std::shared_ptr<hub::Presence> presence;
  std::string instance;  // which server tells
};
[[nodiscard]] std::shared_ptr<const outbox::Wording> make_wording(Telling telling);

// Typing; nothing where it has no word for it. `id`: of this telling.
[[nodiscard]] std::optional<outbox::Out> passing_told(const Telling& telling, const Signal& signal,
                                                      std::string id, Time now);
// That somebody's devices have messages now: one for each of them by others.
[[nodiscard]] Result<std::vector<outbox::Out>> delivery_told(const Telling& telling,
                                                             store::Reader& reader,
                                                             const Pointer& pointer, Time now);
// For who looks at how the service is used; never what anybody says.
struct Happening {
  std::string_view event;
  const UserId& user;
  const Device& device;
  const ConversationId& where;  // empty: it is of none
  const MessageId& message;     // empty: of none
};
[[nodiscard]] outbox::Out analytics_told(const Topics& topics, const Happening& what,
                                         std::string id, Time now);
// For somebody who is called while they are away. `call`: the frame's payload.
[[nodiscard]] outbox::Out call_told(const Topics& topics, const ConversationId& where,
                                    const UserId& callee, std::string_view call, std::string id,
                                    Time now);

}  // namespace parley::echo
