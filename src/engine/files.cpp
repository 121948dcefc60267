#include "engine/files.h"

#include <algorithm>

#include "base/json.h"
#include "base/json_writer.h"
#include "engine/engine.h"
#include "engine/place.h"

namespace parley::engine {
namespace {

constexpr std::size_t uses_looked_at = 1'000;
constexpr std::size_t swept_at_once = 100;
constexpr std::size_t uuid_size = 36;

std::unexpected<Error> no_such_file() {
  return fail(Code::not_found, "there is no such file, or you see no message with it");
}

Result<File> read_file(const store::Record& record) {
  TRY(body, parse_json_object(record.body));
  File file;
  file.id = record.key;
  file.at = record.at;
  for (auto [name, field] :
       {std::pair("name", &file.name), std::pair("mime", &file.mime),
        std::pair("sha256", &file.sha256), std::pair("uploader", &file.uploader.text)}) {
    TRY(text, body.text(name));
    *field = std::string(text.value_or(""));
  }
  TRY(bytes, body.number("size"));
  file.bytes = static_cast<std::uint64_t>(bytes.value_or(0));
  return file;
}

// Each attachment of a list.
void each(const std::string& attachments, const std::function<void(const JsonObject&)>& see) {
  if (attachments.empty()) return;
  auto list = parse_json_object(R"({"all":)" + attachments + '}');
  auto all = list ? list->objects("all") : std::nullopt;
  if (!all || !*all) return;
  for (const JsonObject& one : **all) see(one);
}

std::string id_in(const JsonObject& attachment) {
  auto id = attachment.text("file_id");
  return std::string(id ? id->value_or("") : "");
}

store::RecordSet document(std::string_view space, std::string owner, std::string key,
                          std::optional<std::string> body) {
  return {std::string(space), std::move(owner), std::move(key), std::move(body), {}};
}

}  // namespace

std::string json_of(const File& file) {
  std::string out;
  JsonWriter json(out);
  json.open();
  json.field("uploader", file.uploader.text);
  json.field("name", file.name);
  json.field("mime", file.mime);
  json.field("size", file.bytes);
  json.field("sha256", file.sha256);
  json.close();
  return out;
}

Result<std::optional<File>> find_file(store::Reader& reader, const std::string& id) {
  TRY(record, reader.record(std::string(files_space), {}, id));
  if (!record) return std::nullopt;
  TRY(file, read_file(*record));
  return file;
}

Result<std::vector<Message>> messages_with(store::Reader& reader, const std::string& id) {
  std::vector<Message> messages;
  TRY(uses, reader.records(std::string(file_uses_space), id,
                           {.after = {}, .limit = uses_looked_at, .newest_first = true}));
  for (const store::Record& use : uses) {
    TRY(message, reader.message(MessageId::parse(use.key).value_or(MessageId{})));
    if (!message || message->gone()) continue;
    const auto shown = files_in(message->attachments, message->metadata);
    if (std::ranges::find(shown, id) != shown.end()) messages.push_back(std::move(*message));
  }
  return messages;
}

Result<bool> may_have(store::Reader& reader, const UserId& user, const File& file) {
  if (file.uploader == user) return true;
  TRY(messages, messages_with(reader, file.id));
  for (const Message& one : messages) {
    auto seen = seen_by(reader, user, one.conversation);
    if (seen) return true;
    if (seen.error().code != Code::not_found) return std::unexpected(std::move(seen).error());
  }
  return false;
}

std::vector<std::string> files_in(const std::string& attachments, const std::string& metadata) {
  std::vector<std::string> ids;
  each(attachments, [&](const JsonObject& one) {
    if (std::string id = id_in(one); !id.empty()) ids.push_back(std::move(id));
  });
  if (!metadata.contains("file_id")) return ids;
  auto body = parse_json_object(metadata);
  if (std::string id = body ? id_in(*body) : std::string{}; id.size() == uuid_size)
    ids.push_back(std::move(id));
  return ids;
}

std::string with_facts(const std::string& attachments, const std::vector<File>& files) {
  std::string out;
  JsonWriter json(out);
  json.open_list();
  each(attachments, [&](const JsonObject& one) {
    json.open();
    const auto file = std::ranges::find(files, id_in(one), &File::id);
    if (file != files.end()) {
      json.field("file_id", file->id);
      json.field("mime", file->mime);
      json.field("size", file->bytes);
      json.field("name", file->name);
    }
    for (const std::string& name : one.names()) {
      const bool known = name == "file_id" || name == "mime" || name == "size" || name == "name";
      if (file == files.end() || !known) json.raw_field(name, one.raw(name));
    }
    json.close();
  });
  json.close_list();
  return out == "[]" ? std::string{} : out;
}

std::string without_file(const std::string& attachments, const std::string& id) {
  std::string out;
  JsonWriter json(out);
  json.open_list();
  each(attachments, [&](const JsonObject& one) {
    if (id_in(one) == id) return;
    json.open();
    for (const std::string& name : one.names()) json.raw_field(name, one.raw(name));
    json.close();
  });
  json.close_list();
  return out == "[]" ? std::string{} : out;
}

std::vector<store::RecordSet> shown_by(const std::vector<File>& files, const MessageId& message) {
  std::vector<store::RecordSet> sets;
  for (const File& file : files) {
    sets.push_back(document(file_uses_space, file.id, message.text(), "{}"));
    sets.push_back(document(loose_files_space, {}, file.id, std::nullopt));
  }
  return sets;
}

std::vector<store::RecordSet> perhaps_loose(const std::vector<std::string>& files) {
  std::vector<store::RecordSet> sets;
  for (const std::string& id : files) sets.push_back(document(loose_files_space, {}, id, "{}"));
  return sets;
}

Task<Result<File>> Engine::add_file(Caller caller, File file) {
  file.uploader = caller.user;
  file.at = clock_.now();
  std::vector<store::RecordSet> sets{document(files_space, {}, file.id, json_of(file)),
                                     document(loose_files_space, {}, file.id, "{}")};
  CO_TRY_DO(co_await put_records(std::move(caller), std::move(sets)));
  co_return file;
}

Task<Result<File>> Engine::file(Caller caller, std::string id) {
  auto ask = [user = caller.user, id = std::move(id)](store::Reader& reader) -> Result<File> {
    TRY(file, find_file(reader, id));
    if (!file) return no_such_file();
    TRY(allowed, may_have(reader, user, *file));
    if (!allowed) return no_such_file();
    return std::move(*file);
  };
  co_return co_await store_.read(std::move(ask));
}

// What the caller names and may show; by the door's rule, once only, and nobody else's.
Task<Result<std::vector<File>>> Engine::files_to_show(const Caller& caller,
                                                      std::vector<std::string> ids) {
  auto ask = [user = caller.user, rule = caller.policy->files,
              ids = std::move(ids)](store::Reader& reader) -> Result<std::vector<File>> {
    std::vector<File> files;
    for (const std::string& id : ids) {
      TRY(file, find_file(reader, id));
      bool allowed = file.has_value();
      if (file) {
        TRY(readable, may_have(reader, user, *file));
        allowed = readable;
      }
      if (allowed && rule == Policy::Files::own_and_fresh) {
        TRY(shown, messages_with(reader, id));
        allowed = file->uploader == user && shown.empty();
      }
      if (!allowed && rule != Policy::Files::strange_ones_dropped)
        return fail(Code::unprocessable, "a file_id must be a file of yours, or one that you see");
      if (allowed) files.push_back(std::move(*file));
    }
    return files;
  };
  co_return co_await store_.read(std::move(ask));
}

// Takes it out of the messages that show it, and away.
Task<Result<void>> Engine::remove_file(Caller caller, std::string id) {
  struct Found {
    std::optional<File> file;
    bool visible = false;
    std::vector<Message> messages;
  };
  auto ask = [user = caller.user, id](store::Reader& reader) -> Result<Found> {
    Found found;
    TRY(file, find_file(reader, id));
    if (!file) return found;
    TRY(visible, may_have(reader, user, *file));
    TRY(messages, messages_with(reader, id));
    return Found{std::move(file), visible, std::move(messages)};
  };
  CO_TRY(found, co_await store_.read(std::move(ask)));
  if (!found.file || !found.visible) co_return no_such_file().error();
  if (found.file->uploader != caller.user)
    co_return Error{Code::forbidden, "only who has uploaded a file may delete it", {}};
  for (const Message& message : found.messages) {
    store::Change change = begin(caller, message.conversation);
    change.amends = store::Amendment{.id = message.id,
                                     .seq = message.seq,
                                     .what = store::Amendment::What::detaches,
                                     .text = {},
                                     .metadata = {},
                                     .attachments = without_file(message.attachments, id),
                                     .mentions = {}};
    change.events.push_back(draft(EventKind::message_updated));
    CO_TRY_DO(co_await commit(caller, std::move(change), nullptr));
  }
  co_return co_await forget_file(std::move(caller), std::move(id));
}

Task<Result<void>> Engine::forget_file(Caller caller, std::string id) {
  CO_TRY(uses, co_await records(std::string(file_uses_space), id,
                                {.after = {}, .limit = uses_looked_at, .newest_first = false}));
  std::vector<store::RecordSet> sets{document(files_space, {}, id, std::nullopt),
                                     document(loose_files_space, {}, id, std::nullopt)};
  for (const store::Record& use : uses)
    sets.push_back(document(file_uses_space, id, use.key, std::nullopt));
  CO_TRY_DO(co_await put_records(std::move(caller), std::move(sets)));
  if (file_gone_) file_gone_(id);
  co_return Result<void>{};
}

// Those of them that no message shows any more are gone.
Task<Result<void>> Engine::let_go_of(std::vector<std::string> ids) {
  for (std::string& id : ids) {
    auto ask = [id](store::Reader& reader) { return messages_with(reader, id); };
    CO_TRY(messages, co_await store_.read(std::move(ask)));
    if (!messages.empty()) {
      std::vector<store::RecordSet> sets{document(loose_files_space, {}, id, std::nullopt)};
      CO_TRY_DO(co_await put_records(Caller{}, std::move(sets)));
      continue;
    }
    CO_TRY_DO(co_await forget_file(Caller{}, std::move(id)));
  }
  co_return Result<void>{};
}

Task<Result<std::size_t>> Engine::sweep_files(Time before) {
  std::size_t swept = 0;
  std::string after;
  for (;;) {
    CO_TRY(marks,
           co_await records(std::string(loose_files_space), {},
                            {.after = after, .limit = swept_at_once, .newest_first = false}));
    std::vector<std::string> old;
    for (const store::Record& mark : marks) {
      after = mark.key;
      if (mark.at < before) old.push_back(mark.key);
    }
    swept += old.size();
    CO_TRY_DO(co_await let_go_of(std::move(old)));
    if (marks.size() < swept_at_once) co_return swept;
  }
}

}  // namespace parley::engine
