// The opening handshake of RFC 6455 and the negotiation of RFC 7692, as functions of the request.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "net/http.h"
#include "net/http_parser.h"
#include "net/ws_codec.h"

namespace parley::net {

// Upgrade and Connection ask for a WebSocket; nothing else is checked.
[[nodiscard]] bool asks_for_websocket(const Request& request);

// Version, method and key.
[[nodiscard]] std::expected<void, Refusal> check_handshake(const Request& request);

// What the client's offers of permessage-deflate allow.
[[nodiscard]] Packing negotiated_packing(const Request& request);

// The 101.
[[nodiscard]] std::string accept_handshake(const Request& request, const Upgrade& upgrade,
                                           Packing packing);

}  // namespace parley::net
