#include "app/couriers.h"

#include <algorithm>
#include <array>

#include "dialects/echo/keys.h"
#include "dialects/echo/told.h"
#include "dialects/messaging/keys.h"
#include "dialects/messaging/told.h"
#include "dialects/pulse/incoming.h"
#include "dialects/pulse/told.h"
#include "outbox/kafka/kafka.h"
#include "outbox/nats/nats.h"
#include "outbox/rabbitmq/rabbitmq.h"
#include "outbox/redis/redis_sink.h"

namespace parley::app {
namespace {

// What a courier is made from, and what it is told of beside the log.
struct Around {
  const config::Settings& settings;
  Executor& executor;
  engine::Engine& engine;
  hub::LocalBus& bus;
  DoorsShared& doors;
  std::string instance;  // this process, among those that tell
};
using Made = Result<std::unique_ptr<outbox::Courier>>;

std::unique_ptr<outbox::Courier> courier(std::string name, const Around& around,
                                         std::unique_ptr<outbox::Sink> sink,
                                         std::shared_ptr<const outbox::Wording> wording) {
  return std::make_unique<outbox::Courier>(std::move(name), around.executor, around.engine,
                                           std::move(sink), std::move(wording));
}

// What passes is worded on the courier's loop, whichever loop it comes from.
template <class Word>
void tell_signals(const Around& around, outbox::Courier& to, Word word) {
  around.bus.observe([&executor = around.executor, &engine = around.engine, &to,
                      word = std::move(word)](const Signal& signal) {
    executor.post([&engine, &to, word, signal] {
      if (auto out = word(signal, engine.fresh_key(), engine.clock().now()))
        to.pass(std::move(*out));
    });
  });
}

// RabbitMQ has pulse's events.
Made to_rabbitmq(const std::string& url, const Around& around) {
  TRY(sink, outbox::make_rabbitmq(url, pulse::events_exchange));
  auto made = courier(
      "rabbitmq", around, std::move(sink),
      pulse::make_wording(around.settings.pulse_notify_events ? pulse::Recipients::also_each
                                                              : pulse::Recipients::together));
  around.doors.pulse.presence->observe(
      [to = made.get(), clock = &around.engine.clock()](const UserId& user, bool online) {
        to->pass(pulse::presence_told(user, online, clock->now()));
      });
  around.doors.pulse.events_flow = [to = made.get()] { return to->up(); };
  return made;
}

// NATS has those of messaging.
Made to_nats(const std::string& url, const Around& around) {
  const auto& subjects = messaging::lasting_subjects;
  TRY(sink, outbox::make_nats(url, {messaging::events_stream, {subjects.begin(), subjects.end()}}));
  auto made = courier("nats", around, std::move(sink),
                      messaging::make_wording(around.doors.messaging, around.instance));
  tell_signals(around, *made,
               [instance = around.instance](const Signal& signal, std::string id, Time now) {
                 return messaging::passing_told(signal, std::move(id), instance, now);
               });
  around.doors.messaging.events_flow = [to = made.get()] { return to->up(); };
  return made;
}

// It is worded beside the log, as nothing keeps who got what when.
void tell_delivery(const echo::Telling& telling, const Pointer& pointer, engine::Engine& engine,
                   outbox::Courier& to) {
  auto ask = [telling, pointer, now = engine.clock().now()](store::Reader& reader) {
    return echo::delivery_told(telling, reader, pointer, now);
  };
  auto pass = [&to](Result<std::vector<outbox::Out>> told) {
    if (told)
      for (outbox::Out& one : *told) to.pass(std::move(one));
  };
  spawn(engine.store().read(std::move(ask)), std::move(pass));
}

// Kafka has those of echo.
Made to_kafka(const std::string& url, const Around& around) {
  TRY(sink, outbox::make_kafka(url));
  const echo::Telling telling{around.doors.echo.topics, around.doors.echo.presence,
                              around.instance};
  auto made = courier("kafka", around, std::move(sink), echo::make_wording(telling));
  tell_signals(around, *made, [telling](const Signal& signal, std::string id, Time now) {
    return echo::passing_told(telling, signal, std::move(id), now);
  });
  around.doors.pointer_moved = [telling, to = made.get(),
                                engine = &around.engine](const Pointer& pointer) {
    const bool told = pointer.delivered_seq > pointer.delivered_before &&
                      pointer.members_count <= pointers_shown_up_to_members;
    if (told) tell_delivery(telling, pointer, *engine, *to);
  };
  around.doors.echo.push = [to = made.get()](outbox::Out out) { to->pass(std::move(out)); };
  around.doors.echo.events_flow = [to = made.get()] { return to->up(); };
  return made;
}

// Redis has the keys of dinq, …
std::unique_ptr<outbox::Courier> dinq_to_redis(const Around& around) {
  auto made = courier("redis", around, dinq::make_keys_sink(around.doors.redis),
                      dinq::make_keys_wording(around.doors.dinq.presence, around.engine.clock()));
  around.doors.dinq.log_keys = {
      .carried = [to = made.get()](Position at) { return to->carried(at); },
      .pass = [to = made.get()](outbox::Out out) { to->pass(std::move(out)); }};
  return made;
}

// … what was said last at echo, …
std::unique_ptr<outbox::Courier> echo_to_redis(const Around& around) {
  auto recents = std::make_shared<echo::Recents>(around.engine.clock());
  auto sink = outbox::make_redis_sink(
      around.doors.redis,
      {.commands_of = echo::Recents::commands_of, .failed = [recents] { recents->forget(); }});
  return courier("redis-echo", around, std::move(sink), recents);
}

// … and who is in messaging's conversations and types there.
std::unique_ptr<outbox::Courier> messaging_to_redis(const Around& around) {
  auto members = std::make_shared<messaging::MemberKeys>(around.engine.clock());
  auto sink = outbox::make_redis_sink(around.doors.redis,
                                      {.commands_of = messaging::MemberKeys::commands_of,
                                       .failed = [members] { members->forget(); }});
  around.bus.observe([keys = around.doors.messaging.keys, clock = &around.engine.clock()](
                         const Signal& signal) { keys->typing(signal, clock->now()); });
  return courier("redis-messaging", around, std::move(sink), members);
}

struct Kind {
  std::string_view scheme;
  Made (*make)(const std::string& url, const Around& around);
};
constexpr std::array kinds{Kind{"amqp", to_rabbitmq}, Kind{"nats", to_nats},
                           Kind{"kafka", to_kafka}};

}  // namespace

Result<Couriers> make_couriers(const config::Settings& settings, Executor& executor,
                               engine::Engine& engine, hub::LocalBus& bus, DoorsShared& doors) {
  const Around around{.settings = settings,
                      .executor = executor,
                      .engine = engine,
                      .bus = bus,
                      .doors = doors,
                      .instance = settings.node.empty() ? engine.fresh_key() : settings.node};
  Couriers all;
  if (doors.redis) {
    all.push_back(dinq_to_redis(around));
    all.push_back(echo_to_redis(around));
    all.push_back(messaging_to_redis(around));
  }
  std::vector<std::string_view> taken;
  for (const std::string& url : settings.events) {
    const std::string_view scheme = std::string_view(url).substr(0, url.find(':'));
    auto kind = std::ranges::find(kinds, scheme, &Kind::scheme);
    if (kind == kinds.end())
      return fail(Code::bad_request,
                  "--events: an address begins with amqp://, nats:// or kafka://");
    if (std::ranges::find(taken, scheme) != taken.end())
      return fail(Code::bad_request,
                  "--events: one address for each kind of broker; " + std::string(scheme) +
                      " has two. Several servers of one cluster go into one address, with ; "
                      "between them");
    taken.push_back(scheme);
    auto made = kind->make(url, around);
    if (!made)
      return fail(made.error().code,
                  "--events: the address of " + std::string(scheme) + ' ' + made.error().detail);
    all.push_back(std::move(*made));
  }
  return all;
}

// RabbitMQ brings what the rest of the platform tells pulse.
Result<Intakes> make_intakes(const config::Settings& settings, Executor& executor,
                             engine::Engine& engine, const DoorsShared& doors) {
  Intakes made;
  for (const std::string& url : settings.events) {
    if (!url.starts_with("amqp:")) continue;
    TRY(address, amqp::parse_address(url));
    made.taker = std::make_unique<pulse::Incoming>(engine, doors.pulse.cache);
    made.intake = std::make_unique<intake::Intake>(std::move(address), pulse::incoming_sources(),
                                                   executor, *made.taker);
  }
  return made;
}

}  // namespace parley::app
