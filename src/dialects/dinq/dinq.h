// dialects/dinq: the wire of the dinq inbox service.
//
// Knows:     its routes, frames, texts and defaults; its live settings and notification templates.
// Does not:  rules (engine: what differs is in Policy), other dialects.
// In:        requests and frames from net.   Out: commands to the engine; events as frames.
// Lives on:  one door per loop; Shared is for all of them.
// Failing:   {"code":500,"message":…} with the HTTP status of the kind, or an error frame.
// Start at:  Session::frame() in session.cpp; the routes in rest_*.cpp. The contract: docs/wires/dinq.md.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>

#include "dialects/dinq/keys.h"
#include "dialects/dinq/profiles.h"
#include "dialects/dinq/settings.h"
#include "dialects/rest/door.h"
#include "dialects/shell/headcount.h"
#include "engine/engine.h"
#include "files/files.h"
#include "hub/presence.h"
#include "identity/verifier.h"
#include "net/loop.h"

namespace parley::dinq {

// Of documents that are one user's own.
inline constexpr std::array personal_spaces{"dinq.seen", "dinq.notifications"};

// The keys in Redis that follow the log, where they are kept.
struct LogKeys {
  // Comes back when they say what happened up to there, or can't now.
  std::function<Task<void>(Position at)> carried;
  // What nobody waits for.
  std::function<void(outbox::Out)> pass;
  explicit operator bool() const { return carried != nullptr; }
};

// What all loops share.
struct Shared {
  std::shared_ptr<identity::Verifier> verifier;
  identity::Rules rules{.admin_flag = "is_admin",
                        .user_claims = {"user_id"},
                        .require_expiry = false,
                        .number_is_user = false};
  std::string jwt_secret;  // signs the tokens of /message/ws-token; empty: none are made
  std::chrono::seconds ws_token_ttl{300};
  std::string ws_url;            // what it says of where the sockets are; empty: where it was asked
  std::set<std::string> admins;  // user ids
  bool admin_open = false;       // everybody administers, as at the original
  std::size_t devices_max = 18;
  bool oldest_first = false;  // pages of history, as clients of the original may rely on
  std::shared_ptr<hub::Presence> presence;
  std::shared_ptr<shell::Headcount> sockets;
  std::shared_ptr<Settings> settings;
  std::shared_ptr<PresenceKeys> keys;  // empty: there is no Redis
  LogKeys log_keys;
  std::shared_ptr<Profiles> profiles;
  std::shared_ptr<files::Shelf> shelf;
};

[[nodiscard]] std::unique_ptr<rest::Door> make_dinq(net::Loop& loop, engine::Engine& engine,
                                                    Random& random, const Shared& shared);

}  // namespace parley::dinq
