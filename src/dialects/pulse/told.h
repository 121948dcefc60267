// What this wire tells the rest of the platform: its events on a broker.
#pragma once

#include <memory>

#include "outbox/outbox.h"

namespace parley::pulse {

inline constexpr const char* events_exchange = "messaging_events";

// message.sent and message.read. `each_recipient`: a message is told once more to each of them, as the platform's
// notifications expect.
enum class Recipients : bool { together, also_each };
[[nodiscard]] std::shared_ptr<const outbox::Wording> make_wording(Recipients recipients);

// user.online, user.offline.
[[nodiscard]] outbox::Out presence_told(const UserId& user, bool online, Time now);

}  // namespace parley::pulse
