// Who is there, who is blocked, who is reported.
#include <algorithm>

#include "dialects/rtchat/call.h"

namespace parley::rtchat {
namespace {

constexpr std::size_t asked_max = 1'000;
constexpr std::size_t blocks_page = 200;

Task<Answer> connections(Call& call) {
  const auto verdict = call.door.shared.count_asks->take(call.request.remote_address,
                                                         call.door.engine.clock().instant());
  if (!verdict.allowed)
    co_return Error{Code::rate_limited, "too many requests from this address", verdict.until_next};
  CO_TRY(body, call.body());
  auto named = body.texts("users");
  if (!named || !*named || (*named)->empty())
    co_return Error{Code::bad_request, "users must be a list of user ids", {}};
  if ((*named)->size() > asked_max)
    co_return Error{Code::too_large,
                    "at most " + std::to_string(asked_max) + " users can be asked about at once",
                    {}};
  std::vector<UserId> users;
  for (std::string_view one : **named) users.push_back(UserId{std::string(one)});
  std::ranges::sort(users);
  auto repeats = std::ranges::unique(users);
  users.erase(repeats.begin(), repeats.end());
  // Nobody needs a token here; who has one does not see those who have blocked them.
  std::vector<UserId> shown = users;
  if (auto who = identify(call.door, call.request)) {
    CO_TRY(open, co_await call.door.engine.not_blocking(call.door.caller(who->user), users));
    shown = std::move(open);
  }
  co_return answer_with(200, [&](JsonWriter& json) {
    json.open();
    for (const UserId& one : users) {
      std::string name;
      append_json_string(name, one.text);
      const bool is_shown = std::ranges::find(shown, one) != shown.end();
      const std::size_t sockets =
          call.door.shared.sockets->of(one) + call.door.shared.presence->elsewhere(one);
      json.field(std::string_view(name).substr(1, name.size() - 2), is_shown ? sockets : 0);
    }
    json.close();
  });
}

Task<Answer> set_block(Call& call, bool on) {
  auto done = co_await call.door.engine.block(call.caller(), UserId{call.params.front()}, on);
  if (!done && done.error().code == Code::unprocessable)
    co_return Error{Code::bad_request, done.error().detail, {}};
  CO_TRY_DO(std::move(done));
  net::Response response;
  response.status = 204;
  co_return response;
}

Task<Answer> block(Call& call) { co_return co_await set_block(call, true); }
Task<Answer> unblock(Call& call) { co_return co_await set_block(call, false); }

Task<Answer> blocks(Call& call) {
  std::vector<UserId> all;
  for (;;) {
    CO_TRY(some, co_await call.door.engine.blocks(
                     call.caller(), all.empty() ? UserId{} : all.back(), blocks_page));
    for (store::Block& one : some) all.push_back(std::move(one.blocked));
    if (some.size() < blocks_page) break;
  }
  co_return answer_with(200, [&](JsonWriter& json) {
    json.open();
    json.key("blocked");
    json.open_list();
    for (const UserId& one : all) json.value(one.text);
    json.close_list();
    json.close();
  });
}

Task<Answer> report(Call& call) {
  CO_TRY(body, call.body());
  engine::Engine::Report report;
  CO_TRY(message, body.text("message_id"));
  CO_TRY(user, body.text("user"));
  CO_TRY(reason, body.text("reason"));
  if (message) {
    report.message = MessageId::parse(*message);
    if (!report.message) co_return Error{Code::bad_request, "message_id is 24 hex digits", {}};
  }
  if (user) report.user = UserId{std::string(*user)};
  report.reason = reason.value_or("");
  auto id = co_await call.door.engine.report(call.caller(), std::move(report));
  if (!id && id.error().code == Code::unprocessable)
    co_return Error{Code::bad_request, id.error().detail, {}};
  CO_TRY(made, std::move(id));
  co_return answer_with(201, [&](JsonWriter& json) {
    json.open();
    json.field("id", made);
    json.close();
  });
}

}  // namespace

void add_people_routes(Routes& routes) {
  routes.add("POST", "/api/connections", {connections, Access::open});
  routes.add("PUT", "/api/blocks/{user}", {block});
  routes.add("DELETE", "/api/blocks/{user}", {unblock});
  routes.add("GET", "/api/blocks", {blocks});
  routes.add("POST", "/api/reports", {report});
}

}  // namespace parley::rtchat
