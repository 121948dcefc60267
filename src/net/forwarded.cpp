#include "net/forwarded.h"

#include <ranges>
#include <vector>

namespace parley::net {
namespace {

constexpr std::string_view blanks = " \t";

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

// As proxies write them: 192.0.2.1, 192.0.2.1:4711, 2001:db8::1, [2001:db8::1], [2001:db8::1]:4711.
std::string_view without_port(std::string_view hop) {
  if (hop.starts_with('[')) {
    const auto end = hop.find(']');
    return end == std::string_view::npos ? std::string_view{} : hop.substr(1, end - 1);
  }
  const auto colon = hop.find(':');
  return colon == hop.rfind(':') ? hop.substr(0, colon) : hop;
}

// Several headers of that name are one list.
std::vector<std::string_view> hops_of(const Request& request) {
  std::vector<std::string_view> hops;
  for (const Header& header : request.headers)
    if (is_named(header, "X-Forwarded-For"))
      for (const auto hop : std::views::split(std::string_view(header.value), ','))
        hops.push_back(trimmed(std::string_view(hop.begin(), hop.end())));
  return hops;
}

}  // namespace

std::string client_address(const Request& request, const Networks& proxies) {
  std::string known = request.peer_address;
  if (!proxies.contains(known)) return known;
  const auto hops = hops_of(request);
  for (const std::string_view hop : std::views::reverse(hops)) {
    const auto address = canonical_address(without_port(hop));
    if (!address) break;
    known = *address;
    if (!proxies.contains(known)) break;
  }
  return known;
}

}  // namespace parley::net
