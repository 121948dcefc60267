// Files: coming in, going out, going away.
#include "dialects/filing/filing.h"
#include "dialects/messaging/call.h"

namespace parley::messaging {
namespace {

// A picture or a PDF must be what it says; what a browser or a machine would run is not taken.
Result<void> check_types(const filing::Taken& taken) {
  const std::string& declared =
      taken.declared_type == "image/jpg" ? "image/jpeg" : taken.declared_type;
  const bool must_agree = declared.starts_with("image/") || declared == "application/pdf";
  if (must_agree && declared != taken.whole.sniffed)
    return fail(Code::unsupported_media_type, "the file is not what its type says");
  if (filing::is_active(declared) || filing::is_active(taken.whole.sniffed))
    return fail(Code::unsupported_media_type, "files of this type are not taken");
  return {};
}

Result<std::string> file_id(const Call& call) {
  auto id = read_uuid(call.params.front());
  if (!id) return fail(Code::bad_request, "an id must be a UUID");
  return std::move(*id);
}

Task<Answer> upload(Call& call) {
  const std::uint64_t most = call.door.shared.file_bytes_max;
  CO_TRY(taken,
         co_await filing::take_file(call.request, *call.door.shared.shelf, {most, most}, "file"));
  if (!taken.wrapped) co_return Error{Code::bad_request, "send the file as the part \"file\"", {}};
  CO_TRY_DO(check_types(taken));
  std::string type = filing::agreed_type(taken.declared_type, taken.whole.sniffed);
  CO_TRY(file, co_await filing::keep_file(call.door.engine, call.caller(), std::move(taken),
                                          std::move(type)));
  co_return answer_with(201, [&](JsonWriter& json) { write_file(json, file, nullptr); });
}

Task<Answer> download(Call& call) {
  CO_TRY(id, file_id(call));
  CO_TRY(file, co_await call.door.engine.file(call.caller(), std::move(id)));
  co_return co_await filing::give_file(call.request, *call.door.shared.shelf, std::move(file),
                                       filing::Inline::pictures, refusal);
}

Task<Answer> remove(Call& call) {
  CO_TRY(id, file_id(call));
  CO_TRY_DO(co_await call.door.engine.remove_file(call.caller(), std::move(id)));
  co_return done();
}

}  // namespace

bool takes_a_file(const net::Request& head) {
  return head.method == "POST" && head.path == "/api/v1/files";
}

void add_file_routes(Routes& routes) {
  routes.add("POST", "/api/v1/files", {upload});
  routes.add("GET", "/api/v1/files/{id}", {download});
  routes.add("DELETE", "/api/v1/files/{id}", {remove});
}

}  // namespace parley::messaging
