#include "amqp/amqp.h"

#include <amqp_tcp_socket.h>

#include <algorithm>

namespace parley::amqp {
namespace {

constexpr int frame_max = 131'072;
constexpr std::chrono::seconds connect_within{3};
constexpr std::chrono::seconds answer_within{5};

Result<void> check(const amqp_rpc_reply_t& reply, const char* doing) {
  if (reply.reply_type == AMQP_RESPONSE_NORMAL) return {};
  std::string why = reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION
                        ? amqp_error_string2(reply.library_error)
                        : "the broker refuses";
  return std::unexpected(not_now(std::string(doing) + ": " + why));
}

}  // namespace

Result<Address> parse_address(const std::string& url) {
  std::string text = url;  // taken apart in place
  amqp_connection_info parts{};
  amqp_default_connection_info(&parts);
  if (amqp_parse_url(text.data(), &parts) != AMQP_STATUS_OK || parts.host == nullptr)
    return fail(Code::bad_request, "is not like amqp://user:password@host:5672/");
  if (parts.ssl != 0) return fail(Code::bad_request, "amqps is not there yet");
  const std::string_view vhost = parts.vhost;
  return Address{.user = parts.user,
                 .password = parts.password,
                 .host = parts.host,
                 .vhost = vhost.empty() ? "/" : std::string(vhost),
                 .port = parts.port};
}

Result<Connection> connect(const Address& address, std::chrono::seconds heartbeat) {
  Connection fresh(amqp_new_connection());
  if (!fresh) return std::unexpected(not_now("out of memory"));
  amqp_socket_t* socket = amqp_tcp_socket_new(fresh.get());
  if (socket == nullptr) return std::unexpected(not_now("out of memory"));
  timeval patience = as_timeval(connect_within);
  if (const int status =
          amqp_socket_open_noblock(socket, address.host.c_str(), address.port, &patience);
      status != AMQP_STATUS_OK)
    return std::unexpected(not_now(amqp_error_string2(status)));
  timeval answer = as_timeval(answer_within);
  amqp_set_handshake_timeout(fresh.get(), &answer);
  amqp_set_rpc_timeout(fresh.get(), &answer);
  TRY_DO(check(amqp_login(fresh.get(), address.vhost.c_str(), 0, frame_max,
                          static_cast<int>(heartbeat.count()), AMQP_SASL_METHOD_PLAIN,
                          address.user.c_str(), address.password.c_str()),
               "logging in"));
  amqp_channel_open(fresh.get(), channel);
  TRY_DO(answered(fresh, "opening a channel"));
  return fresh;
}

Result<void> answered(const Connection& connection, const char* doing) {
  return check(amqp_get_rpc_reply(connection.get()), doing);
}

Result<void> declare_exchange(const Connection& connection, std::string_view name) {
  amqp_exchange_declare(connection.get(), channel, bytes_of(name), bytes_of("topic"), 0, 1, 0, 0,
                        amqp_empty_table);
  return answered(connection, "declaring an exchange");
}

Error not_now(const std::string& what) {
  return {Code::unavailable, "rabbitmq: " + what, std::chrono::seconds{1}};
}

timeval as_timeval(std::chrono::steady_clock::duration left) {
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(
      std::max(left, std::chrono::steady_clock::duration::zero()));
  return {.tv_sec = micros.count() / 1'000'000, .tv_usec = micros.count() % 1'000'000};
}

amqp_bytes_t bytes_of(std::string_view text) {
  return {text.size(), const_cast<char*>(text.data())};
}

std::string_view text_of(const amqp_bytes_t& bytes) {
  return {static_cast<const char*>(bytes.bytes), bytes.len};
}

}  // namespace parley::amqp
