// Files: coming in and going out. Who sees a message that names one in its metadata may have it.
#include "dialects/dinq/call.h"
#include "dialects/filing/filing.h"

namespace parley::dinq {
namespace {

constexpr std::uint64_t megabyte = 1024 * 1024;

Task<Answer> upload(Call& call) {
  const std::uint64_t most = call.door.shared.settings->video_megabytes() * megabyte;
  CO_TRY(taken,
         co_await filing::take_file(call.request, *call.door.shared.shelf, {most, most}, "file"));
  std::string type = filing::agreed_type(taken.declared_type, taken.whole.sniffed);
  CO_TRY(file, co_await filing::keep_file(call.door.engine, call.caller(), std::move(taken),
                                          std::move(type)));
  co_return success([&](JsonWriter& json) {
    json.open();
    json.field("file_id", file.id);
    json.field("url", "/api/v1/files/" + file.id);
    json.field("file_name", file.name);
    json.field("file_size", file.bytes);
    json.field("mime_type", file.mime);
    json.close();
  });
}

Task<Answer> download(Call& call) {
  auto file = co_await call.door.engine.file(call.caller(), call.params.front());
  if (!file && file.error().code == Code::not_found)
    co_return Error{Code::forbidden, "you may not have this file", {}};
  if (!file) co_return std::move(file).error();
  co_return co_await filing::give_file(call.request, *call.door.shared.shelf, std::move(*file),
                                       filing::Inline::pictures_and_videos, refusal);
}

}  // namespace

bool takes_a_file(const net::Request& head) {
  return head.method == "POST" && (head.path == "/api/v1/files" || head.path == "/api/files");
}

void add_file_routes(Routes& routes) {
  add_api(routes, "POST", "/files", upload);
  add_api(routes, "GET", "/files/{id}", download);
}

}  // namespace parley::dinq
