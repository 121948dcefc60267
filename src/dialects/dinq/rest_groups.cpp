// Groups and who is in them.
#include "dialects/dinq/call.h"
#include "dialects/dinq/names.h"
#include "dialects/dinq/wire.h"

namespace parley::dinq {
namespace {

Result<std::vector<UserId>> members_in(const JsonObject& body) {
  auto named = body.texts("member_ids");
  if (!named || !*named) return fail(Code::bad_request, "member_ids is required");
  std::vector<UserId> users;
  for (std::string_view one : **named) {
    TRY(user, user_id(one, "invalid user id"));
    users.push_back(std::move(user));
  }
  return users;
}

Task<Answer> create_group(Call& call) {
  CO_TRY(body, call.body());
  auto name = body.needed_text("group_name");
  if (!name || name->empty()) co_return Error{Code::bad_request, "group_name is required", {}};
  engine::CreateConversation command;
  command.name = *name;
  CO_TRY(members, members_in(body));
  command.members = std::move(members);
  auto made = co_await call.door.engine.create(call.caller(), std::move(command));
  // What is too long is a body that is wrong here.
  if (!made && made.error().code == Code::too_large)
    co_return Error{Code::bad_request, made.error().detail, {}};
  if (!made) co_return std::move(made).error();
  co_return success([&](JsonWriter& json) {
    json.open();
    write_conversation(json, made->view.conversation, made->view.last_message);
    json.close();
  });
}

// A group that the caller is in; refused in the words of what they wanted to do there.
Task<Result<engine::ConversationView>> group_of(Call& call, std::string_view wanted) {
  CO_TRY(where, conversation_id(call.params.front(), "invalid conversation id"));
  auto view = co_await call.door.engine.conversation(call.caller(), where);
  if (!view && view.error().code == Code::not_found)
    co_return Error{Code::forbidden, "you are not a member of this conversation", {}};
  if (!view) co_return std::move(view).error();
  if (view->conversation.type == ConversationType::direct)
    co_return Error{
        Code::forbidden, "can only " + std::string(wanted) + " group conversations", {}};
  co_return std::move(*view);
}

// The engine's refusal in this wire's words.
Error reworded(Error error, std::string_view forbidden, std::string_view not_found) {
  if (error.code == Code::forbidden) return {Code::forbidden, std::string(forbidden), {}};
  if (error.code == Code::not_found) return {Code::forbidden, std::string(not_found), {}};
  return error;
}

Task<Answer> add(Call& call) {
  CO_TRY(body, call.body());
  CO_TRY(users, members_in(body));
  CO_TRY(group, co_await group_of(call, "add members to"));
  const bool nobody = users.empty();
  engine::AddMembers command;
  command.where = group.conversation.id;
  command.users = std::move(users);
  auto added = co_await call.door.engine.add_members(call.caller(), std::move(command));
  // Who may add people may add none.
  const bool fine = added || (nobody && added.error().code == Code::unprocessable);
  if (!fine)
    co_return reworded(std::move(added).error(), "only owner or admin can add members",
                       "conversation not found");
  co_return done("members added successfully");
}

Task<Answer> remove(Call& call) {
  CO_TRY(body, call.body());
  auto text = body.needed_text("user_id");
  if (!text) co_return Error{Code::bad_request, "user_id is required", {}};
  CO_TRY(whom, user_id(*text, "invalid user id"));
  CO_TRY(group, co_await group_of(call, "remove members from"));
  auto removed = co_await call.door.engine.remove_member(call.caller(), group.conversation.id,
                                                         std::move(whom));
  // Who leads may remove all but the owner.
  const char* forbidden = group.mine.role >= Role::admin ? "cannot remove owner"
                                                         : "only owner or admin can remove members";
  if (!removed)
    co_return reworded(std::move(removed).error(), forbidden, "target user is not a member");
  co_return done("member removed successfully");
}

Task<Answer> set_role(Call& call) {
  CO_TRY(whom, user_id(call.params.back(), "invalid user id"));
  CO_TRY(body, call.body());
  auto name = body.needed_text("role");
  const auto role = name ? parse_role(*name) : std::nullopt;
  if (!role || *role == Role::reader)
    co_return Error{Code::bad_request, "role must be owner, admin or member", {}};
  CO_TRY(group, co_await group_of(call, "change roles in"));
  auto changed =
      co_await call.door.engine.set_role(call.caller(), group.conversation.id, whom, *role);
  if (!changed)
    co_return reworded(std::move(changed).error(), "only owner can change roles",
                       "member not found");
  co_return done("role updated successfully");
}

Task<Answer> leave(Call& call) {
  CO_TRY(group, co_await group_of(call, "leave"));
  auto left = co_await call.door.engine.leave(call.caller(), group.conversation.id);
  if (!left)
    co_return reworded(std::move(left).error(),
                       "owner cannot leave group, please transfer ownership first",
                       "you are not a member of this conversation");
  co_return done("left group successfully");
}

}  // namespace

void add_group_routes(Routes& routes) {
  add_api(routes, "POST", "/conversations/group", create_group);
  add_api(routes, "POST", "/conversations/{id}/members", add);
  add_api(routes, "POST", "/conversations/{id}/members/remove", remove);
  add_api(routes, "POST", "/conversations/{id}/members/{user}/role", set_role);
  add_api(routes, "POST", "/conversations/{id}/leave", leave);
}

}  // namespace parley::dinq
