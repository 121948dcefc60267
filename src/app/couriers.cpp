#include "app/couriers.h"

#include "dialects/pulse/told.h"
#include "outbox/rabbitmq/rabbitmq.h"

namespace parley::app {
namespace {

// RabbitMQ has pulse's events.
Result<std::unique_ptr<outbox::Courier>> to_rabbitmq(const config::Settings& settings,
                                                     const std::string& url, Executor& executor,
                                                     engine::Engine& engine,
                                                     hub::Presence& presence) {
  auto sink = outbox::make_rabbitmq(url, pulse::events_exchange);
  if (!sink) return fail(sink.error().code, "--events: " + url + ' ' + sink.error().detail);
  auto courier = std::make_unique<outbox::Courier>(
      "rabbitmq", executor, engine, std::move(*sink),
      pulse::make_wording(settings.pulse_notify_events ? pulse::Recipients::also_each
                                                       : pulse::Recipients::together));
  presence.observe(
      [courier = courier.get(), clock = &engine.clock()](const UserId& user, bool online) {
        courier->pass(pulse::presence_told(user, online, clock->now()));
      });
  return courier;
}

}  // namespace

Result<Couriers> make_couriers(const config::Settings& settings, Executor& executor,
                               engine::Engine& engine, hub::Presence& presence) {
  Couriers all;
  for (const std::string& url : settings.events) {
    if (!url.starts_with("amqp://") || !all.empty())
      return fail(Code::bad_request,
                  "--events: one amqp://user:password@host:5672/ can be given so far");
    TRY(courier, to_rabbitmq(settings, url, executor, engine, presence));
    all.push_back(std::move(courier));
  }
  return all;
}

}  // namespace parley::app
