// Conversations as their members see them.
#include <algorithm>

#include "dialects/dinq/items.h"
#include "dialects/dinq/names.h"
#include "dialects/dinq/wire.h"
#include "engine/decide.h"

namespace parley::dinq {
namespace {

constexpr std::size_t export_page = 500;

Error not_a_member() { return {Code::forbidden, "user is not a member of this conversation", {}}; }

Result<ConversationId> where_of(const Call& call) {
  return conversation_id(call.params.front(), "invalid conversation id");
}

Task<Answer> messages(Call& call) {
  CO_TRY(where, where_of(call));
  const Page page = page_of(call, 50);
  auto view = co_await call.door.engine.conversation(call.caller(), where);
  if (!view) co_return view.error().code == Code::not_found ? not_a_member() : view.error();
  engine::HistoryQuery query;
  query.limit = page.limit;
  query.offset = page.offset;
  CO_TRY(found, co_await call.door.engine.history(call.caller(), where, query));
  const auto order = call.query("order");
  if (order == "asc" || (!order && call.door.shared.oldest_first)) std::ranges::reverse(found);
  co_return success([&](JsonWriter& json) {
    json.open();
    json.key("messages");
    json.open_list();
    for (const Message& message : found) write(json, message);
    json.close_list();
    json.field("can_send", !engine::waits_for_answer(view->conversation, call.user,
                                                     call.door.shared.settings->policy()));
    write_online_status(json, call.door, view->conversation, call.user);
    json.close();
  });
}

Task<Answer> hide(Call& call) {
  CO_TRY(where, where_of(call));
  OwnPatch patch;
  patch.hidden = true;
  auto hidden = co_await call.door.engine.set_own(call.caller(), where, patch);
  if (!hidden && hidden.error().code == Code::not_found)
    co_return Error{Code::forbidden, "conversation not found or already left", {}};
  if (!hidden) co_return std::move(hidden).error();
  co_return done("conversation hidden successfully");
}

void write_own(JsonWriter& json, const ConversationId& where, const OwnSettings& own) {
  json.open();
  json.field("conversation_id", where);
  json.field("read_receipt", own.read_receipts);
  json.field("is_muted", own.muted_until != Time{});
  json.field("is_pinned", own.pinned);
  json.close();
}

Task<Answer> own_settings(Call& call) {
  CO_TRY(where, where_of(call));
  auto view = co_await call.door.engine.conversation(call.caller(), where);
  if (!view) co_return view.error().code == Code::not_found ? not_a_member() : view.error();
  co_return success([&](JsonWriter& json) { write_own(json, where, view->mine.own); });
}

Task<Answer> set_own_settings(Call& call) {
  CO_TRY(where, where_of(call));
  CO_TRY(body, call.body());
  auto receipts = body.flag("read_receipt"), muted = body.flag("is_muted"),
       pinned = body.flag("is_pinned");
  if (!receipts || !muted || !pinned)
    co_return Error{Code::bad_request, "invalid request body", {}};
  OwnPatch patch;
  patch.read_receipts = *receipts;
  patch.pinned = *pinned;
  // Muted is for ever here: until a time that no clock will show.
  constexpr std::int64_t never = 253'402'300'799'000'000;
  if (*muted) patch.muted_until = **muted ? from_micros(never) : Time{};
  auto view = co_await call.door.engine.set_own(call.caller(), where, patch);
  if (!view) co_return view.error().code == Code::not_found ? not_a_member() : view.error();
  Signal signal;
  signal.kind = Signal::Kind::own_settings;
  signal.conversation = where;
  signal.user = call.user;
  signal.to = {call.user};
  JsonWriter details(signal.details);
  write_own(details, where, view->mine.own);
  call.door.engine.tell(signal);
  co_return success([&](JsonWriter& json) { write_own(json, where, view->mine.own); });
}

std::string csv_cell(std::string_view text) {
  std::string cell = "\"";
  for (char c : text) cell += c == '"' ? "\"\"" : std::string(1, c);
  return cell + '"';
}

std::string exported(const Message& message, std::string_view format, bool first) {
  std::string out;
  if (format == "json") {
    if (!first) out += ',';
    JsonWriter json(out);
    write(json, message);
  } else if (format == "csv") {
    out = message.id.text() + ',' + rfc3339(message.created_at, 6) + ',' +
          csv_cell(message.sender.text) + ',' + std::string(type_name(message)) + ',' +
          csv_cell(message.text) + "\r\n";
  } else {
    out = '[' + rfc3339(message.created_at, 0) + "] " + message.sender.text + ": " +
          preview(message).value_or("-") + '\n';
  }
  return out;
}

// Page by page, oldest first: the whole history is never in memory.
Task<void> write_export(Door& door, engine::Caller caller, engine::ConversationView view,
                        std::string format, net::ResponseStream& out) {
  auto pass = door.commands.enter();
  std::string piece;
  if (format == "json") {
    piece = R"({"conversation":)";
    JsonWriter json(piece);
    json.open();
    write_conversation(json, view.conversation, view.last_message);
    json.close();
    piece += R"(,"messages":[)";
  } else if (format == "csv") {
    piece = "id,created_at,sender_id,message_type,content\r\n";
  }
  engine::HistoryQuery query{engine::HistoryQuery::Mode::after, Seq{}, export_page};
  for (bool first = true;; first = false) {
    auto messages = co_await door.engine.history(caller, view.conversation.id, query);
    if (!messages) co_return;
    for (const Message& message : *messages) {
      piece += exported(message, format, first && message.id == messages->front().id);
      query.seq = message.seq;
    }
    if (messages->size() < query.limit) break;
    bool there = co_await out.write(std::exchange(piece, {}));
    if (!there) co_return;
  }
  if (format == "json") piece += "]}";
  co_await out.write(std::move(piece));
}

Task<Answer> export_all(Call& call) {
  CO_TRY(where, where_of(call));
  const std::string format(call.query("format").value_or("json"));
  if (format != "json" && format != "csv" && format != "txt")
    co_return Error{Code::bad_request, "format must be json, csv or txt", {}};
  auto view = co_await call.door.engine.conversation(call.caller(), where);
  if (!view) co_return view.error().code == Code::not_found ? not_a_member() : view.error();
  net::Response response;
  response.with("Content-Type", format == "json"  ? "application/json; charset=utf-8"
                                : format == "csv" ? "text/csv; charset=utf-8"
                                                  : "text/plain; charset=utf-8");
  response.with("Content-Disposition",
                "attachment; filename=\"conversation-" + where.text() + "." + format + "\"");
  response.stream = [&door = call.door, caller = call.caller(), view = std::move(*view),
                     format](net::ResponseStream& out) {
    return write_export(door, caller, view, format, out);
  };
  co_return response;
}

}  // namespace

void add_conversation_routes(Routes& routes) {
  add_api(routes, "GET", "/conversations/{id}/messages", messages);
  add_api(routes, "POST", "/conversations/{id}/hide", hide);
  add_api(routes, "GET", "/conversations/{id}/settings", own_settings);
  add_api(routes, "POST", "/conversations/{id}/settings", set_own_settings);
  add_api(routes, "GET", "/conversations/{id}/export", export_all);
}

}  // namespace parley::dinq
