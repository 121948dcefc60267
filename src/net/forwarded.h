// Who asks, where proxies stand in between.
#pragma once

#include <string>

#include "net/http.h"
#include "net/networks.h"

namespace parley::net {

// The right-most address of X-Forwarded-For that is none of these proxies': each of them has written down whom it heard, so
// that is the last one which is known. What stands left of it anybody may have made up. Where the connection is no
// proxy's, the header says nothing, and where it is not made of addresses, it is believed up to there.
[[nodiscard]] std::string client_address(const Request& request, const Networks& proxies);

}  // namespace parley::net
