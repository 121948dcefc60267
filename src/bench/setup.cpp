#include "bench/setup.h"

#include <fmt/core.h>

#include <algorithm>
#include <span>

#include "base/json.h"
#include "base/json_writer.h"
#include "bench/http.h"
#include "identity/token.h"

namespace parley::bench {
namespace {

constexpr std::size_t named_at_creation_max = 1'000;
constexpr std::size_t added_at_once_max = 500;
constexpr std::chrono::hours token_life{24};
constexpr std::chrono::seconds stall_max{10};

using Names = std::span<const std::string>;

void write_names(JsonWriter& json, std::string_view key, Names names) {
  json.key(key);
  json.open_list();
  for (const std::string& name : names) json.value(name);
  json.close_list();
}

std::string creation(std::string_view type, Names members) {
  std::string out;
  JsonWriter json(out);
  json.open();
  json.field("type", type);
  if (type != "direct") json.field("name", "bench");
  write_names(json, "members", members);
  json.close();
  return out;
}

std::string addition(Names members) {
  std::string out;
  JsonWriter json(out);
  json.open();
  write_names(json, "user_ids", members);
  json.close();
  return out;
}

// The answer's JSON, if it is a success.
Result<JsonObject> posted(const Context& context, std::string_view what, const std::string& path,
                          std::string_view token, const std::string& body) {
  TRY(answer, post(context.target, path, token, body));
  if (answer.status / 100 != 2) return fail(unexpected_answer(what, answer));
  return parse_json_object(answer.body);
}

Result<std::uint64_t> first_message(const Context& context, const std::string& id,
                                    std::string_view token) {
  TRY(message,
      posted(context, "sending a first message", fmt::format("/v1/conversations/{}/messages", id),
             token, R"({"text":"the first message of a load run"})"));
  TRY(seq, message.number("seq"));
  if (!seq) return fail(Code::unavailable, "sending a first message: the answer has no seq");
  return static_cast<std::uint64_t>(*seq);
}

}  // namespace

std::string Context::user(std::string_view role, std::size_t number) const {
  return fmt::format("bench-{}-{}-{}", run, role, number);
}

Result<std::string> Context::token(std::string_view user) const {
  return identity::make_token(options.jwt_secret, user, identity::TokenRole::user, token_life,
                              SystemClock().now());
}

Result<Opening> Context::opening(std::string_view user, std::string_view cursor) const {
  TRY(made, token(user));
  return native_opening(target, made, cursor);
}

Result<Opened> open_conversation(const Context& context, std::string_view type,
                                 std::string_view owner, const std::vector<std::string>& members) {
  TRY(token, context.token(owner));
  Names names = members;
  const Names named = names.first(std::min(names.size(), named_at_creation_max));
  TRY(made,
      posted(context, "making a conversation", "/v1/conversations", token, creation(type, named)));
  TRY(id_view, made.needed_text("id"));
  Opened opened{std::string(id_view), 0};
  for (names = names.subspan(named.size()); !names.empty();) {
    const Names some = names.first(std::min(names.size(), added_at_once_max));
    TRY_DO(posted(context, "adding members", fmt::format("/v1/conversations/{}/members", opened.id),
                  token, addition(some)));
    names = names.subspan(some.size());
    context.progress.tick(members.size() - names.size(), nullptr);
  }
  TRY(seq, first_message(context, opened.id, token));
  opened.next_seq = seq + 1;
  return opened;
}

Result<void> Meter::start() {
  TRY(cpu, processes_.cpu());
  cpu_began_ = cpu;
  own_began_ = own_cpu_seconds();
  began_ = std::chrono::steady_clock::now();
  return {};
}

Result<void> Meter::stop() {
  seconds_ = std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count();
  own_ = own_cpu_seconds() - own_began_;
  TRY(cpu, processes_.cpu());
  cpu_ = cpu - cpu_began_;
  return {};
}

void Meter::add_cost(Outcome& outcome, std::uint64_t done) const {
  if (done == 0) return;
  const double millions = static_cast<double>(done) / 1e6;
  if (processes_.known()) outcome.add("server_cpu_s_per_million", cpu_.server / millions);
  if (processes_.has_others()) outcome.add("store_cpu_s_per_million", cpu_.others / millions);
  outcome.add("client_cpu_s_per_million", own_ / millions);
}

bool Patience::ends(std::uint64_t done, Instant now) {
  if (done != done_) {
    done_ = done;
    moved_ = now;
  }
  return now - moved_ > stall_max;
}

}  // namespace parley::bench
