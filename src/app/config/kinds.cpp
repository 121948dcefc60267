#include "app/config/kinds.h"

#include <arpa/inet.h>

#include <algorithm>

namespace parley::config {
namespace {

std::unexpected<Error> wrong(std::string what) { return fail(Code::bad_request, std::move(what)); }

bool is_address(const std::string& text) {
  in6_addr bytes{};
  return ::inet_pton(AF_INET, text.c_str(), &bytes) == 1 ||
         ::inet_pton(AF_INET6, text.c_str(), &bytes) == 1;
}

Result<std::string> parse_address(std::string_view text) {
  if (text == "localhost") return "127.0.0.1";
  bool bracketed = text.starts_with('[') && text.ends_with(']');
  std::string bare(bracketed ? text.substr(1, text.size() - 2) : text);
  bool is_ipv6 = bare.find(':') != std::string::npos;
  if (!is_address(bare) || is_ipv6 != bracketed)
    return wrong("has no IP address in front of the port; write 127.0.0.1:8080 or [::1]:8080");
  return bare;
}

Result<std::string> parse_dialect(std::string_view text) {
  for (std::string_view known : {"native", "dinq", "echo", "messaging", "pulse", "rtchat"})
    if (text == known) return std::string(text);
  return wrong(
      "wants a dialect that does not exist; there are native, dinq, echo, messaging, pulse and "
      "rtchat");
}

Result<std::uint16_t> parse_port(std::string_view text) {
  auto port = parse_count(text);
  if (!port || *port > 65'535)
    return wrong("has no port from 0 to 65535; write 8080, 127.0.0.1:8080 or [::1]:8080");
  return static_cast<std::uint16_t>(*port);
}

bool has_scheme(std::string_view text, std::initializer_list<std::string_view> schemes) {
  return std::ranges::any_of(schemes, [&](std::string_view scheme) {
    return text.starts_with(scheme) && text.size() > scheme.size();
  });
}

}  // namespace

Result<std::string> FolderOrS3::parse(std::string_view text) {
  if (text.find("://") != std::string_view::npos && !has_scheme(text, {"s3://"}))
    return wrong("is neither a folder nor s3://KEY:SECRET@HOST/BUCKET");
  return std::string(text);
}

Result<std::string> FileOrUrl::parse(std::string_view text) {
  if (text.find("://") != std::string_view::npos && !has_scheme(text, {"http://", "https://"}))
    return wrong("is neither a file nor an http:// or https:// URL");
  return std::string(text);
}

Result<std::string> HttpUrl::parse(std::string_view text) {
  if (!text.empty() && !has_scheme(text, {"http://", "https://"}))
    return wrong("is no http:// or https:// URL");
  return std::string(text);
}

Result<std::string> PostgresUrl::parse(std::string_view text) {
  if (!has_scheme(text, {"postgres://", "postgresql://"}))
    return wrong("is no database; write postgres://user:password@host:5432/name");
  return std::string(text);
}

Result<std::string> Origin::parse(std::string_view text) {
  if (text == "*") return std::string(text);
  std::size_t path = text.find('/', std::min(text.find("://") + 3, text.size()));
  if (!has_scheme(text, {"http://", "https://"}) || path != std::string_view::npos)
    return wrong(
        "is not an origin; write * or https://chat.example.org (no path, no slash at the end)");
  return std::string(text);
}

Result<bool> OnOff::parse(std::string_view text) {
  for (std::string_view yes : {"on", "true", "yes", "1"})
    if (text == yes) return true;
  for (std::string_view no : {"off", "false", "no", "0"})
    if (text == no) return false;
  return wrong("is neither on nor off");
}

Result<Listen> ListenAt::parse(std::string_view text) {
  Listen listen;
  if (std::size_t equals = text.find('='); equals != std::string_view::npos) {
    TRY(dialect, parse_dialect(text.substr(equals + 1)));
    listen.dialect = std::move(dialect);
    text = text.substr(0, equals);
  }
  if (std::size_t colon = text.rfind(':'); colon != std::string_view::npos) {
    TRY(address, parse_address(text.substr(0, colon)));
    listen.address = std::move(address);
    text = text.substr(colon + 1);
  }
  TRY(port, parse_port(text));
  listen.port = port;
  return listen;
}

std::string ListenAt::show(const Listen& value) {
  bool is_ipv6 = value.address.find(':') != std::string::npos;
  std::string text = is_ipv6 ? '[' + value.address + ']' : value.address;
  if (!text.empty()) text += ':';
  text += std::to_string(value.port);
  return value.dialect == "native" ? text : text + '=' + value.dialect;
}

Result<RateLimiter::Rate> Rate::parse(std::string_view text) {
  if (text == "off") return RateLimiter::Rate{.per_second = 0, .burst = 0};
  std::size_t colon = text.find(':');
  std::string_view speed = text.substr(0, colon);
  if (speed.ends_with("/s")) speed.remove_suffix(2);
  auto commands = parse_count(speed);
  auto burst = colon == std::string_view::npos ? Result<std::size_t>(commands.value_or(0) * 10)
                                               : parse_count(text.substr(colon + 1));
  constexpr std::size_t most = 1'000'000'000;
  if (!commands || !burst || *commands == 0 || *commands > most || *burst == 0 ||
      *burst > 10 * most)
    return wrong("is not a rate; write off, 200/s or 200/s:2000 (commands a second: at once)");
  return RateLimiter::Rate{.per_second = static_cast<double>(*commands),
                           .burst = static_cast<double>(*burst)};
}

std::string Rate::show(const RateLimiter::Rate& value) {
  if (value.per_second <= 0) return "off";
  return std::to_string(static_cast<std::size_t>(value.per_second)) +
         "/s:" + std::to_string(static_cast<std::size_t>(value.burst));
}

std::string_view name_of(StoreKind kind) {
  switch (kind) {
    case StoreKind::postgres:
      return "postgres";
    case StoreKind::mongo:
      return "mongo";
    case StoreKind::memory:
      return "memory";
    case StoreKind::sqlite:
      break;
  }
  return "sqlite";
}

Result<StoreAt> Store::parse(std::string_view text) {
  if (text == "memory" || text == "memory:") return StoreAt{StoreKind::memory, ""};
  if (text == "sqlite") return StoreAt{StoreKind::sqlite, ""};
  if (text.starts_with("sqlite:") && text.size() > 7)
    return StoreAt{StoreKind::sqlite, std::string(text.substr(7))};
  if (has_scheme(text, {"postgres://", "postgresql://"}))
    return StoreAt{StoreKind::postgres, std::string(text)};
  if (has_scheme(text, {"mongodb://", "mongodb+srv://"}))
    return StoreAt{StoreKind::mongo, std::string(text)};
  return wrong("is no store; there are " + std::string(sign));
}

std::string Store::show(const StoreAt& value) {
  switch (value.kind) {
    case StoreKind::memory:
      return "memory:";
    case StoreKind::postgres:
    case StoreKind::mongo:
      return value.where;
    case StoreKind::sqlite:
      break;
  }
  return value.where.empty() ? "sqlite" : "sqlite:" + value.where;
}

}  // namespace parley::config
