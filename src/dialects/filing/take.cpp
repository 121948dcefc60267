// A file on its way in.
#include <algorithm>

#include "dialects/filing/filing.h"
#include "dialects/filing/multipart.h"

namespace parley::filing {
namespace {

// Of a multipart body beside the file: heads, boundaries, and small other parts.
constexpr std::uint64_t wrapping_bytes = 64 * 1024;

Error too_large(std::uint64_t limit) {
  return {Code::too_large, "the file is larger than " + std::to_string(limit) + " bytes", {}};
}

// Picks the file's bytes out of a body, wrapped or not.
class Picker final : public Multipart::Listener {
 public:
  Picker(const net::Request& request, std::string part) : part_(std::move(part)) {
    const auto type = request.header("Content-Type");
    parts_ = Multipart::of(type.value_or(""));
    if (parts_) return;
    wrapped_ = false;
    picking_ = found_ = true;
    declared_type_ = media_type(type.value_or(""));
    name_ = filename_of(request.header("Content-Disposition").value_or("")).value_or("");
  }

  Result<void> take(std::string_view bytes) {
    if (parts_) return parts_->take(bytes, *this);
    picked_ += bytes;
    return {};
  }
  // What has been picked since the last time.
  [[nodiscard]] std::string picked() { return std::exchange(picked_, {}); }
  [[nodiscard]] bool found() const { return found_; }
  [[nodiscard]] bool whole() const { return !parts_ || parts_->ended(); }
  [[nodiscard]] bool wrapped() const { return wrapped_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const std::string& declared_type() const { return declared_type_; }

  void part(PartHead head) override {
    const bool wanted = part_.empty() ? head.filename.has_value() : head.name == part_;
    picking_ = wanted && !found_;
    if (!picking_) return;
    found_ = true;
    name_ = head.filename.value_or("");
    declared_type_ = std::move(head.type);
  }
  void data(std::string_view piece) override {
    if (picking_) picked_ += piece;
  }

 private:
  std::string part_;
  std::optional<Multipart> parts_;
  std::string picked_, name_, declared_type_;
  bool wrapped_ = true, picking_ = false, found_ = false;
};

std::uint64_t most(const Limits& limits) { return std::max(limits.bytes, limits.video_bytes); }

// What is a video may be larger; whether it is one, its first bytes say.
Task<Result<void>> check_size(files::Upload& upload, const Limits& limits) {
  if (upload.bytes() <= limits.bytes) co_return Result<void>{};
  const std::string type = co_await upload.sniffed();
  const std::uint64_t limit = type.starts_with("video/") ? most(limits) : limits.bytes;
  if (upload.bytes() > limit) co_return too_large(limit);
  co_return Result<void>{};
}

}  // namespace

Task<Result<Taken>> take_file(net::Request& request, files::Shelf& shelf, Limits limits,
                              std::string part) {
  if (request.pieces == nullptr) co_return Error{Code::bad_request, "there is no body", {}};
  Picker picker(request, std::move(part));
  const std::uint64_t around = picker.wrapped() ? wrapping_bytes : 0;
  if (request.content_length.value_or(0) > most(limits) + around) co_return too_large(most(limits));
  files::Upload upload = shelf.begin();
  std::uint64_t came = 0;
  bool checked = false;
  for (;;) {
    CO_TRY(piece, co_await request.pieces->next());
    if (piece.empty()) break;
    came += piece.size();
    CO_TRY_DO(picker.take(piece));
    if (std::string picked = picker.picked(); !picked.empty())
      CO_TRY_DO(co_await upload.write(std::move(picked)));
    if (came > upload.bytes() + wrapping_bytes && picker.wrapped())
      co_return Error{Code::too_large, "there is too much around the file", {}};
    if (upload.bytes() > most(limits)) co_return too_large(most(limits));
    // Asked once: the first bytes don't change.
    if (upload.bytes() > limits.bytes && !checked) {
      CO_TRY_DO(co_await check_size(upload, limits));
      checked = true;
    }
  }
  if (!picker.whole()) co_return Error{Code::bad_request, "the multipart body breaks off", {}};
  if (!picker.found()) co_return Error{Code::bad_request, "there is no file in the body", {}};
  if (upload.bytes() == 0) co_return Error{Code::bad_request, "the file is empty", {}};
  CO_TRY(whole, co_await upload.end());
  co_return Taken{std::move(upload), std::move(whole), safe_name(picker.name()),
                  picker.declared_type(), picker.wrapped()};
}

Task<Result<engine::File>> keep_file(engine::Engine& engine, engine::Caller caller, Taken taken,
                                     std::string type) {
  engine::File file;
  file.id = engine.fresh_key();
  file.name = std::move(taken.name);
  file.mime = std::move(type);
  file.sha256 = taken.whole.sha256;
  file.bytes = taken.whole.bytes;
  CO_TRY_DO(co_await taken.upload.keep(file.id));
  co_return co_await engine.add_file(std::move(caller), std::move(file));
}

}  // namespace parley::filing
