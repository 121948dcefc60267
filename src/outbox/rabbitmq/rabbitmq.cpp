#include "outbox/rabbitmq/rabbitmq.h"

#include <set>

#include "amqp/amqp.h"
#include "base/time.h"

namespace parley::outbox {
namespace {

constexpr std::chrono::seconds answer_within{5};

using Clock = std::chrono::steady_clock;
using amqp::not_now;

class RabbitMq final : public Sink {
 public:
  RabbitMq(amqp::Address address, std::string exchange)
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
    TRY(fresh, amqp::connect(address_, std::chrono::seconds{0}));
    TRY_DO(amqp::declare_exchange(fresh, exchange_));
    amqp_confirm_select(fresh.get(), amqp::channel);
    TRY_DO(amqp::answered(fresh, "asking for confirms"));
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
    properties.content_type = amqp::bytes_of("application/json");
    properties.delivery_mode = AMQP_DELIVERY_PERSISTENT;
    properties.message_id = amqp::bytes_of(one.id);
    properties.timestamp = static_cast<std::uint64_t>(
        std::chrono::floor<std::chrono::seconds>(one.at).time_since_epoch().count());
    const int status =
        amqp_basic_publish(connection_.get(), amqp::channel, amqp::bytes_of(exchange_),
                           amqp::bytes_of(one.topic), 0, 0, &properties, amqp::bytes_of(one.body));
    if (status != AMQP_STATUS_OK) return std::unexpected(not_now(amqp_error_string2(status)));
    unconfirmed_.insert(++published_);
    return {};
  }

  // One frame from the broker, or none until then.
  Result<void> hear(Clock::time_point end) {
    amqp_frame_t frame{};
    timeval left = amqp::as_timeval(end - Clock::now());
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

  amqp::Address address_;
  std::string exchange_;
  amqp::Connection connection_;
  std::uint64_t published_ = 0;  // on this connection; the broker counts the same
  std::set<std::uint64_t> unconfirmed_;
};

}  // namespace

Result<std::unique_ptr<Sink>> make_rabbitmq(const std::string& url, std::string exchange) {
  TRY(address, amqp::parse_address(url));
  return std::make_unique<RabbitMq>(std::move(address), std::move(exchange));
}

}  // namespace parley::outbox
