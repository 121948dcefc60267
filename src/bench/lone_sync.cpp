#include "bench/lone_sync.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>

namespace parley::bench {
namespace {

class OwnFile {
 public:
  explicit OwnFile(const std::string& folder) : name_(folder + "/parley-bench-XXXXXX") {
    file_ = ::mkstemp(name_.data());
  }
  ~OwnFile() {
    if (file_ < 0) return;
    ::close(file_);
    ::unlink(name_.c_str());
  }
  OwnFile(const OwnFile&) = delete;
  OwnFile& operator=(const OwnFile&) = delete;
  [[nodiscard]] int file() const { return file_; }

 private:
  std::string name_;
  int file_ = -1;
};

}  // namespace

Result<Histogram> lone_syncs(const std::string& folder, std::size_t batch_bytes,
                             std::size_t times) {
  const OwnFile own(folder);
  const std::string batch(batch_bytes, 'x');
  Histogram took;
  for (std::size_t i = 0; i < times; ++i) {
    const auto begun = std::chrono::steady_clock::now();
    const auto size = static_cast<ssize_t>(batch.size());
    if (::write(own.file(), batch.data(), batch.size()) != size || ::fdatasync(own.file()) != 0)
      return fail(Code::unavailable,
                  fmt::format("--sync-folder {}: {}", folder, std::strerror(errno)));
    took.add(std::chrono::steady_clock::now() - begun);
  }
  return took;
}

}  // namespace parley::bench
