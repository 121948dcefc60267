#include "net/handshake.h"

#include <openssl/evp.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <vector>

#include "net/http_head.h"

namespace parley::net {
namespace {

using boost::beast::iequals;
namespace http = boost::beast::http;

// In any header of that name, in a list.
bool has_token(const Request& request, std::string_view name, std::string_view token) {
  return std::ranges::any_of(request.headers, [&](const Header& header) {
    return iequals(header.name, name) && http::token_list(header.value).exists(token);
  });
}

bool is_key(std::string_view key) {
  // 16 bytes in base64.
  constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  return key.size() == 24 && key.ends_with("==") &&
         key.substr(0, 22).find_first_not_of(alphabet) == std::string_view::npos;
}

std::string accept_of(std::string_view key) {
  std::string text(key);
  text += "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<unsigned char, SHA_DIGEST_LENGTH> digest;
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  std::array<unsigned char, 32> encoded;
  const int bytes = EVP_EncodeBlock(encoded.data(), digest.data(), static_cast<int>(digest.size()));
  return {reinterpret_cast<const char*>(encoded.data()), static_cast<std::size_t>(bytes)};
}

bool is_window_bits(std::string_view value) {
  return value == "8" || value == "9" ||
         (value.size() == 2 && value[0] == '1' && value[1] >= '0' && value[1] <= '5');
}

// Frames are deflated once for all, with the full window: an offer that asks us for a smaller one is declined.
bool acceptable(const http::param_list& parameters) {
  std::vector<std::string> seen;
  for (const auto& [name_seen, value_seen] : parameters) {
    const std::string name(name_seen);
    const std::string_view value(value_seen);
    if (std::ranges::find(seen, name) != seen.end()) return false;
    if (name == "client_max_window_bits") {
      if (!value.empty() && !is_window_bits(value)) return false;
    } else if (name == "server_max_window_bits") {
      if (value != "15") return false;
    } else if (name == "server_no_context_takeover" || name == "client_no_context_takeover") {
      if (!value.empty()) return false;
    } else {
      return false;
    }
    seen.push_back(name);
  }
  return true;
}

Refusal bad(std::string why, unsigned status = 0) {
  return {{Code::bad_request, std::move(why), {}}, status};
}

}  // namespace

bool asks_for_websocket(const Request& request) {
  return has_token(request, "Upgrade", "websocket") && has_token(request, "Connection", "upgrade");
}

std::expected<void, Refusal> check_handshake(const Request& request) {
  if (request.method != "GET") return std::unexpected(bad("a WebSocket is opened with GET"));
  if (request.header("Sec-WebSocket-Version") != "13")
    return std::unexpected(bad("the WebSocket version is 13", 426));
  if (!is_key(request.header("Sec-WebSocket-Key").value_or("")))
    return std::unexpected(bad("Sec-WebSocket-Key must be 16 bytes in base64"));
  return {};
}

Packing negotiated_packing(const Request& request) {
  for (const Header& header : request.headers) {
    if (!iequals(header.name, "Sec-WebSocket-Extensions")) continue;
    for (const auto& [name, parameters] : http::ext_list(header.value))
      if (iequals(name, "permessage-deflate") && acceptable(parameters)) return Packing::deflated;
  }
  return Packing::plain;
}

std::string accept_handshake(const Request& request, const Upgrade& upgrade, Packing packing) {
  std::string out =
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";
  append_header(out, "Sec-WebSocket-Accept", accept_of(*request.header("Sec-WebSocket-Key")));
  if (!upgrade.subprotocol.empty())
    append_header(out, "Sec-WebSocket-Protocol", upgrade.subprotocol);
  if (packing == Packing::deflated)
    append_header(out, "Sec-WebSocket-Extensions",
                  "permessage-deflate; server_no_context_takeover; client_no_context_takeover");
  for (const Header& header : upgrade.headers) append_header(out, header.name, header.value);
  out += "\r\n";
  return out;
}

}  // namespace parley::net
