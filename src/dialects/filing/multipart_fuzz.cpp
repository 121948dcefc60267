// Whatever the bytes are and however they come, the parts hear the same, and never more than there was.
#include <cstdlib>

#include "dialects/filing/multipart.h"

namespace {

struct Heard final : parley::filing::Multipart::Listener {
  void part(parley::filing::PartHead head) override { all += '[' + head.name + ']'; }
  void data(std::string_view piece) override { all += piece; }
  std::string all;
};

std::string hear(std::string_view bytes, std::size_t step) {
  auto parts = parley::filing::Multipart::of("multipart/form-data; boundary=b");
  Heard heard;
  for (std::size_t at = 0; at < bytes.size(); at += step)
    if (!parts->take(bytes.substr(at, step), heard)) return "refused";
  return heard.all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::string whole = hear(bytes, size + 1), slowly = hear(bytes, 7);
  if (whole == "refused" || slowly == "refused") return 0;
  // A piece that could still be a delimiter is held back: of what was said so far one may lag behind the other.
  if (!whole.starts_with(slowly) && !slowly.starts_with(whole)) std::abort();
  return 0;
}
