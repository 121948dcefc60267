// Files: coming in, going out, going away.
#include "dialects/filing/filing.h"
#include "dialects/native/call.h"
#include "dialects/native/once.h"
#include "engine/fingerprint.h"

namespace parley::native {
namespace {

constexpr auto shown_in_page = filing::Inline::pictures_and_videos;

filing::Limits limits_of(const Door& door) {
  return {.bytes = door.shared.live->file_bytes, .video_bytes = door.shared.live->video_bytes};
}

std::string file_json(const engine::File& file) {
  std::string out;
  JsonWriter json(out);
  json.open();
  json.field("id", file.id);
  json.field("name", file.name);
  json.field("mime", file.mime);
  json.field("size", file.bytes);
  json.field("sha256", file.sha256);
  json.field("user_id", file.uploader.text);
  json.field("url", "/v1/files/" + file.id);
  json.field("created_at", file.at);
  json.close();
  return out;
}

Task<Answer> keep(Call& call, filing::Taken taken) {
  std::string type = filing::agreed_type(taken.declared_type, taken.whole.sniffed);
  CO_TRY(file, co_await filing::keep_file(call.door.engine, call.caller, std::move(taken),
                                          std::move(type)));
  net::Response response = json_answer(201, file_json(file));
  response.with("Location", "/v1/files/" + file.id);
  co_return response;
}

Task<Answer> upload(Call& call) {
  CO_TRY(taken, co_await filing::take_file(call.request, *call.door.shared.shelf,
                                           limits_of(call.door), {}));
  CO_TRY(key, once_key(call));
  if (key.empty()) co_return co_await keep(call, std::move(taken));
  // By what was sent, however it was wrapped.
  const std::uint64_t mark =
      engine::Fingerprint{}.add("file").add(taken.name).add(taken.whole.sha256).value();
  co_return co_await once(call, std::move(key), mark, [&] { return keep(call, std::move(taken)); });
}

// From where it is kept, if anybody can be let in there for a while; else through here.
Task<Answer> download(Call& call) {
  CO_TRY(file, co_await call.door.engine.file(call.caller, call.params.front()));
  files::Shelf& shelf = *call.door.shared.shelf;
  const auto link = shelf.link(
      file.id, {.type = file.mime, .disposition = filing::disposition_of(file, shown_in_page)},
      call.door.engine.clock().now());
  if (link && call.request.method == "GET") {
    net::Response response;
    response.status = 307;
    response.with("Location", *link).with("Cache-Control", "no-store");
    co_return response;
  }
  co_return co_await filing::give_file(
      call.request, shelf, std::move(file), shown_in_page, [&call](const Error& error) {
        return problem(error, rest::request_id_of(call.request, call.door.random));
      });
}

Task<Answer> remove(Call& call) {
  CO_TRY_DO(co_await call.door.engine.remove_file(call.caller, call.params.front()));
  co_return nothing_to_say();
}

}  // namespace

bool takes_a_file(const net::Request& head) {
  return head.method == "POST" && head.path == "/v1/files";
}

void add_file_routes(Routes& routes) {
  routes.add("POST", "/v1/files", {upload, Access::with_token, Keys::its_own});
  routes.add("GET", "/v1/files/{id}", {download});
  routes.add("DELETE", "/v1/files/{id}", {remove});
}

}  // namespace parley::native
