// Finding messages by what they say, and conversations by their names and people.
#include <charconv>

#include "dialects/native/call.h"
#include "dialects/native/parse.h"

namespace parley::native {
namespace {

struct Found {
  const Message& message;
  const UserId& viewer;
  std::string snippet;
};

void write_found(JsonWriter& json, const Found& found) {
  std::string whole = to_json(Seen{found.message, found.viewer});
  whole.pop_back();
  JsonWriter rest(whole);
  whole += ',';
  rest.field("snippet", found.snippet);
  whole += '}';
  json.raw(whole);
}

Result<std::string_view> wanted(const net::Query& query) {
  auto q = query.get("q");
  if (!q) return fail(Code::bad_request, "q is required: what to look for");
  return *q;
}

Result<Time> time_in(const net::Query& query, std::string_view name, Time fallback) {
  auto text = query.get(name);
  if (!text) return fallback;
  auto at = parse_rfc3339(*text);
  if (!at)
    return fail(Code::bad_request, std::string(name) + " must be a time like 2026-01-02T03:04:05Z");
  return *at;
}

// Where the page before ended: that message's time and id.
Result<std::optional<std::pair<Time, MessageId>>> place_after(const net::Query& query) {
  TRY(token, user_after(query));
  if (token.empty()) return std::nullopt;
  const std::string_view text = token.text;
  const auto point = text.find('.');
  std::int64_t micros = 0;
  const auto digits = text.substr(0, point);
  const bool is_number =
      std::from_chars(digits.data(), digits.data() + digits.size(), micros).ec == std::errc{};
  auto id =
      point == std::string_view::npos ? std::nullopt : MessageId::parse(text.substr(point + 1));
  if (!is_number || !id)
    return fail(Code::bad_request, "after must be the next of an earlier page");
  return std::pair(from_micros(micros), *id);
}

Result<engine::FindText> find_query(const net::Query& query) {
  engine::FindText find;
  TRY(q, wanted(query));
  TRY(words, engine::TextQuery::parse(q));
  find.words = std::move(words);
  find.with_progress = true;
  TRY(limit, limit_of(query));
  find.limit = limit + 1;  // one more tells whether there is more
  if (auto where = query.get("conversation_id")) {
    TRY(id, conversation_id(*where));
    find.where = id;
  }
  if (auto sender = query.get("sender_id")) find.sender = UserId{std::string(*sender)};
  if (auto type = query.get("type")) {
    find.type = parse_message_type(*type);
    if (!find.type) return fail(Code::bad_request, "type must be a message's type");
  }
  if (auto has = query.get("has")) {
    if (*has != "attachment") return fail(Code::bad_request, "has must be attachment");
    find.with_attachment = true;
  }
  TRY(from, time_in(query, "from", Time{}));
  TRY(to, time_in(query, "to", Time::max()));
  find.from = from;
  find.to = to;
  TRY(before, place_after(query));
  find.before = before;
  return find;
}

Task<Answer> search_messages(Call& call) {
  CO_TRY(find, find_query(call.request.query));
  const engine::TextQuery words = *find.words;
  const std::size_t limit = find.limit - 1;
  CO_TRY(found, co_await call.door.engine.find_text(call.caller, std::move(find)));
  const bool more = found.size() > limit;
  if (more) found.resize(limit);
  std::string out;
  JsonWriter json(out);
  json.open();
  json.key("items");
  json.open_list();
  for (const Message& one : found)
    write_found(json, {one, call.caller.user, words.snippet(one.text)});
  json.close_list();
  if (more)
    json.field("next", page_token(std::to_string(to_micros(found.back().created_at)) + '.' +
                                  hex24(found.back().id.bytes)));
  else
    json.null_field("next");
  json.close();
  co_return json_answer(200, out);
}

// By words of the name, or by people whose id has the text in it; the list of conversations, less those that don't fit.
Task<Answer> search_conversations(Call& call) {
  CO_TRY(q, wanted(call.request.query));
  CO_TRY(words, engine::TextQuery::parse(q));
  CO_TRY(query, list_query(call.request.query));
  query.about = engine::ListQuery::About{std::move(words), std::string(q)};
  CO_TRY(page, co_await call.door.engine.conversations(call.caller, std::move(query)));
  co_return json_answer(200, page_json(page.items, page.next ? page_token(*page.next) : ""));
}

}  // namespace

void add_search_routes(Routes& routes) {
  routes.add("GET", "/v1/search/messages", {search_messages});
  routes.add("GET", "/v1/search/conversations", {search_conversations});
}

}  // namespace parley::native
