// What was missed, over HTTP: one page, a long poll, or Server-Sent Events. All read the log.
#include "dialects/native/call.h"
#include "dialects/native/parse.h"
#include "engine/watch.h"

namespace parley::native {
namespace {

constexpr std::uint64_t wait_max_s = 30;
constexpr std::size_t stream_page = 200;
constexpr std::chrono::seconds stream_heartbeat{15};

struct Missed {
  store::SincePage page;
  std::vector<store::Record> notifications;
};

Signal told(const store::Record& notification) {
  Signal signal;
  signal.details = notification.body;
  return signal;
}

std::string sync_json(const Missed& missed, const UserId& viewer) {
  const store::SincePage& page = missed.page;
  std::string out;
  JsonWriter json(out);
  json.open();
  json.key("events");
  json.open_list();
  for (std::size_t i = 0; i < page.events.size(); ++i)
    json.raw(event_json(*page.events[i], page.cursors[i], viewer));
  for (const store::Record& one : missed.notifications)
    json.raw(notification_json(told(one), page.next));
  json.close_list();
  json.key("pointers");
  json.open_list();
  for (const Pointer& pointer : page.pointers) json.raw(pointer_json(pointer));
  json.close_list();
  json.field("cursor", page.next.text());
  json.field("more", page.more);
  json.close();
  return out;
}

bool empty(const Missed& missed) {
  return missed.page.events.empty() && missed.page.pointers.empty() && missed.notifications.empty();
}

// Without a cursor: nothing, and the cursor of now.
Task<Result<Missed>> since(Door& door, const engine::Caller& caller, std::optional<Cursor> cursor,
                           std::size_t limit) {
  CO_TRY(page, co_await door.engine.since(caller, cursor, limit));
  Missed missed{std::move(page), {}};
  if (!cursor) co_return missed;
  CO_TRY(notifications,
         co_await door.engine.notifications_between(caller, std::move(*cursor), missed.page.next));
  missed.notifications = std::move(notifications);
  co_return missed;
}

// Waits until there is something since the cursor, or the time is over.
Task<Result<Missed>> wait_for_page(Call& call, Cursor cursor, std::size_t limit,
                                   std::chrono::seconds patience) {
  engine::Watch watch(call.door.engine, call.door.loop, call.caller);
  CO_TRY_DO(co_await watch.open());
  const Instant end = call.door.engine.clock().instant() + patience;
  for (;;) {
    CO_TRY(page, co_await since(call.door, call.caller, cursor, limit));
    auto left =
        std::chrono::ceil<std::chrono::milliseconds>(end - call.door.engine.clock().instant());
    if (!empty(page) || left.count() <= 0) co_return page;
    bool news = co_await watch.news(left);
    if (!news) co_return page;
  }
}

Task<Answer> sync(Call& call) {
  CO_TRY(limit, limit_of(call.request.query));
  CO_TRY(cursor, cursor_of(call.request.query.get("cursor")));
  CO_TRY(wait, number_of(call.request.query, "wait"));
  if (wait && *wait > wait_max_s)
    co_return Error{Code::bad_request, "wait must be 0 to 30 seconds", {}};
  CO_TRY(page, co_await since(call.door, call.caller, cursor, limit));
  if (cursor && empty(page) && wait && *wait > 0) {
    CO_TRY(later, co_await wait_for_page(call, *cursor, limit, std::chrono::seconds{*wait}));
    co_return json_answer(200, sync_json(later, call.caller.user));
  }
  co_return json_answer(200, sync_json(page, call.caller.user));
}

std::string sse_event(const Event& event, const Cursor& cursor, const UserId& viewer) {
  return "id: " + cursor.text() + "\ndata: " + event_json(event, cursor, viewer) + "\n\n";
}

// Takes what it needs by value: the request is gone when the stream still flows.
Task<void> stream_events(Door& door, engine::Caller caller, Cursor cursor,
                         net::ResponseStream& out) {
  auto pass = door.commands.enter();
  engine::Watch watch(door.engine, door.loop, caller);
  auto opened = co_await watch.open();
  bool there = opened.has_value();
  while (there && !door.commands.closed()) {
    auto missed = co_await since(door, caller, cursor, stream_page);
    if (!missed) co_return;
    const store::SincePage* page = &missed->page;
    std::string piece;
    for (std::size_t i = 0; i < page->events.size(); ++i)
      piece += sse_event(*page->events[i], page->cursors[i], caller.user);
    for (const Pointer& pointer : page->pointers)
      piece += "data: " + read_updated_json(pointer) + "\n\n";
    for (const store::Record& one : missed->notifications)
      piece += "id: " + page->next.text() + "\ndata: " + notification_json(told(one), page->next) +
               "\n\n";
    cursor = page->next;
    if (!piece.empty()) there = co_await out.write(std::move(piece));
    if (!there || page->more) continue;
    bool news = co_await watch.news(stream_heartbeat);
    if (!news && !door.commands.closed()) there = co_await out.write(": still here\n\n");
  }
}

Task<Answer> events(Call& call) {
  auto last = call.request.header("Last-Event-ID");
  CO_TRY(cursor, cursor_of(last ? last : call.request.query.get("cursor")));
  // Checked before the stream begins, so that a bad cursor is an ordinary refusal.
  CO_TRY(first, co_await call.door.engine.since(call.caller, cursor, 1));
  Cursor from = cursor ? *cursor : first.next;
  net::Response response;
  response.with("Content-Type", "text/event-stream").with("Cache-Control", "no-store");
  Door& door = call.door;
  response.stream = [&door, caller = call.caller, from](net::ResponseStream& out) {
    return stream_events(door, caller, from, out);
  };
  co_return response;
}

}  // namespace

void add_sync_routes(Routes& routes) {
  routes.add("GET", "/v1/sync", {sync});
  routes.add("GET", "/v1/events", {events});
}

}  // namespace parley::native
