#include "net/networks.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>

#include "net/address.h"

namespace parley::net {
namespace {

constexpr unsigned all_bits = 128;
constexpr unsigned bits_before_ipv4 = 96;

// IPv4 as ::ffff:a.b.c.d.
std::optional<std::array<std::uint8_t, 16>> parse(std::string_view text) {
  if (text.size() >= INET6_ADDRSTRLEN) return std::nullopt;
  const std::string plain(text);
  std::array<std::uint8_t, 16> address{};
  if (::inet_pton(AF_INET6, plain.c_str(), address.data()) == 1) return address;
  address = {};
  address[10] = address[11] = 0xFF;
  if (::inet_pton(AF_INET, plain.c_str(), address.data() + 12) == 1) return address;
  return std::nullopt;
}

}  // namespace

std::optional<std::string> canonical_address(std::string_view text) {
  const auto address = parse(text);
  if (!address) return std::nullopt;
  sockaddr_storage six{};
  six.ss_family = AF_INET6;
  std::ranges::copy(*address, reinterpret_cast<sockaddr_in6&>(six).sin6_addr.s6_addr);
  return address_text(six);
}

Result<void> Networks::add(std::string_view network) {
  const auto slash = network.find('/');
  const std::string_view text = network.substr(0, slash);
  auto address = parse(text);
  const unsigned offset = text.find(':') == std::string_view::npos ? bits_before_ipv4 : 0;
  unsigned bits = all_bits;
  bool good = address.has_value();
  if (good && slash != std::string_view::npos) {
    const std::string_view digits = network.substr(slash + 1);
    unsigned given = 0;
    auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), given);
    good =
        error == std::errc{} && end == digits.data() + digits.size() && given <= all_bits - offset;
    bits = given + offset;
  }
  if (!good)
    return fail(Code::bad_request, "is no network; write 127.0.0.1, 10.0.0.0/8 or fd00::/8");
  networks_.push_back({*address, bits});
  return {};
}

bool Networks::contains(std::string_view address) const {
  auto peer = parse(address);
  if (!peer) return false;
  return std::ranges::any_of(networks_, [&](const Network& network) {
    for (unsigned bit = 0; bit < network.bits; ++bit) {
      const auto mask = static_cast<std::uint8_t>(0x80U >> (bit % 8));
      if (((network.address[bit / 8] ^ (*peer)[bit / 8]) & mask) != 0) return false;
    }
    return true;
  });
}

}  // namespace parley::net
