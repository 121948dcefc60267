// A channel is a set of user ids, and nothing else: who names the same people names the same channel.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/names.h"

namespace parley::rtchat {

// In order, each once.
using Participants = std::vector<UserId>;

// Blanks around the ids are taken off, repeats dropped, the rest put in order. None, too many, or a wrong one: bad_request.
[[nodiscard]] Result<Participants> normal_form(const std::vector<std::string_view>& named);

// The id of what is made for this set: it follows from the set alone, so that whoever is first makes the same one.
[[nodiscard]] ConversationId channel_id(const Participants& participants);

}  // namespace parley::rtchat
