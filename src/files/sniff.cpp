#include <magic.h>

#include <memory>

#include "base/log.h"
#include "files/files.h"

namespace parley::files {
namespace {

struct Close {
  void operator()(magic_t one) const { magic_close(one); }
};
using Cookie = std::unique_ptr<magic_set, Close>;

// Not shared between threads: the library keeps state in it.
magic_t cookie() {
  thread_local const Cookie kept = [] {
    Cookie made(magic_open(MAGIC_MIME_TYPE | MAGIC_NO_CHECK_COMPRESS | MAGIC_NO_CHECK_TAR));
    if (made && magic_load(made.get(), nullptr) != 0) {
      log::error("types of files can't be told", {{"why", magic_error(made.get())}});
      made.reset();
    }
    return made;
  }();
  return kept.get();
}

}  // namespace

std::string sniff(std::string_view first_bytes) {
  constexpr const char* unknown = "application/octet-stream";
  magic_t magic = cookie();
  const char* type =
      magic != nullptr ? magic_buffer(magic, first_bytes.data(), first_bytes.size()) : nullptr;
  return type != nullptr ? type : unknown;
}

}  // namespace parley::files
