// The list of conversations, and finding one by the name of whom it is with.
#include <algorithm>
#include <iterator>

#include "base/unicode.h"
#include "dialects/dinq/items.h"
#include "dialects/dinq/names.h"
#include "dialects/dinq/wire.h"

namespace parley::dinq {

UserId partner_in(const Conversation& conversation, const UserId& user) {
  return conversation.direct_low == user ? conversation.direct_high : conversation.direct_low;
}

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

namespace {

constexpr std::size_t all_of_them = 100'000;
constexpr std::size_t members_shown = 5'000;

struct Item {
  engine::ConversationView view;
  std::vector<Member> members;
  std::vector<std::optional<MessageId>> last_read;  // of each member
};

// Those whose names go with them.
std::vector<UserId> people_in(const std::vector<Item>& items) {
  std::vector<UserId> people;
  for (const Item& item : items)
    for (const Member& member : item.members) people.push_back(member.user);
  return people;
}

void write_item(JsonWriter& json, const Call& call, const Item& item, const ProfileMap& profiles) {
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
  for (std::size_t i = 0; i < item.members.size(); ++i) {
    const Member& member = item.members[i];
    auto profile = profiles.find(member.user);
    write_member(json, view.conversation.id, member,
                 {unread_count(view.conversation, member), item.last_read[i]},
                 profile == profiles.end() ? nullptr : &profile->second);
  }
  json.close_list();
  json.field("is_pinned", view.mine.own.pinned);
  json.field("is_muted", view.mine.own.muted_until != Time{});
  json.close();
}

Task<Result<Item>> item_of(Call& call, engine::ConversationView view) {
  CO_TRY(members,
         co_await call.door.engine.members(call.caller(), view.conversation.id, {}, members_shown));
  CO_TRY(last_read,
         co_await call.door.engine.last_read(call.caller(), view.conversation.id, members));
  co_return Item{std::move(view), std::move(members), std::move(last_read)};
}

// What the caller has in the list, in its order.
Task<Result<std::vector<engine::ConversationView>>> listed_views(Call& call, Page page) {
  engine::ListQuery query;
  query.order = engine::ListQuery::Order::message;
  query.pinned_first = query.without_put_away = true;
  query.offset = page.offset;
  query.limit = page.limit;
  CO_TRY(found, co_await call.door.engine.conversations(call.caller(), std::move(query)));
  co_return std::move(found.items);
}

enum class Where : bool { in_name, in_name_or_domain };

// Keeps the private ones whose partner is called so; how they are called is returned.
Task<ProfileMap> keep_called(Call& call, std::vector<engine::ConversationView>& views,
                             std::string_view text, Where where) {
  std::vector<UserId> partners;
  for (const auto& view : views)
    if (view.conversation.type == ConversationType::direct)
      partners.push_back(partner_in(view.conversation, call.user));
  ProfileMap profiles = co_await call.door.shared.profiles->of(std::move(partners));
  const std::string sought = fold_case(text);
  std::erase_if(views, [&](const engine::ConversationView& view) {
    auto at = profiles.find(partner_in(view.conversation, call.user));
    if (view.conversation.type != ConversationType::direct || at == profiles.end()) return true;
    const Profile& profile = at->second;
    return !fold_case(profile.name).contains(sought) &&
           (where == Where::in_name || !fold_case(profile.domain).contains(sought));
  });
  co_return profiles;
}

void cut(std::vector<engine::ConversationView>& views, const Page& page) {
  const std::size_t from = std::min(page.offset, views.size());
  const std::size_t upto = from + std::min(page.limit, views.size() - from);
  views = {std::make_move_iterator(views.begin() + static_cast<std::ptrdiff_t>(from)),
           std::make_move_iterator(views.begin() + static_cast<std::ptrdiff_t>(upto))};
}

Task<Answer> list(Call& call) {
  const Page page = page_of(call, 20);
  const auto sought = call.query("search").value_or("");
  CO_TRY(views, co_await listed_views(
                    call, sought.empty() ? page : Page{.limit = all_of_them, .offset = 0}));
  if (!sought.empty()) {
    co_await keep_called(call, views, sought, Where::in_name_or_domain);
    cut(views, page);
  }
  std::vector<Item> items;
  for (engine::ConversationView& view : views) {
    CO_TRY(item, co_await item_of(call, std::move(view)));
    items.push_back(std::move(item));
  }
  const ProfileMap profiles = co_await call.door.shared.profiles->of(people_in(items));
  co_return success([&](JsonWriter& json) {
    json.open();
    json.key("conversations");
    json.open_list();
    for (const Item& item : items) write_item(json, call, item, profiles);
    json.close_list();
    json.close();
  });
}

void write_found(JsonWriter& json, const Call& call, const engine::ConversationView& view,
                 const ProfileMap& profiles) {
  const UserId partner = partner_in(view.conversation, call.user);
  const Profile& profile = profiles.at(partner);
  json.open();
  json.field("conversation_id", view.conversation.id);
  json.field("conversation_type", "private");
  json.key("other_user");
  json.open();
  json.field("user_id", partner.text);
  json.field("name", profile.name);
  json.field("avatar_url", profile.avatar_url);
  json.field("full_position", profile.full_position);
  json.close();
  if (view.last_message)
    json.field("last_message_time", view.last_message->created_at);
  else
    json.null_field("last_message_time");
  json.field("unread_count", unread_count(view.conversation, view.mine));
  json.field("updated_at", view.conversation.updated_at);
  if (view.last_message) {
    json.key("last_message");
    json.open();
    json.field("content", preview(*view.last_message).value_or(""));
    json.field("message_type", type_name(*view.last_message));
    json.field("sender_id", view.last_message->sender.text);
    json.close();
  }
  json.close();
}

Task<Answer> search(Call& call) {
  const auto q = call.query("q").value_or(""), keyword = call.query("keyword").value_or("");
  if (q.empty() && keyword.empty())
    co_return Error{Code::bad_request, "q or keyword is required", {}};
  const Page page = page_of(call, 50);
  CO_TRY(views, co_await listed_views(call, {.limit = all_of_them, .offset = 0}));
  const ProfileMap profiles =
      co_await keep_called(call, views, q.empty() ? keyword : q, Where::in_name);
  cut(views, page);
  co_return success([&](JsonWriter& json) {
    json.open();
    json.key("conversations");
    json.open_list();
    for (const auto& view : views) write_found(json, call, view, profiles);
    json.close_list();
    json.field("total", views.size());
    json.close();
  });
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
  std::vector<Item> item;
  CO_TRY(only, co_await item_of(call, std::move(made.view)));
  item.push_back(std::move(only));
  const ProfileMap profiles = co_await call.door.shared.profiles->of(people_in(item));
  co_return success([&](JsonWriter& json) {
    json.open();
    json.key("conversation");
    write_item(json, call, item.front(), profiles);
    json.field("is_newly_created", made.created);
    json.close();
  });
}

}  // namespace

void add_list_routes(Routes& routes) {
  add_api(routes, "GET", "/conversations", list);
  add_api(routes, "GET", "/conversations/search", search);
  add_api(routes, "POST", "/conversations/private", create_private);
}

}  // namespace parley::dinq
