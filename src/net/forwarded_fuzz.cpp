// Whatever comes as X-Forwarded-For, what is made of it is an address in its one way to be written.
#include <cstddef>
#include <cstdint>

#include "base/assert.h"
#include "net/forwarded.h"

using namespace parley::net;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Networks proxies = [] {
    Networks networks;
    PARLEY_ASSERT(networks.add("10.0.0.0/8").has_value());
    PARLEY_ASSERT(networks.add("fd00::/8").has_value());
    return networks;
  }();
  Request request;
  request.peer_address = "10.0.0.1";
  request.headers.push_back(
      {"X-Forwarded-For", std::string(reinterpret_cast<const char*>(data), size)});
  const std::string address = client_address(request, proxies);
  PARLEY_ASSERT(canonical_address(address) == address);
  return 0;
}
