// What administrators change: live settings, notification templates, and sending to many.
#include <algorithm>
#include <array>

#include "dialects/dinq/call.h"
#include "dialects/dinq/names.h"
#include "dialects/dinq/notifications.h"

namespace parley::dinq {
namespace {

constexpr std::string_view templates_space = "dinq.templates";
constexpr std::size_t all_of_them = 10'000;

// ---- settings

Task<Answer> settings(Call& call) {
  co_return success([&](JsonWriter& json) {
    json.open();
    json.key("settings");
    json.open();
    for (const auto& [key, value] : call.door.shared.settings->all()) json.field(key, value);
    json.close();
    json.close();
  });
}

Task<Answer> set_setting(Call& call) {
  CO_TRY(body, call.body());
  auto text = body.needed_text("value");
  if (!text) co_return Error{Code::bad_request, "invalid request body", {}};
  const std::string key = call.params.front(), value(*text);
  CO_TRY_DO(co_await call.door.shared.settings->set(call.door.engine, call.caller(), key, value));
  co_return success([&](JsonWriter& json) {
    json.open();
    json.field("message", "setting updated successfully");
    json.field("key", key);
    json.field("value", value);
    json.close();
  });
}

Task<Answer> reload_settings(Call& call) {
  CO_TRY_DO(co_await call.door.shared.settings->load(call.door.engine));
  co_return success(
      [](JsonWriter& json) { json.raw(R"({"message":"settings reloaded successfully"})"); });
}

// ---- templates

struct Template {
  std::string id, type, title, content, description;
  std::int64_t priority = 0;
  bool push = true, websocket = true, active = true;
  Time created_at{}, updated_at{};
};

std::string json_of(const Template& one) {
  std::string out;
  JsonWriter json(out);
  json.open();
  json.field("id", one.id);
  json.field("type", one.type);
  json.field("title", one.title);
  if (!one.content.empty()) json.field("content_template", one.content);
  json.field("priority", one.priority);
  json.field("enable_push", one.push);
  json.field("enable_websocket", one.websocket);
  json.field("is_active", one.active);
  json.field("created_at", one.created_at);
  json.field("updated_at", one.updated_at);
  if (!one.description.empty()) json.field("description", one.description);
  json.close();
  return out;
}

// The fields that are given, over what is there. A field of a wrong type is an error.
Result<void> merge(const JsonObject& body, Template& into) {
  for (auto [name, field] : {std::pair("type", &into.type), std::pair("title", &into.title),
                             std::pair("content_template", &into.content),
                             std::pair("description", &into.description)}) {
    TRY(text, body.text(name));
    if (text) *field = *text;
  }
  for (auto [name, field] :
       {std::pair("enable_push", &into.push), std::pair("enable_websocket", &into.websocket),
        std::pair("is_active", &into.active)}) {
    TRY(flag, body.flag(name));
    if (flag) *field = *flag;
  }
  TRY(priority, body.number("priority"));
  if (priority) into.priority = *priority;
  if (into.priority < 0 || into.priority > 2)
    return fail(Code::bad_request, "priority must be 0, 1 or 2");
  if (into.type.empty() || into.title.empty())
    return fail(Code::bad_request, "type and title are required");
  return {};
}

Result<Template> template_of(const store::Record& record) {
  TRY(body, parse_json_object(record.body));
  Template one;
  one.id = record.key;
  TRY_DO(merge(body, one));
  TRY(created, body.text("created_at"));
  TRY(updated, body.text("updated_at"));
  one.created_at = parse_rfc3339(created.value_or("")).value_or(record.at);
  one.updated_at = parse_rfc3339(updated.value_or("")).value_or(record.at);
  return one;
}

const std::vector<Template>& default_templates() {
  static const std::vector<Template> made = [] {
    std::vector<Template> all(5);
    auto set = [&](std::size_t at, const char* type, const char* title, const char* content,
                   std::int64_t priority) {
      all[at].type = type;
      all[at].title = title;
      all[at].content = content;
      all[at].priority = priority;
    };
    set(0, "system", "System Notification", "{{content}}", 1);
    set(1, "card_completed", "Card Completed", "Your card {{card_name}} is ready!", 0);
    set(2, "new_message", "New Message", "{{sender_name}}: {{content}}", 0);
    set(3, "new_group_message", "New Group Message",
        "{{sender_name}} in {{group_name}}: {{content}}", 0);
    set(4, "custom", "{{title}}", "{{content}}", 0);
    return all;
  }();
  return made;
}

Task<Result<std::vector<Template>>> stored_templates(Call& call) {
  CO_TRY(records, co_await call.door.engine.records(std::string(templates_space), "",
                                                    {.after = "", .limit = all_of_them}));
  std::vector<Template> all;
  for (const store::Record& record : records)
    if (auto one = template_of(record)) all.push_back(std::move(*one));
  co_return all;
}

Task<Result<void>> put_template(Call& call, const Template& one) {
  std::vector<store::RecordSet> sets{{std::string(templates_space), "", one.id, json_of(one), {}}};
  co_return co_await call.door.engine.put_records(call.caller(), std::move(sets));
}

// Whoever asks for the templates of a new database finds the defaults in it.
Task<Result<void>> add_defaults(Call& call, const std::vector<Template>& there) {
  for (const Template& one : default_templates()) {
    if (std::ranges::find(there, one.type, &Template::type) != there.end()) continue;
    Template made = one;
    made.id = call.door.engine.fresh_key();
    made.created_at = made.updated_at = call.door.engine.clock().now();
    CO_TRY_DO(co_await put_template(call, made));
  }
  co_return Result<void>{};
}

Task<Result<std::vector<Template>>> templates(Call& call) {
  CO_TRY(all, co_await stored_templates(call));
  if (all.empty()) {
    CO_TRY_DO(co_await add_defaults(call, all));
    CO_TRY(again, co_await stored_templates(call));
    all = std::move(again);
  }
  std::ranges::sort(all, {}, &Template::type);
  co_return all;
}

Task<Answer> list_templates(Call& call) {
  CO_TRY(all, co_await templates(call));
  co_return success([&](JsonWriter& json) {
    json.open();
    json.key("templates");
    json.open_list();
    for (const Template& one : all) json.raw(json_of(one));
    json.close_list();
    json.close();
  });
}

Task<Answer> create_template(Call& call) {
  CO_TRY(body, call.body());
  Template one;
  if (auto merged = merge(body, one); !merged)
    co_return Error{Code::bad_request, merged.error().detail, {}};
  CO_TRY(all, co_await templates(call));
  if (std::ranges::find(all, one.type, &Template::type) != all.end())
    co_return Error{Code::conflict, "template type already exists", {}};
  one.id = call.door.engine.fresh_key();
  one.created_at = one.updated_at = call.door.engine.clock().now();
  CO_TRY_DO(co_await put_template(call, one));
  co_return success([&](JsonWriter& json) {
    json.open();
    json.raw_field("template", json_of(one));
    json.close();
  });
}

Task<Result<Template>> template_named(Call& call) {
  auto id = read_uuid(call.params.front());
  if (!id) co_return Error{Code::bad_request, "invalid template id", {}};
  CO_TRY(record, co_await call.door.engine.record(std::string(templates_space), "", *id));
  if (!record) co_return Error{Code::not_found, "template not found", {}};
  co_return template_of(*record);
}

Task<Answer> update_template(Call& call) {
  auto id = read_uuid(call.params.front());
  if (!id) co_return Error{Code::bad_request, "invalid template id", {}};
  const std::string text = call.request.body;
  CO_TRY(found, co_await template_named(call));
  auto body = parse_json_object(text);
  if (!body) co_return Error{Code::bad_request, "invalid request body", {}};
  constexpr std::array known{"type",        "title",     "content_template", "priority",
                             "enable_push", "is_active", "enable_websocket", "description"};
  for (const std::string& name : body->names())
    if (std::ranges::find(known, name) == known.end())
      co_return Error{Code::bad_request, "unknown field: " + name, {}};
  if (auto merged = merge(*body, found); !merged)
    co_return Error{Code::bad_request, merged.error().detail, {}};
  found.updated_at = call.door.engine.clock().now();
  CO_TRY_DO(co_await put_template(call, found));
  co_return done("Template updated successfully");
}

Task<Answer> delete_template(Call& call) {
  CO_TRY(found, co_await template_named(call));
  std::vector<store::RecordSet> sets{{std::string(templates_space), "", found.id, {}, {}}};
  CO_TRY_DO(co_await call.door.engine.put_records(call.caller(), std::move(sets)));
  co_return done("Template deleted successfully");
}

Task<Answer> init_templates(Call& call) {
  CO_TRY(all, co_await stored_templates(call));
  CO_TRY_DO(co_await add_defaults(call, all));
  co_return done("Default templates initialized successfully");
}

// ---- sending

using Vars = std::vector<std::pair<std::string, std::string>>;

// {{name}} becomes its value; what is not named stays.
std::string filled(const std::string& text, const Vars& vars) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const auto open = text.find("{{", at);
    const auto close = open == std::string::npos ? open : text.find("}}", open);
    if (close == std::string::npos) return out + text.substr(at);
    const std::string name = text.substr(open + 2, close - open - 2);
    auto var = std::ranges::find(vars, name, &Vars::value_type::first);
    out += text.substr(at, open - at);
    out += var != vars.end() ? var->second : text.substr(open, close + 2 - open);
    at = close + 2;
  }
  return out;
}

