#include "intake/intake.h"

#include <algorithm>
#include <future>

#include "base/log.h"
#include "base/metrics.h"

namespace parley::intake {
namespace {

constexpr std::chrono::milliseconds first_pause{100};
constexpr std::chrono::milliseconds longest_pause{5'000};
constexpr std::chrono::milliseconds look_up_every{200};
// A broker that is silent for so long is gone.
constexpr std::chrono::seconds heartbeat{20};
constexpr std::uint16_t offered_at_once = 64;

metrics::Counter& counted(const std::string& fate) {
  return metrics::counter("parley_intake_total", "Messages that a broker has brought",
                          {{"fate", fate}});
}

struct Envelope {
  amqp_envelope_t inside{};
  bool filled = false;
  Envelope() = default;
  Envelope(const Envelope&) = delete;
  Envelope& operator=(const Envelope&) = delete;
  ~Envelope() {
    if (filled) amqp_destroy_envelope(&inside);
  }
};

}  // namespace

Intake::Intake(amqp::Address address, std::vector<Source> sources, Executor& executor, Taker& taker)
    : address_(std::move(address)),
      sources_(std::move(sources)),
      executor_(executor),
      taker_(taker) {}

void Intake::start() {
  thread_ = std::thread([this] { run(); });
}

void Intake::stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    stopped_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

void Intake::run() {
  auto pause = first_pause;
  while (!stopping_) {
    auto connection = connect();
    auto done = connection ? Result<void>{} : std::unexpected(connection.error());
    if (connection) {
      if (std::exchange(told_down_, false)) log::info("the broker is there again");
      pause = first_pause;
      done = consume(*connection);
    }
    if (done || stopping_) continue;
    if (!std::exchange(told_down_, true))
      log::warn("nothing comes from the broker", {{"why", done.error().detail}});
    if (!rest(pause)) return;
    pause = std::min(pause * 2, longest_pause);
  }
}

bool Intake::rest(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  return !stopped_.wait_for(lock, time, [this] { return stopping_.load(); });
}

Result<amqp::Connection> Intake::connect() const {
  TRY(connection, amqp::connect(address_, heartbeat));
  amqp_basic_qos(connection.get(), amqp::channel, 0, offered_at_once, 0);
  TRY_DO(amqp::answered(connection, "limiting what is offered"));
  for (const Source& one : sources_) {
    TRY_DO(amqp::declare_exchange(connection, one.exchange));
    const amqp_bytes_t queue = amqp::bytes_of(one.queue);
    amqp_queue_declare(connection.get(), amqp::channel, queue, 0, 1, 0, 0, amqp_empty_table);
    TRY_DO(amqp::answered(connection, "declaring a queue"));
    for (const std::string& key : one.keys) {
      amqp_queue_bind(connection.get(), amqp::channel, queue, amqp::bytes_of(one.exchange),
                      amqp::bytes_of(key), amqp_empty_table);
      TRY_DO(amqp::answered(connection, "binding a queue"));
    }
    amqp_basic_consume(connection.get(), amqp::channel, queue, amqp_empty_bytes, 0, 0, 0,
                       amqp_empty_table);
    TRY_DO(amqp::answered(connection, "listening to a queue"));
  }
  return connection;
}

Result<void> Intake::consume(const amqp::Connection& connection) {
  while (!stopping_) {
    Envelope envelope;
    amqp_maybe_release_buffers(connection.get());
    timeval patience = amqp::as_timeval(look_up_every);
    const amqp_rpc_reply_t got =
        amqp_consume_message(connection.get(), &envelope.inside, &patience, 0);
    envelope.filled = got.reply_type == AMQP_RESPONSE_NORMAL;
    if (envelope.filled) {
      TRY_DO(offer(connection, envelope.inside));
      continue;
    }
    const bool silent = got.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION &&
                        got.library_error == AMQP_STATUS_TIMEOUT;
    if (!silent)
      return std::unexpected(amqp::not_now(got.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION
                                               ? amqp_error_string2(got.library_error)
                                               : "the broker closed the connection"));
  }
  return {};
}

// What comes after it waits: each queue is taken in its order.
Result<void> Intake::offer(const amqp::Connection& connection, const amqp_envelope_t& envelope) {
  const std::string exchange(amqp::text_of(envelope.exchange));
  const std::string body(amqp::text_of(envelope.message.body));
  auto pause = first_pause;
  for (Fate fate = offer_once(exchange, body); fate == Fate::later;
       fate = offer_once(exchange, body)) {
    if (!rest(pause)) return {};
    pause = std::min(pause * 2, longest_pause);
  }
  const int status = amqp_basic_ack(connection.get(), amqp::channel, envelope.delivery_tag, 0);
  if (status != AMQP_STATUS_OK) return std::unexpected(amqp::not_now(amqp_error_string2(status)));
  return {};
}

Intake::Fate Intake::offer_once(const std::string& exchange, const std::string& body) {
  std::promise<Result<void>> promise;
  executor_.post([&] {
    spawn(taker_.take(exchange, body),
          [&promise](Result<void> taken) { promise.set_value(std::move(taken)); });
  });
  const Result<void> taken = promise.get_future().get();
  if (taken) {
    counted("taken").Increment();
    return Fate::taken;
  }
  if (taken.error().code == Code::unavailable) return Fate::later;
  counted("useless").Increment();
  log::warn("a message of the broker is of no use",
            {{"exchange", exchange}, {"why", taken.error().detail}});
  return Fate::useless;
}

}  // namespace parley::intake
