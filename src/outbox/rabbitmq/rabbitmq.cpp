#include "outbox/rabbitmq/rabbitmq.h"

#include <amqp.h>
#include <amqp_tcp_socket.h>

#include <algorithm>
#include <set>

#include "base/time.h"

namespace parley::outbox {
namespace {

constexpr amqp_channel_t channel = 1;
constexpr int frame_max = 131'072;
constexpr std::chrono::seconds connect_within{3};
constexpr std::chrono::seconds answer_within{5};

using Clock = std::chrono::steady_clock;

struct Close {
  void operator()(amqp_connection_state_t state) const { amqp_destroy_connection(state); }
};
using Connection = std::unique_ptr<amqp_connection_state_t_, Close>;

struct Address {
  std::string user, password, host, vhost;
  int port = 0;
};

timeval as_timeval(Clock::duration left) {
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(
      std::max(left, Clock::duration::zero()));
  return {.tv_sec = micros.count() / 1'000'000, .tv_usec = micros.count() % 1'000'000};
}

amqp_bytes_t bytes_of(std::string_view text) {
  return {text.size(), const_cast<char*>(text.data())};
}

Error not_now(const std::string& what) {
  return {Code::unavailable, "rabbitmq: " + what, std::chrono::seconds{1}};
}

// What an answer to a question says, if it says no.
Result<void> check(const amqp_rpc_reply_t& reply, const char* doing) {
  if (reply.reply_type == AMQP_RESPONSE_NORMAL) return {};
  std::string why = reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION
                        ? amqp_error_string2(reply.library_error)
                        : "the broker refuses";
  return std::unexpected(not_now(std::string(doing) + ": " + why));
}

class RabbitMq final : public Sink {
 public:
  RabbitMq(Address address, std::string exchange)
      : address_(std::move(address)), exchange_(std::move(exchange)) {}

  Result<void> send(std::span<const Out> batch) override {
    auto done = try_send(batch);
    if (!done) forget();
    return done;
  }

  void send_passing(const Out& one) override {
    if (connection_ && !publish(one)) forget();
  }

 private:
  Result<void> try_send(std::span<const Out> batch) {
    if (!connection_) TRY_DO(connect());
    for (const Out& one : batch) TRY_DO(publish(one));
    const auto end = Clock::now() + answer_within;
    while (!unconfirmed_.empty()) TRY_DO(hear(end));
    // Whether it is still there, where nothing was asked of it.
    return batch.empty() ? hear(Clock::now()) : Result<void>{};
  }

  Result<void> connect() {
    Connection fresh(amqp_new_connection());
    if (!fresh) return std::unexpected(not_now("out of memory"));
    amqp_socket_t* socket = amqp_tcp_socket_new(fresh.get());
    if (socket == nullptr) return std::unexpected(not_now("out of memory"));
    timeval patience = as_timeval(connect_within);
    if (const int status =
            amqp_socket_open_noblock(socket, address_.host.c_str(), address_.port, &patience);
        status != AMQP_STATUS_OK)
      return std::unexpected(not_now(amqp_error_string2(status)));
    timeval answer = as_timeval(answer_within);
    amqp_set_handshake_timeout(fresh.get(), &answer);
    amqp_set_rpc_timeout(fresh.get(), &answer);
    TRY_DO(
        check(amqp_login(fresh.get(), address_.vhost.c_str(), 0, frame_max, 0,
                         AMQP_SASL_METHOD_PLAIN, address_.user.c_str(), address_.password.c_str()),
              "logging in"));
    amqp_channel_open(fresh.get(), channel);
    TRY_DO(check(amqp_get_rpc_reply(fresh.get()), "opening a channel"));
    amqp_exchange_declare(fresh.get(), channel, bytes_of(exchange_), bytes_of("topic"), 0, 1, 0, 0,
                          amqp_empty_table);
    TRY_DO(check(amqp_get_rpc_reply(fresh.get()), "declaring the exchange"));
    amqp_confirm_select(fresh.get(), channel);
    TRY_DO(check(amqp_get_rpc_reply(fresh.get()), "asking for confirms"));
    connection_ = std::move(fresh);
    published_ = 0;
    unconfirmed_.clear();
    return {};
  }

  void forget() {
    connection_.reset();
    unconfirmed_.clear();
  }

  Result<void> publish(const Out& one) {
    amqp_basic_properties_t properties{};
    properties._flags = AMQP_BASIC_CONTENT_TYPE_FLAG | AMQP_BASIC_DELIVERY_MODE_FLAG |
                        AMQP_BASIC_MESSAGE_ID_FLAG | AMQP_BASIC_TIMESTAMP_FLAG;
    properties.content_type = bytes_of("application/json");
    properties.delivery_mode = AMQP_DELIVERY_PERSISTENT;
    properties.message_id = bytes_of(one.id);
    properties.timestamp = static_cast<std::uint64_t>(
        std::chrono::floor<std::chrono::seconds>(one.at).time_since_epoch().count());
    const int status =
        amqp_basic_publish(connection_.get(), channel, bytes_of(exchange_), bytes_of(one.topic), 0,
                           0, &properties, bytes_of(one.body));
    if (status != AMQP_STATUS_OK) return std::unexpected(not_now(amqp_error_string2(status)));
    unconfirmed_.insert(++published_);
    return {};
  }

  // One frame from the broker, or none until then.
  Result<void> hear(Clock::time_point end) {
    amqp_frame_t frame{};
    timeval left = as_timeval(end - Clock::now());
    const int status = amqp_simple_wait_frame_noblock(connection_.get(), &frame, &left);
    if (status == AMQP_STATUS_TIMEOUT && unconfirmed_.empty()) return {};
    if (status != AMQP_STATUS_OK) return std::unexpected(not_now(amqp_error_string2(status)));
    amqp_maybe_release_buffers(connection_.get());
    if (frame.frame_type != AMQP_FRAME_METHOD) return {};
    if (frame.payload.method.id == AMQP_BASIC_ACK_METHOD) {
      const auto& ack = *static_cast<amqp_basic_ack_t*>(frame.payload.method.decoded);
      const auto upto = unconfirmed_.upper_bound(ack.delivery_tag);
      if (ack.multiple != 0)
        unconfirmed_.erase(unconfirmed_.begin(), upto);
      else
        unconfirmed_.erase(ack.delivery_tag);
      return {};
    }
    if (frame.payload.method.id == AMQP_BASIC_NACK_METHOD)
      return std::unexpected(not_now("the broker did not take a message"));
    return std::unexpected(not_now("the broker closed the connection"));
  }

  Address address_;
  std::string exchange_;
  Connection connection_;
  std::uint64_t published_ = 0;  // on this connection; the broker counts the same
  std::set<std::uint64_t> unconfirmed_;
};

}  // namespace

Result<std::unique_ptr<Sink>> make_rabbitmq(const std::string& url, std::string exchange) {
  std::string text = url;  // taken apart in place
  amqp_connection_info parts{};
  amqp_default_connection_info(&parts);
  if (amqp_parse_url(text.data(), &parts) != AMQP_STATUS_OK || parts.host == nullptr)
    return fail(Code::bad_request, "is not like amqp://user:password@host:5672/");
  if (parts.ssl != 0) return fail(Code::bad_request, "amqps is not there yet");
  const std::string_view vhost = parts.vhost;
  Address address{.user = parts.user,
                  .password = parts.password,
                  .host = parts.host,
                  .vhost = vhost.empty() ? "/" : std::string(vhost),
                  .port = parts.port};
  return std::make_unique<RabbitMq>(std::move(address), std::move(exchange));
}

}  // namespace parley::outbox
