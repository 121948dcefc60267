#include "dialects/native/export.h"

#include <algorithm>
#include <map>

#include "base/encodings.h"
#include "base/json.h"
#include "dialects/native/wire.h"
#include "files/zip.h"

namespace parley::native {
namespace {

constexpr std::size_t messages_at_once = 200;
constexpr std::size_t conversations_at_once = 200;

constexpr std::string_view html_begin =
    "<!doctype html>\n<html><head><meta charset=\"utf-8\"><title>Messages</title><style>\n"
    "body{font:16px/1.5 system-ui,sans-serif;max-width:48em;margin:2em auto;padding:0 1em}\n"
    "h2{border-bottom:1px solid #ccc}p{margin:.4em 0;white-space:pre-wrap;overflow-wrap:anywhere}\n"
    "small{color:#666}.gone{color:#999;font-style:italic}\n</style></head><body>\n";
constexpr std::string_view html_end = "</body></html>\n";

// A file that a message shows, and its name in the archive.
struct Shown {
  std::string id, name, url;
};

std::string name_in_archive(const std::string& id, std::string_view name) {
  return "files/" + id + (name.empty() ? "" : "_" + filing::safe_name(name));
}

std::vector<Shown> shown_in(const Message& message) {
  std::vector<Shown> all;
  if (message.attachments.empty()) return all;
  auto list = parse_json_object(R"({"all":)" + message.attachments + '}');
  auto items = list ? list->objects("all") : std::nullopt;
  if (!items || !*items) return all;
  auto text = [](const JsonObject& one, std::string_view name) {
    auto value = one.text(name);
    return std::string(value ? value->value_or("") : "");
  };
  for (const JsonObject& one : **items)
    all.push_back({text(one, "file_id"), text(one, "name"), text(one, "url")});
  return all;
}

std::string html_of(const Message& message) {
  std::string out = "<p><small>" + rfc3339(message.created_at, 0) + "</small> <b>" +
                    html_escaped(message.sender.text) + "</b>: ";
  if (message.gone()) {
    out += message.recalled_at != Time{} ? "<span class=\"gone\">recalled</span>"
                                         : "<span class=\"gone\">deleted</span>";
  } else if (message.sealed) {
    out += "<span class=\"gone\">sealed</span>";
  } else {
    out += html_escaped(message.text);
  }
  for (const Shown& one : shown_in(message)) {
    const std::string where = one.id.empty() ? one.url : name_in_archive(one.id, one.name);
    out += " <a href=\"" + html_escaped(where) + "\">" +
           html_escaped(one.name.empty() ? where : one.name) + "</a>";
  }
  return out + "</p>\n";
}

std::string heading_of(const Conversation& conversation) {
  std::string name = conversation.name;
  if (name.empty() && conversation.type == ConversationType::direct)
    name = conversation.direct_low.text + ", " + conversation.direct_high.text;
  return "<h2>" + html_escaped(name.empty() ? conversation.id.text() : name) + "</h2>\n";
}

class Writing {
 public:
  Writing(Door& door, engine::Caller caller, Export what, net::ResponseStream& out)
      : door_(door), caller_(std::move(caller)), what_(what), out_(out) {}

  // False: the client has gone, or something could not be read; the file then lacks its end.
  Task<bool> all() {
    const bool html = what_.form == Export::Form::html;
    const Time now = door_.engine.clock().now();
    piece_ += zip_.begin(html ? "index.html" : "messages.jsonl", files::Zip::Pack::smaller, now);
    if (html) piece_ += zip_.add(html_begin);
    const bool told = co_await conversations();
    if (!told) co_return false;
    if (html) piece_ += zip_.add(html_end);
    piece_ += zip_.end();
    for (const auto& [id, name] : files_) {
      const bool copied = co_await file(id, name);
      if (!copied) co_return false;
    }
    piece_ += zip_.finish();
    co_return co_await flush();
  }

 private:
  Task<bool> flush() {
    if (door_.commands.closed()) co_return false;
    if (piece_.empty()) co_return true;
    co_return co_await out_.write(std::exchange(piece_, {}));
  }

  Task<bool> conversations() {
    if (what_.where) {
      auto view = co_await door_.engine.conversation(caller_, *what_.where);
      if (!view) co_return false;
      co_return co_await messages(view->conversation);
    }
    engine::ListQuery query;
    query.limit = conversations_at_once;
    for (;;) {
      auto page = co_await door_.engine.conversations(caller_, query);
      if (!page) co_return false;
      for (const engine::ConversationView& one : page->items) {
        const bool told = co_await messages(one.conversation);
        if (!told) co_return false;
      }
      if (!page->next) co_return true;
      query.after = std::move(page->next);
    }
  }

  Task<bool> messages(const Conversation& conversation) {
    if (what_.form == Export::Form::html) piece_ += zip_.add(heading_of(conversation));
    engine::HistoryQuery query{.mode = engine::HistoryQuery::Mode::after,
                               .seq = Seq{},
                               .limit = messages_at_once,
                               .with_progress = true};
    for (;;) {
      auto page = co_await door_.engine.history(caller_, conversation.id, query);
      // Who has left meanwhile gets no more of it.
      if (!page) co_return page.error().code == Code::not_found;
      std::string text;
      for (const Message& one : *page) {
        text += what_.form == Export::Form::html ? html_of(one)
                                                 : to_json(Seen{one, caller_.user}) + '\n';
        for (Shown& shown : shown_in(one))
          if (!shown.id.empty()) files_.emplace(shown.id, name_in_archive(shown.id, shown.name));
        query.seq = one.seq;
      }
      piece_ += zip_.add(text);
      const bool there = co_await flush();
      if (!there) co_return false;
      if (page->size() < query.limit) co_return true;
    }
  }

  Task<bool> file(const std::string& id, const std::string& name) {
    auto file = co_await door_.engine.file(caller_, id);
    if (!file) co_return file.error().code == Code::not_found;  // gone meanwhile
    auto download = co_await door_.shared.shelf->open(id, 0, file->bytes);
    if (!download) co_return false;
    piece_ += zip_.begin(name, files::Zip::Pack::as_it_is, file->at);
    for (;;) {
      auto bytes = co_await download->next();
      if (!bytes) co_return false;
      if (bytes->empty()) break;
      piece_ += zip_.add(*bytes);
      const bool there = co_await flush();
      if (!there) co_return false;
    }
    piece_ += zip_.end();
    co_return true;
  }

  Door& door_;
  engine::Caller caller_;
  Export what_;
  net::ResponseStream& out_;
  files::Zip zip_;
  std::string piece_;
  std::map<std::string, std::string> files_;  // id, name
};

}  // namespace

Task<void> write_export(Door& door, engine::Caller caller, Export what, net::ResponseStream& out) {
  auto pass = door.commands.enter();
  Writing writing(door, std::move(caller), what, out);
  [[maybe_unused]] const bool whole = co_await writing.all();
}

}  // namespace parley::native
