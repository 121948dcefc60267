#include "cluster/order.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace parley::cluster {

Order::Order(const Cursor& head, Hearing& hearing) : hearing_(hearing) {
  for (std::uint64_t at : head.lanes) {
    Lane& lane = lanes_.emplace_back();
    lane.done = lane.head_before = at;
  }
}

void Order::have(hub::News news, Instant now) {
  if (news.at.lane >= lanes_.size()) return;
  Lane& lane = lanes_[news.at.lane];
  if (news.at.at <= lane.done) return;
  const std::uint64_t at = news.at.at;
  if (lane.held.size() < held_max || at == lane.done + 1) {
    const ConversationId conversation = conversation_of(news);
    lane.held.insert_or_assign(at, Held{std::move(news), conversation, true});
  }
  look(lane, now);
}

void Order::filled(const Position& at, const ConversationId& conversation, Instant now) {
  if (at.lane >= lanes_.size()) return;
  Lane& lane = lanes_[at.lane];
  if (at.at <= lane.done) return;
  if (lane.held.size() < held_max || at.at == lane.done + 1)
    lane.held.try_emplace(at.at, Held{{at, nullptr, std::nullopt}, conversation, false});
  look(lane, now);
}

std::uint64_t Order::read(std::uint32_t number, std::uint64_t upto, std::vector<hub::News> news,
                          Instant now, std::vector<hub::News> behind_them,
                          const AboutToBeTold& about_to_be_told) {
  if (number >= lanes_.size()) return upto;
  Lane& lane = lanes_[number];
  auto next = news.begin();
  for (std::uint64_t at = lane.done + 1; at <= upto; ++at) {
    while (next != news.end() && next->at.at < at) ++next;
    const bool is_read = next != news.end() && next->at.at == at;
    auto held = lane.held.find(at);
    // What its committer says of it is told better than the log does.
    if (held != lane.held.end() && held->second.is_whole) {
      hand_on(std::move(held->second.news));
    } else if (is_read && about_to_be_told && next->event && about_to_be_told(*next->event)) {
      lane.put_off_until = std::max(lane.put_off_until, upto);
      std::ranges::move(behind_them, std::back_inserter(lane.put_off));
      behind_them.clear();
      upto = at - 1;
    } else if (is_read) {
      hand_on(std::move(*next));
    } else if (at == upto) {
      hand_on({{number, at}, nullptr, std::nullopt});
    }
  }
  for (hub::News& one : behind_them) hand_on(std::move(one));
  lane.held.erase(lane.held.begin(), lane.held.upper_bound(upto));
  lane.done = std::max(lane.done, upto);
  lane.waits = lane.overdue = false;
  look(lane, now);
  return upto;
}

void Order::head(const Cursor& head) {
  for (std::size_t i = 0; i < lanes_.size() && i < head.lanes.size(); ++i) {
    Lane& lane = lanes_[i];
    lane.overdue = lane.head_before > lane.done;
    lane.head_before = head.lanes[i];
  }
}

bool Order::next_is_here(const Lane& lane) const {
  if (lane.held.empty() || lane.held.begin()->first != lane.done + 1) return false;
  const Held& next = lane.held.begin()->second;
  return next.is_whole || !hearing_.hears_of(next.conversation);
}

void Order::hand_on(hub::News news) {
  if (news.event && !news.event->joined.empty())
    hearing_.joined(news.event->conversation, news.event->joined);
  ready_.push_back(std::move(news));
}

// Hands on what can be, and notes whether something is missing.
void Order::look(Lane& lane, Instant now) {
  const bool had_waited = lane.waits;
  const std::uint64_t before = lane.done;
  while (next_is_here(lane)) {
    hand_on(std::move(lane.held.begin()->second.news));
    lane.held.erase(lane.held.begin());
    ++lane.done;
  }
  if (lane.done >= lane.put_off_until)
    for (hub::News& one : std::exchange(lane.put_off, {})) hand_on(std::move(one));
  lane.waits = !lane.held.empty();
  if (lane.waits && (!had_waited || lane.done != before)) lane.since = now;
}

bool Order::waits() const {
  return std::ranges::any_of(lanes_, [](const Lane& lane) { return lane.waits || lane.overdue; });
}

std::vector<hub::News> Order::take_ready() { return std::exchange(ready_, {}); }

std::vector<Order::Behind> Order::behind(Instant now, std::chrono::milliseconds patience) const {
  std::vector<Behind> all;
  for (std::uint32_t i = 0; i < lanes_.size(); ++i)
    if (lanes_[i].overdue || (lanes_[i].waits && now - lanes_[i].since >= patience))
      all.push_back({i, lanes_[i].done});
  return all;
}

}  // namespace parley::cluster
