#include "dialects/pulse/incoming.h"

#include "identity/identity.h"

namespace parley::pulse {
namespace {

constexpr const char* notification_exchange = "notification_events";
constexpr const char* user_exchange = "user_events";
constexpr std::size_t taken_max = 10'000;

// Bare, or inside `data`.
Result<ProfileNews> news_in(const std::string& body) {
  TRY(told, parse_json_object(body, 0, Code::bad_request));
  TRY(inside, told.object("data"));
  const JsonObject& about = inside ? *inside : told;
  TRY(user, about.needed_text("user_id"));
  if (!identity::is_user_id(user))
    return fail(Code::bad_request, "user_id is 1 to 128 bytes of printable UTF-8");
  TRY(news, profile_news_in(about, UserId{std::string(user)}));
  TRY(at, told.text("timestamp"));
  if (at) news.told_at = parse_rfc3339(*at).value_or(Time{});
  return news;
}

}  // namespace

std::vector<intake::Source> incoming_sources() {
  return {{notification_exchange, "messaging_notifications", {"notification.*"}},
          {user_exchange, "messaging_users", {"user.registered", "user.updated"}}};
}

Task<Result<void>> Incoming::take(std::string exchange, std::string body) {
  if (exchange == notification_exchange) co_return take_notification(body);
  CO_TRY(news, news_in(body));
  co_return co_await cache_->learn(engine_, std::move(news));
}

// Kept by the service that tells it; here it goes to who is there.
Result<void> Incoming::take_notification(const std::string& body) {
  TRY(told, parse_json_object(body, 0, Code::bad_request));
  TRY(type, told.needed_text("type"));
  if (type != "notification.created") return {};
  TRY(data, told.object("data"));
  if (!data) return fail(Code::bad_request, "data is missing");
  TRY(recipient, data->needed_text("recipient_id"));
  if (!identity::is_user_id(recipient))
    return fail(Code::bad_request, "recipient_id is 1 to 128 bytes of printable UTF-8");
  TRY(id, data->text("_id"));
  if (id && !is_new(std::string(*id) + ' ' + std::string(recipient))) return {};
  Signal signal;
  signal.kind = Signal::Kind::notification;
  signal.user = UserId{std::string(recipient)};
  signal.to = {signal.user};
  signal.space = notifications_space;
  signal.details = told.raw("data");
  engine_.tell(signal);
  return {};
}

bool Incoming::is_new(const std::string& notification) {
  if (!taken_.insert(notification).second) return false;
  taken_in_order_.push_back(notification);
  if (taken_in_order_.size() > taken_max) {
    taken_.erase(taken_in_order_.front());
    taken_in_order_.pop_front();
  }
  return true;
}

}  // namespace parley::pulse
