// This wire's ids: UUIDs, read in any usual form, written in lower case with dashes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/names.h"

namespace parley::dinq {

// Upper case, braces and missing dashes are fine; nothing else.
[[nodiscard]] std::optional<std::string> read_uuid(std::string_view text);

// Not a UUID: bad_request with that text. A UUID that this server never gave: not_found, but that is told like one.
[[nodiscard]] Result<ConversationId> conversation_id(std::string_view text,
                                                     std::string_view refusal);
[[nodiscard]] Result<MessageId> message_id(std::string_view text, std::string_view refusal);
[[nodiscard]] Result<UserId> user_id(std::string_view text, std::string_view refusal);

}  // namespace parley::dinq
