#include "files/local/local.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace parley::files {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t piece_bytes = 256 * 1024;
constexpr std::size_t folder_letters = 2;

class Descriptor {
 public:
  Descriptor(const fs::path& path, int flags) : number_(::open(path.c_str(), flags | O_CLOEXEC)) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int number() const { return number_; }

 private:
  int number_;
};

std::unexpected<Error> trouble(const char* doing) {
  if (errno == ENOENT) return fail(Code::not_found, "there is no such file");
  return fail(Code::unavailable,
              std::string("a file can't be ") + doing + ": " + std::strerror(errno));
}

class FileSource final : public Source {
 public:
  FileSource(const fs::path& path, std::uint64_t from, std::uint64_t bytes)
      : file_(path, O_RDONLY), at_(from), left_(bytes) {}
  [[nodiscard]] bool open() const { return file_.number() >= 0; }

  Result<std::string> next() override {
    std::string piece(std::min<std::uint64_t>(left_, piece_bytes), '\0');
    std::size_t filled = 0;
    while (filled < piece.size()) {
      const ssize_t got = ::pread(file_.number(), piece.data() + filled, piece.size() - filled,
                                  static_cast<off_t>(at_));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return trouble("read");
      if (got == 0) return fail(Code::unavailable, "a file is shorter than it was");
      filled += static_cast<std::size_t>(got);
      at_ += static_cast<std::uint64_t>(got);
    }
    left_ -= piece.size();
    return piece;
  }

 private:
  Descriptor file_;
  std::uint64_t at_, left_;
};

class Local final : public Blobs {
 public:
  explicit Local(fs::path folder) : folder_(std::move(folder)) {}

  Result<void> put(const std::string& key, const std::string& path,
                   const Whole& /*whole*/) override {
    const fs::path to = place_of(key);
    std::error_code error;
    fs::create_directories(to.parent_path(), error);
    if (::rename(path.c_str(), to.c_str()) != 0) return trouble("kept");
    // The name, too, must outlive a power failure.
    for (const fs::path& folder : {to.parent_path(), folder_}) {
      const Descriptor opened(folder, O_RDONLY | O_DIRECTORY);
      if (opened.number() < 0 || ::fsync(opened.number()) != 0) return trouble("kept");
    }
    return {};
  }

  Result<std::unique_ptr<Source>> open(const std::string& key, std::uint64_t from,
                                       std::uint64_t bytes) override {
    auto source = std::make_unique<FileSource>(place_of(key), from, bytes);
    if (!source->open()) return trouble("opened");
    return source;
  }

  Result<void> remove(const std::string& key) override {
    if (::unlink(place_of(key).c_str()) != 0 && errno != ENOENT) return trouble("removed");
    return {};
  }

  bool up() override { return ::access(folder_.c_str(), W_OK | X_OK) == 0; }

 private:
  [[nodiscard]] fs::path place_of(const std::string& key) const {
    return folder_ / key.substr(key.size() - std::min(key.size(), folder_letters)) / key;
  }

  fs::path folder_;
};

}  // namespace

Result<std::unique_ptr<Blobs>> make_local(const std::string& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error || ::access(folder.c_str(), W_OK | X_OK) != 0)
    return fail(Code::unavailable, folder + " can't be written to");
  return std::make_unique<Local>(folder);
}

}  // namespace parley::files
