#include "dialects/native/once.h"

#include <charconv>

#include "engine/decide.h"
#include "engine/fading.h"
#include "engine/fingerprint.h"

namespace parley::native {
namespace {

constexpr std::string_view space = "once";
constexpr std::chrono::days kept_for{1};
constexpr std::chrono::seconds claim_holds{30};
constexpr std::chrono::seconds patience{10};
constexpr std::chrono::milliseconds look_again{20};

struct First {
  std::uint64_t fingerprint = 0;
  std::optional<net::Response> answer;  // none: it is still being done
};

Result<First> first_in(const store::Record& record) {
  TRY(body, parse_json_object(record.body));
  First first;
  TRY(mark, body.needed_text("fingerprint"));
  std::from_chars(mark.data(), mark.data() + mark.size(), first.fingerprint);
  TRY(status, body.number("status"));
  if (!status) return first;
  const auto again = static_cast<unsigned>(*status == 201 ? 200 : *status);
  TRY(text, body.text("body"));
  first.answer = text ? json_answer(again, std::string(*text)) : nothing_to_say();
  first.answer->status = again;
  return first;
}

std::string body_of(std::uint64_t fingerprint, const net::Response* answer) {
  std::string out;
  JsonWriter json(out);
  json.open();
  json.field("fingerprint", std::to_string(fingerprint));
  if (answer != nullptr) {
    json.field("status", answer->status);
    if (!answer->body.empty()) json.field("body", answer->body);
  }
  json.close();
  return out;
}

Task<void> pause(Door& door) {
  co_await called_back<bool>([&](auto done) {
    door.loop.after(look_again, [done = std::move(done)]() mutable { done(true); });
  });
}

store::RecordSet entry(const Call& call, const std::string& key, std::optional<std::string> body) {
  return {std::string(space), call.caller.user.text, key, std::move(body), {}};
}

}  // namespace

Result<std::string> once_key(const Call& call) {
  if (auto header = call.request.header("Idempotency-Key"); header && !header->empty())
    return std::string(*header);
  if (call.request.method != "POST" || !call.request.body.contains("\"client_id\"")) return "";
  TRY(body, call.body());
  TRY(client_id, body.text("client_id"));
  return std::string(client_id.value_or(""));
}

Task<Answer> once(Call& call, std::string key, std::uint64_t fingerprint, Write write) {
  engine::Engine& engine = call.door.engine;
  CO_TRY_DO(engine::check_key(key, engine.limits()));
  const Instant end = engine.clock().instant() + patience;
  const Time until = engine.clock().now() + kept_for;
  for (;;) {
    CO_TRY(kept, co_await engine.record(std::string(space), call.caller.user.text, key));
    if (kept) {
      CO_TRY(first, first_in(*kept));
      if (first.fingerprint != fingerprint)
        co_return Error{Code::unprocessable, "this key was used before for something else", {}};
      if (first.answer) co_return std::move(*first.answer);
      if (engine.clock().now() - kept->at < claim_holds) {
        if (engine.clock().instant() > end || call.door.commands.closed())
          co_return Error{Code::unavailable, "the first request with this key is still being done",
                          std::chrono::seconds{1}};
        co_await pause(call.door);
        continue;
      }
    }
    store::RecordSet claim = entry(call, key, body_of(fingerprint, nullptr));
    claim.expects = kept ? kept->version : 0;
    std::vector<store::RecordSet> sets{claim, engine::fading(claim, until)};
    auto claimed = co_await engine.put_records(call.caller, std::move(sets));
    if (claimed) break;
    if (claimed.error().code != Code::conflict) co_return std::move(claimed).error();
  }
  call.once = key;
  auto answer = co_await write();
  // What was refused is judged anew the next time.
  auto result = answer ? std::optional(body_of(fingerprint, &*answer)) : std::nullopt;
  std::vector<store::RecordSet> sets{entry(call, key, std::move(result))};
  if (!answer) {
    sets.push_back(engine::fading(sets.front(), until));
    sets.back().body.reset();
  }
  CO_TRY_DO(co_await engine.put_records(call.caller, std::move(sets)));
  co_return answer;
}

Task<Answer> run(Call& call, const Route& route) {
  const bool reads = call.request.method == "GET" || call.request.method == "HEAD";
  if (reads || route.keys == Keys::its_own) co_return co_await route.run(call);
  CO_TRY(key, once_key(call));
  if (key.empty()) co_return co_await route.run(call);
  const std::uint64_t mark = engine::Fingerprint{}
                                 .add(call.request.method)
                                 .add(call.request.path)
                                 .add(call.request.body)
                                 .value();
  co_return co_await once(call, std::move(key), mark, [&] { return route.run(call); });
}

}  // namespace parley::native
