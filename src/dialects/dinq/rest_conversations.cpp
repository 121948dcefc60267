// Conversations as their members see them.
#include <algorithm>

#include "dialects/dinq/call.h"
#include "dialects/dinq/names.h"
#include "dialects/dinq/wire.h"

namespace parley::dinq {
namespace {

constexpr std::size_t all_of_them = 100'000;
constexpr std::size_t members_shown = 5'000;
constexpr std::size_t export_page = 500;

Error not_a_member() { return {Code::forbidden, "user is not a member of this conversation", {}}; }

Result<ConversationId> where_of(const Call& call) {
  return conversation_id(call.params.front(), "invalid conversation id");
}

UserId partner_in(const Conversation& conversation, const UserId& user) {
  return conversation.direct_low == user ? conversation.direct_high : conversation.direct_low;
}

// Of the partner of a private conversation; else empty.
void write_online_status(JsonWriter& json, const Door& door, const Conversation& conversation,
                         const UserId& user) {
  json.key("online_status");
  json.open();
  if (conversation.type == ConversationType::direct &&
      door.shared.settings->on("enable_online_status")) {
    const UserId partner = partner_in(conversation, user);
    json.field(partner.text, door.shared.presence->online(partner));
  }
  json.close();
}

bool listed(const engine::ConversationView& view) {
  const Seq hidden = view.mine.own.hidden_seq;
  return hidden.value == 0 || view.conversation.last_message_seq > hidden;
}

Time last_activity(const engine::ConversationView& view) {
  return view.last_message ? view.last_message->created_at : Time{};
}

// Pinned first; then the newest message, then the newest conversation.
bool comes_before(const engine::ConversationView& a, const engine::ConversationView& b) {
  if (a.mine.own.pinned != b.mine.own.pinned) return a.mine.own.pinned;
  return std::tuple(last_activity(a), a.conversation.created_at, a.conversation.id) >
         std::tuple(last_activity(b), b.conversation.created_at, b.conversation.id);
}

struct Item {
  engine::ConversationView view;
  std::vector<Member> members;
};

void write_item(JsonWriter& json, const Call& call, const Item& item) {
  const engine::ConversationView& view = item.view;
  json.open();
  write_conversation(json, view.conversation, view.last_message);
  json.field("unread_count", unread_count(view.conversation, view.mine));
  const auto text = view.last_message ? preview(*view.last_message) : std::nullopt;
  if (view.last_message)
    json.field("last_message_time", view.last_message->created_at);
  else
    json.null_field("last_message_time");
  if (text)
    json.field("last_message_text", *text);
  else
    json.null_field("last_message_text");
  write_online_status(json, call.door, view.conversation, call.user);
  json.key("members");
  json.open_list();
  for (const Member& member : item.members)
    write_member(json, view.conversation.id, member, unread_count(view.conversation, member));
  json.close_list();
  json.field("is_pinned", view.mine.own.pinned);
  json.field("is_muted", view.mine.own.muted_until != Time{});
  json.close();
}

Task<Result<Item>> item_of(Call& call, engine::ConversationView view) {
  CO_TRY(members,
         co_await call.door.engine.members(call.caller(), view.conversation.id, {}, members_shown));
  co_return Item{std::move(view), std::move(members)};
}

Task<Answer> list(Call& call) {
  const Page page = page_of(call, 20);
  engine::ListQuery query;
  query.limit = all_of_them;
  CO_TRY(all, co_await call.door.engine.conversations(call.caller(), query));
  std::vector<engine::ConversationView> views = std::move(all.items);
  std::erase_if(views, [](const auto& view) { return !listed(view); });
  // Names are another service's: without it there are none that could contain the text.
  if (!call.query("search").value_or("").empty()) views.clear();
  std::ranges::sort(views, comes_before);
  std::vector<Item> items;
  for (std::size_t i = page.offset; i < views.size() && items.size() < page.limit; ++i) {
    CO_TRY(item, co_await item_of(call, std::move(views[i])));
    items.push_back(std::move(item));
  }
  co_return success([&](JsonWriter& json) {
    json.open();
    json.key("conversations");
    json.open_list();
    for (const Item& item : items) write_item(json, call, item);
    json.close_list();
    json.close();
  });
}

Task<Answer> search(Call& call) {
  if (call.query("q").value_or("").empty() && call.query("keyword").value_or("").empty())
    co_return Error{Code::bad_request, "q or keyword is required", {}};
  co_return success([](JsonWriter& json) { json.raw(R"({"conversations":[],"total":0})"); });
}

Task<Answer> create_private(Call& call) {
  CO_TRY(body, call.body());
  auto text = body.needed_text("receiver_id");
  if (!text) co_return Error{Code::bad_request, "receiver_id is required", {}};
  CO_TRY(receiver, user_id(*text, "invalid user id"));
  if (receiver == call.user)
    co_return Error{Code::bad_request, "cannot create conversation with yourself", {}};
  engine::CreateConversation command;
  command.type = ConversationType::direct;
  command.members = {std::move(receiver)};
  CO_TRY(made, co_await call.door.engine.create(call.caller(), std::move(command)));
  CO_TRY(item, co_await item_of(call, std::move(made.view)));
  co_return success([&](JsonWriter& json) {
    json.open();
    json.key("conversation");
    write_item(json, call, item);
    json.field("is_newly_created", made.created);
    json.close();
  });
}

bool may_write(const Call& call, const engine::ConversationView& view) {
  const Conversation& at = view.conversation;
  if (at.type != ConversationType::direct ||
      !call.door.shared.settings->on("enable_first_message_limit"))
    return true;
  const bool is_low = at.direct_low == call.user;
  return (is_low ? at.high_spoke : at.low_spoke) || !(is_low ? at.low_spoke : at.high_spoke);
}

Task<Answer> messages(Call& call) {
  CO_TRY(where, where_of(call));
  const Page page = page_of(call, 50);
  auto view = co_await call.door.engine.conversation(call.caller(), where);
  if (!view) co_return view.error().code == Code::not_found ? not_a_member() : view.error();
  engine::HistoryQuery query;
  query.limit = page.offset + page.limit;
  std::vector<Message> found;
  if (page.limit > 0) {
    CO_TRY(newest, co_await call.door.engine.history(call.caller(), where, query));
    found = std::move(newest);
  }
  found.erase(found.begin(),
              found.begin() + static_cast<std::ptrdiff_t>(std::min(page.offset, found.size())));
  const auto order = call.query("order");
  if (order == "asc" || (!order && call.door.shared.oldest_first)) std::ranges::reverse(found);
  co_return success([&](JsonWriter& json) {
    json.open();
    json.key("messages");
    json.open_list();
    for (const Message& message : found) write(json, message);
    json.close_list();
    json.field("can_send", may_write(call, *view));
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
  add_api(routes, "GET", "/conversations", list);
  add_api(routes, "GET", "/conversations/search", search);
  add_api(routes, "POST", "/conversations/private", create_private);
  add_api(routes, "GET", "/conversations/{id}/messages", messages);
  add_api(routes, "POST", "/conversations/{id}/hide", hide);
  add_api(routes, "GET", "/conversations/{id}/settings", own_settings);
  add_api(routes, "POST", "/conversations/{id}/settings", set_own_settings);
  add_api(routes, "GET", "/conversations/{id}/export", export_all);
}

}  // namespace parley::dinq