struct Batch {
  std::vector<std::string> users;
  std::string type, metadata;
  Vars vars;
};

Result<Batch> batch_of(const JsonObject& body) {
  Batch batch;
  TRY(users, body.texts("user_ids"));
  if (!users || users->empty()) return fail(Code::bad_request, "user_ids is required");
  for (std::string_view one : *users) {
    TRY(user, user_id(one, "invalid user id"));
    batch.users.push_back(std::move(user.text));
  }
  TRY(type, body.needed_text("template_type"));
  batch.type = type;
  TRY(metadata, body.object("metadata"));
  if (metadata) batch.metadata = body.raw("metadata");
  TRY(vars, body.object("template_vars"));
  if (!vars) return batch;
  for (const std::string& name : vars->names()) {
    TRY(value, vars->text(name));
    batch.vars.emplace_back(name, value.value_or(""));
  }
  return batch;
}

Task<Answer> batch_send(Call& call) {
  CO_TRY(body, call.body());
  auto batch = batch_of(body);
  if (!batch) co_return Error{Code::bad_request, batch.error().detail, {}};
  CO_TRY(all, co_await templates(call));
  auto form = std::ranges::find(all, batch->type, &Template::type);
  if (form == all.end() || !form->active)
    co_return Error{Code::not_found, "template not found", {}};
  std::vector<Notification> notifications;
  for (const std::string& user : batch->users) {
    Notification one;
    one.user = user;
    one.type = form->type;
    one.title = filled(form->title, batch->vars);
    one.content = filled(form->content, batch->vars);
    one.metadata = batch->metadata;
    one.priority = form->priority;
    one.pushed = form->websocket;
    notifications.push_back(std::move(one));
  }
  const std::size_t count = notifications.size();
  CO_TRY_DO(co_await notify(call.door, call.caller(), std::move(notifications)));
  co_return success([&](JsonWriter& json) {
    json.open();
    json.field("success_count", count);
    json.field("total_count", count);
    json.field("message", "notifications sent");
    json.close();
  });
}

}  // namespace

void add_admin_routes(Routes& routes) {
  add_admin(routes, "GET", "/settings", settings);
  add_admin(routes, "POST", "/settings/reload", reload_settings);
  add_admin(routes, "POST", "/settings/{key}", set_setting);
  add_admin(routes, "GET", "/notification-templates", list_templates);
  add_admin(routes, "POST", "/notification-templates", create_template);
  add_admin(routes, "POST", "/notification-templates/init-defaults", init_templates);
  add_admin(routes, "POST", "/notification-templates/{id}", update_template);
  add_admin(routes, "DELETE", "/notification-templates/{id}", delete_template);
  add_admin(routes, "POST", "/notifications/batch-send", batch_send);
}

}  // namespace parley::dinq
