#include "cluster/cluster.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <span>
#include <utility>

#include "base/encodings.h"
#include "base/log.h"
#include "base/metrics.h"
#include "cluster/packing.h"

namespace parley::cluster {
namespace {

// A notice may take so long before the log is read for it.
constexpr std::chrono::milliseconds patience{20};
// What this process has committed, and the log shows already: its committer tells of it within this time.
constexpr std::chrono::seconds settles_within{2};
// What is told in one piece.
constexpr std::size_t bytes_at_once = Transport::body_max / 4;
constexpr std::size_t takers_at_once = 2'000;
constexpr std::size_t speaker_bytes = sizeof(NodeNumber);

metrics::Counter& notices(const char* direction) {
  return metrics::counter("parley_cluster_notices_total", "Commits told to and by other nodes",
                          {{"direction", direction}});
}
metrics::Gauge& nodes_seen() {
  static auto& figure =
      metrics::gauge("parley_cluster_nodes", "Nodes that are heard of, this one among them");
  return figure;
}
metrics::Counter& repairs() {
  static auto& figure = metrics::counter("parley_cluster_repairs_total",
                                         "Times that the log was read for what no notice told of");
  return figure;
}

std::string prefix_of(const Cursor& head) {
  std::string bytes(sizeof head.store, '\0');
  std::memcpy(bytes.data(), &head.store, sizeof head.store);
  return "parley." + hex_of(bytes) + '.';
}

std::vector<hub::News> news_in(const std::vector<store::Settled>& batch) {
  std::vector<hub::News> news;
  for (const store::Settled& one : batch) {
    if (!one.result || one.result->outcome != store::Outcome::committed) continue;
    for (const EventRef& event : one.result->events)
      news.push_back({event->position, event, std::nullopt});
    if (one.result->position) news.push_back({*one.result->position, nullptr, std::nullopt});
    if (one.result->pointer_moved)
      news.push_back({one.result->pointer->position, nullptr, one.result->pointer});
  }
  return news;
}

}  // namespace

Cluster::Cluster(std::unique_ptr<Transport> transport, Around around, const Cursor& head,
                 NodeNumber number)
    : transport_(std::move(transport)),
      around_(around),
      number_(number),
      log_topic_(prefix_of(head) + "log"),
      signals_topic_(prefix_of(head) + "signals"),
      people_topic_(prefix_of(head) + "people"),
      spent_topic_(prefix_of(head) + "spent"),
      content_topics_(prefix_of(head) + "content."),
      wanted_(around.clock,
              [this](std::uint32_t bucket, bool wanted) {
                if (wanted)
                  transport_->subscribe(topic_of(bucket));
                else
                  transport_->unsubscribe(topic_of(bucket));
              }),
      roster_(number, around.presence, around.clock,
              [this](const std::string& body) { say(people_topic_, body); }),
      order_(head, wanted_) {
  around_.bus.pass_on([this](const Signal& signal) { send_signal(signal); });
}

Cluster::~Cluster() { transport_->stop(); }

void Cluster::start() {
  running_ = true;
  transport_->start(*this);
  for (const std::string* topic : {&log_topic_, &signals_topic_, &people_topic_, &spent_topic_})
    transport_->subscribe(*topic);
  beat();
  look();
}

Task<void> Cluster::stop() {
  running_ = false;
  around_.executor.cancel(beat_timer_);
  around_.executor.cancel(look_timer_);
  roster_.beat();
  roster_.bye();
  co_await gate_.wait_empty();
  transport_->stop();
}

std::string Cluster::topic_of(std::uint32_t bucket) const {
  return content_topics_ + std::to_string(bucket);
}

// With who says it, so that nobody listens to themselves.
Transport::Spoken Cluster::spoken(const std::string& topic, std::string_view body) const {
  std::string whole(speaker_bytes, '\0');
  std::memcpy(whole.data(), &number_, speaker_bytes);
  whole += body;
  return {topic, std::move(whole)};
}

void Cluster::say(const std::string& topic, std::string_view body) {
  std::vector<Transport::Spoken> one;
  one.push_back(spoken(topic, body));
  transport_->publish(std::move(one));
}

void Cluster::settled(store::SettledBatch batch) {
  std::vector<hub::News> news = news_in(*batch);
  if (!news.empty()) {
    tell(news);
    std::lock_guard lock(mutex_);
    const Instant now = around_.clock.instant();
    for (hub::News& one : news) order_.have(std::move(one), now);
    hand_on();
  }
  around_.feed.answer(batch);
}

// What is in it first: whoever hears which positions are filled has heard by then what it wants to know of them.
void Cluster::tell(const std::vector<hub::News>& news) {
  std::map<std::uint32_t, std::vector<const hub::News*>> by_bucket;
  std::vector<const hub::News*> all;
  for (const hub::News& one : news) {
    all.push_back(&one);
    if (!is_for_all(one)) by_bucket[bucket_of(conversation_of(one))].push_back(&one);
  }
  std::vector<Transport::Spoken> out;
  for (const auto& [bucket, content] : by_bucket)
    for (const std::string& piece : pack_news(content, bytes_at_once))
      out.push_back(spoken(topic_of(bucket), piece));
  for (const std::string& piece : pack_filled(all, bytes_at_once))
    out.push_back(spoken(log_topic_, piece));
  transport_->publish(std::move(out));
  notices("out").Increment(static_cast<double>(news.size()));
}

void Cluster::send_signal(const Signal& signal) {
  if (signal.kind == Signal::Kind::presence) roster_.tell();
  say(signals_topic_, pack_signal(signal));
}

void Cluster::heard(std::string_view topic, std::string_view body) {
  NodeNumber speaker = 0;
  if (body.size() < speaker_bytes) return;
  std::memcpy(&speaker, body.data(), speaker_bytes);
  if (speaker == number_) return;
  body.remove_prefix(speaker_bytes);
  if (topic == log_topic_)
    hear_filled(body);
  else if (topic == people_topic_)
    roster_.heard(speaker, body);
  else if (topic == signals_topic_)
    hear_signal(body);
  else if (topic == spent_topic_)
    hear_spent(body);
  else if (topic.starts_with(content_topics_))
    hear_news(body);
}

void Cluster::hear_filled(std::string_view body) {
  auto all = unpack_filled(body);
  if (!all) return;
  notices("in").Increment(static_cast<double>(all->size()));
  std::lock_guard lock(mutex_);
  const Instant now = around_.clock.instant();
  for (Filled& one : *all) {
    if (one.news)
      order_.have(std::move(*one.news), now);
    else
      order_.filled(one.at, one.conversation, now);
  }
  hand_on();
}

void Cluster::hear_news(std::string_view body) {
  auto news = unpack_news(body);
  if (!news) return;
  std::lock_guard lock(mutex_);
  const Instant now = around_.clock.instant();
  for (hub::News& one : *news) order_.have(std::move(one), now);
  hand_on();
}

void Cluster::hear_signal(std::string_view body) {
  auto signal = unpack_signal(body);
  if (!signal) return;
  // Whom another node has lost sight of may be here, or with a third one that it does not hear.
  const bool is_departure = signal->kind == Signal::Kind::presence && !signal->on;
  if (is_departure && around_.presence.status(signal->user) != "offline") return;
  if (signal->kind != Signal::Kind::changed) return around_.bus.deliver(*signal);
  around_.executor.post([this, space = signal->space] {
    if (changed_) changed_(space);
  });
}

void Cluster::share(std::string name, std::shared_ptr<RateLimiter> limiter) {
  limiter->share();
  limiters_.emplace(std::move(name), std::move(limiter));
}

void Cluster::say_spent() {
  for (const auto& [name, limiter] : limiters_) {
    const RateLimiter::Spent spent = limiter->newly_spent();
    for (std::size_t at = 0; at < spent.size(); at += takers_at_once) {
      std::string body;
      Packer to(body);
      to.text(name);
      to.list(std::span(spent).subspan(at, std::min(takers_at_once, spent.size() - at)),
              [&](const auto& one) {
                to.text(one.first);
                to.number(static_cast<std::uint64_t>(one.second));
              });
      say(spent_topic_, body);
    }
  }
}

void Cluster::hear_spent(std::string_view body) {
  Unpacker from(body);
  auto limiter = limiters_.find(from.text());
  if (limiter == limiters_.end()) return;
  const Instant now = around_.clock.instant();
  from.list([&] {
    const std::string_view name = from.text();
    const std::uint64_t tokens = from.number();
    if (from.good()) limiter->second->spent_elsewhere(name, static_cast<double>(tokens), now);
  });
}

void Cluster::linked(bool up) {
  roster_.linked(up);
  log::info(
      up ? "linked to the other nodes" : "the link to the other nodes is away: following the log",
      {{"nodes", roster_.nodes()}});
  around_.executor.post([this, up] {
    if (up && changed_) changed_({});
  });
}

// Within the lock, so that what is handed on keeps its order.
void Cluster::hand_on() {
  auto ready = order_.take_ready();
  if (!ready.empty())
    around_.feed.deliver(std::make_shared<const std::vector<hub::News>>(std::move(ready)));
  if (order_.waits()) watch_for_gaps();
}

void Cluster::watch_for_gaps() {
  if (watching_.exchange(true)) return;
  around_.executor.post([this] {
    around_.executor.after(patience, [this] {
      watching_ = false;
      if (running_) fill_gaps();
    });
  });
}

void Cluster::beat() {
  if (!running_) return;
  roster_.beat();
  say_spent();
  wanted_.forget_old();
  nodes_seen().Set(static_cast<double>(roster_.nodes()));
  if (auto lost = roster_.lost(); !lost.empty())
    spawn(tell_who_is_lost(std::move(lost)), [pass = gate_.enter()] {});
  if (auto found = roster_.found(); !found.empty())
    spawn(tell_who_is_found(std::move(found)), [pass = gate_.enter()] {});
  beat_timer_ = around_.executor.after(beat_every, [this] { beat(); });
}

// Every node tells its own: another one may have known less, and its word may be lost.
void Cluster::tell_here(const Signal& signal, bool outside) {
  if (outside)
    around_.bus.publish_here(signal);
  else
    around_.bus.deliver(signal);
}

Task<void> Cluster::tell_who_is_lost(std::vector<Roster::Lost> all) {
  for (std::size_t i = 0; i < all.size(); ++i) {
    auto signal = co_await presence_of(all[i].user);
    if (!signal) co_return roster_.put_back(std::span(all).subspan(i));
    if (!signal->on) tell_here(*signal, all[i].outside);
  }
}

// Of a node that is new here, or to which this one is, nobody has been told anything but who watches: that needs no store.
Task<void> Cluster::tell_who_is_found(std::vector<Roster::Found> all) {
  for (std::size_t i = 0; i < all.size(); ++i) {
    Roster::Found& one = all[i];
    if (!one.were_told_gone) {
      Signal signal;
      signal.kind = Signal::Kind::presence;
      signal.on = true;
      signal.details = around_.presence.status(one.user);
      signal.user = std::move(one.user);
      around_.bus.deliver(signal);
      continue;
    }
    auto signal = co_await presence_of(one.user);
    if (!signal) co_return roster_.put_back(std::span(all).subspan(i));
    if (signal->on) tell_here(*signal, one.outside);
  }
}

// As they are now, for all who share a conversation with them.
Task<Result<Signal>> Cluster::presence_of(UserId user) {
  auto ask = [user](store::Reader& reader) { return reader.conversations_of(user); };
  CO_TRY(conversations, co_await around_.store.read(std::move(ask)));
  Signal signal;
  signal.kind = Signal::Kind::presence;
  signal.details = around_.presence.status(user);
  signal.on = signal.details != "offline";
  signal.conversations = std::move(conversations);
  signal.user = std::move(user);
  co_return signal;
}

// Where the store stands, in case that the last notice of a lane was lost.
void Cluster::look() {
  if (!running_) return;
  const auto pause = transport_->up() ? look_every : look_when_alone;
  look_timer_ = around_.executor.after(pause, [this] { look(); });
  if (std::exchange(looking_, true)) return;
  auto ask = [](store::Reader& reader) { return reader.head(); };
  spawn(around_.store.read(std::move(ask)),
        [this, pass = gate_.enter()](const Result<Cursor>& head) {
          looking_ = false;
          if (!head) return;
          {
            std::lock_guard lock(mutex_);
            order_.head(*head);
          }
          fill_gaps();
        });
}

void Cluster::fill_gaps() {
  if (filling_) return;
  std::vector<Order::Behind> behind;
  {
    std::lock_guard lock(mutex_);
    behind = order_.behind(around_.clock.instant(),
                           transport_->up() ? patience : std::chrono::milliseconds{0});
    if (behind.empty() && order_.waits()) watch_for_gaps();
  }
  if (behind.empty()) return;
  filling_ = true;
  spawn(fill(std::move(behind)), [this, pass = gate_.enter()](const Result<void>& done) {
    filling_ = false;
    // What is missing still is looked for again; when the store is away, it is not asked at once.
    if (!done || !running_) return;
    std::lock_guard lock(mutex_);
    if (order_.waits()) watch_for_gaps();
  });
}

Task<Result<void>> Cluster::fill(std::vector<Order::Behind> behind) {
  repairs().Increment();
  std::vector<Pointer> readings;
  while (!behind.empty()) {
    auto ask = [this, behind, readings = std::move(readings)](store::Reader& reader) {
      return read_missed(reader, behind, wanted_, readings);
    };
    CO_TRY(page, co_await around_.store.read(std::move(ask)));
    behind.clear();
    readings = std::move(page.readings);
    const auto about_to_be_told = [this, now = around_.clock.now()](const Event& event) {
      return now - event.at < settles_within && around_.made_here(event.id);
    };
    std::lock_guard lock(mutex_);
    for (Missed& one : page.lanes) {
      const std::uint64_t upto =
          order_.read(one.lane, one.upto, std::move(one.events), around_.clock.instant(),
                      std::move(one.readings), about_to_be_told);
      if (one.more && upto == one.upto) behind.push_back({one.lane, one.upto});
    }
    hand_on();
  }
  co_return Result<void>{};
}

}  // namespace parley::cluster
