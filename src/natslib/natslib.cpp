#include "natslib/natslib.h"

#include <algorithm>
#include <string_view>

namespace parley::natslib {
namespace {

constexpr std::string_view scheme = "nats://";

}  // namespace

Result<std::vector<std::string>> servers_in(const std::string& url) {
  std::vector<std::string> servers;
  for (std::size_t at = 0; at <= url.size();) {
    const std::size_t end = std::min(url.find(';', at), url.size());
    std::string one = url.substr(at, end - at);
    if (!one.starts_with(scheme)) one.insert(0, scheme);
    if (one.size() == scheme.size())
      return fail(Code::bad_request, "is not like nats://user:password@host:4222");
    servers.push_back(std::move(one));
    at = end + 1;
  }
  return servers;
}

std::vector<const char*> pointers(const std::vector<std::string>& texts) {
  std::vector<const char*> all;
  for (const std::string& one : texts) all.push_back(one.c_str());
  return all;
}

}  // namespace parley::natslib
