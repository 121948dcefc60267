// dialects/rtchat: the wire of the Real-Time Chat Microservice.
//
// Knows:     its routes, frames and defaults; that a channel is the set of who is in it (channel.h).
// Does not:  rules (engine: what differs is in Policy), other dialects.
// In:        requests from net.   Out: commands to the engine; new messages as frames.
// Lives on:  one door per loop; Shared is for all of them.
// Failing:   a line of text with the HTTP status of the kind.
// Start at:  send() in rest_messages.cpp; Session::event() in session.cpp. The contract: docs/wires/rtchat.md.
#pragma once

#include <memory>

#include "base/rate_limit.h"
#include "dialects/rest/door.h"
#include "dialects/shell/headcount.h"
#include "engine/engine.h"
#include "hub/presence.h"
#include "identity/verifier.h"
#include "net/loop.h"
#include "pending/pending.h"

namespace parley::rtchat {

// What all loops share.
struct Shared {
  std::shared_ptr<identity::Verifier> verifier;
  identity::Rules rules{.admin_flag = {},
                        .user_claims = {"id", "sub", "user_id"},
                        .texts = {},
                        .require_expiry = true,
                        .number_is_user = false};
  std::shared_ptr<RateLimiter> requests;    // of each user
  std::shared_ptr<RateLimiter> count_asks;  // of each address, for /api/connections
  std::shared_ptr<hub::Presence> presence;
  std::shared_ptr<shell::Headcount> sockets;
  std::shared_ptr<pending::Pending> pending;  // what was accepted and is not saved yet
  std::vector<std::string> origins;           // none: no page of another host
  std::size_t content_bytes_max = 64 * 1024;
  std::size_t sockets_max = 20;  // of one user
};

// Of the messages that come through this door.
[[nodiscard]] engine::Policy policy_of(const Shared& shared);
// Before anything runs: `shared.pending` tells it what is to be shown.
[[nodiscard]] std::unique_ptr<rest::Door> make_rtchat(net::Loop& loop, engine::Engine& engine,
                                                      Random& random, const Shared& shared);

}  // namespace parley::rtchat
