// What this wire tells the rest of the platform: its events on a broker.
#pragma once

#include <memory>

#include "dialects/messaging/messaging.h"
#include "model/signal.h"
#include "outbox/outbox.h"

namespace parley::messaging {

inline constexpr const char* events_stream = "MESSAGING";
// What is kept in the stream: all but what passes.
inline constexpr std::array lasting_subjects{"messaging.message.>", "messaging.reaction.>",
                                             "messaging.conversation.>", "messaging.member.>"};

// `instance`: which server tells.
[[nodiscard]] std::shared_ptr<const outbox::Wording> make_wording(const Shared& shared,
                                                                  std::string instance);

// typing.indicator and presence.changed; nothing where it has no word for it. `id`: of this telling.
[[nodiscard]] std::optional<outbox::Out> passing_told(const Signal& signal, std::string id,
                                                      std::string_view instance, Time now);

}  // namespace parley::messaging
