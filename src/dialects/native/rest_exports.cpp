// Somebody's history, to take along: asked for once, and made while it is fetched.
#include "dialects/native/call.h"
#include "dialects/native/export.h"
#include "dialects/native/parse.h"
#include "engine/fading.h"

namespace parley::native {
namespace {

constexpr std::string_view exports_space = "exports";
constexpr std::chrono::days kept_for{7};

struct Kept {
  Export what;
  Time created_at{};
};

std::string body_of(const Export& what) {
  std::string out;
  JsonWriter json(out);
  json.open();
  if (what.where) json.field("conversation_id", *what.where);
  json.field("format", what.form == Export::Form::html ? "html" : "jsonl");
  json.close();
  return out;
}

Result<Export> export_in(const JsonObject& body) {
  Export what;
  TRY(where, body.text("conversation_id"));
  if (where) {
    TRY(id, conversation_id(*where));
    what.where = id;
  }
  TRY(format, body.text("format"));
  if (format && *format != "jsonl" && *format != "html")
    return fail(Code::unprocessable, "format must be jsonl or html");
  if (format == "html") what.form = Export::Form::html;
  return what;
}

Task<Result<Kept>> kept_export(Call& call, std::string id) {
  CO_TRY(record, co_await call.door.engine.record(std::string(exports_space), call.caller.user.text,
                                                  std::move(id)));
  if (!record || call.door.engine.clock().now() > record->at + kept_for)
    co_return Error{Code::not_found, "you have no export of this id", {}};
  CO_TRY(body, parse_json_object(record->body));
  CO_TRY(what, export_in(body));
  co_return Kept{what, record->at};
}

std::string export_json(const std::string& id, const Kept& kept) {
  std::string out;
  JsonWriter json(out);
  json.open();
  json.field("id", id);
  json.field("status", "ready");
  if (kept.what.where) json.field("conversation_id", *kept.what.where);
  json.field("format", kept.what.form == Export::Form::html ? "html" : "jsonl");
  json.field("url", "/v1/exports/" + id + "/archive.zip");
  json.field("created_at", kept.created_at);
  json.field("expires_at", kept.created_at + kept_for);
  json.close();
  return out;
}

Task<Answer> create(Call& call) {
  CO_TRY(body, call.body());
  CO_TRY(what, export_in(body));
  if (what.where) CO_TRY_DO(co_await call.door.engine.conversation(call.caller, *what.where));
  const std::string id = call.door.engine.fresh_key();
  const Time until = call.door.engine.clock().now() + kept_for;
  store::RecordSet ticket{std::string(exports_space), call.caller.user.text, id, body_of(what), {}};
  std::vector<store::RecordSet> sets{ticket, engine::fading(ticket, until)};
  CO_TRY_DO(co_await call.door.engine.put_records(call.caller, std::move(sets)));
  CO_TRY(kept, co_await kept_export(call, id));  // created when the store says so
  co_return json_answer(202, export_json(id, kept));
}

Task<Answer> get(Call& call) {
  CO_TRY(kept, co_await kept_export(call, call.params.front()));
  co_return json_answer(200, export_json(call.params.front(), kept));
}

Task<Answer> archive(Call& call) {
  CO_TRY(kept, co_await kept_export(call, call.params.front()));
  // Before the first byte, so that who has left gets an ordinary refusal.
  if (kept.what.where)
    CO_TRY_DO(co_await call.door.engine.conversation(call.caller, *kept.what.where));
  net::Response response;
  response.with("Content-Type", "application/zip")
      .with("Content-Disposition", "attachment; filename=\"messages.zip\"")
      .with("Cache-Control", "no-store")
      .with("X-Content-Type-Options", "nosniff");
  response.stream = [&door = call.door, caller = call.caller, what = kept.what](
                        net::ResponseStream& out) { return write_export(door, caller, what, out); };
  co_return response;
}

}  // namespace

void add_export_routes(Routes& routes) {
  routes.add("POST", "/v1/exports", {create});
  routes.add("GET", "/v1/exports/{id}", {get});
  routes.add("GET", "/v1/exports/{id}/archive.zip", {archive});
}

}  // namespace parley::native
