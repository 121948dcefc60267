// What this wire tells the rest of the platform: its events on a broker, and those of people who are away.
#pragma once

#include <memory>

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
// For somebody who is called while they are away. `call`: the frame's payload.
[[nodiscard]] outbox::Out call_told(const Topics& topics, const ConversationId& where,
                                    const UserId& callee, std::string_view call, std::string id,
                                    Time now);

}  // namespace parley::echo
