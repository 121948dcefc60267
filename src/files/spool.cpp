#include "files/spool.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/encodings.h"
#include "files/files.h"

namespace parley::files {
namespace {

// At most twice as much of one file is on its way to the disk: everybody's commits are synced behind it.
constexpr std::uint64_t bytes_at_once = std::uint64_t{1} << 20U;

std::unexpected<Error> disk_trouble(const char* doing) {
  const bool full = errno == ENOSPC || errno == EDQUOT;
  return fail(Code::unavailable,
              std::string("a file can't be ") + doing + (full ? ": the disk is full" : ""));
}

}  // namespace

Spool::Spool(const std::string& folder)
    : path_(folder + "/incoming-XXXXXX"), digest_(EVP_MD_CTX_new()) {
  descriptor_ = ::mkostemp(path_.data(), O_CLOEXEC);
  EVP_DigestInit_ex(digest_.get(), EVP_sha256(), nullptr);
}

Spool::~Spool() {
  if (descriptor_ < 0) return;
  ::close(descriptor_);
  ::unlink(path_.c_str());  // or it has been taken
}

Result<void> Spool::write(std::string_view piece) {
  if (descriptor_ < 0) return disk_trouble("begun");
  EVP_DigestUpdate(digest_.get(), piece.data(), piece.size());
  if (head_.size() < sniffed_bytes)
    head_.append(piece.substr(0, std::min(piece.size(), sniffed_bytes - head_.size())));
  whole_.bytes += piece.size();
  while (!piece.empty()) {
    const ssize_t written = ::write(descriptor_, piece.data(), piece.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return disk_trouble("written");
    piece.remove_prefix(static_cast<std::size_t>(written));
  }
  keep_up_with_disk();
  return {};
}

// A file left to the kernel goes to the disk all at once, at the latest at its end. What fails here end() will say.
void Spool::keep_up_with_disk() {
  if (whole_.bytes - begun_ < bytes_at_once) return;
  const auto range = [this](std::uint64_t from, std::uint64_t upto, unsigned how) {
    ::sync_file_range(descriptor_, static_cast<off_t>(from), static_cast<off_t>(upto - from), how);
  };
  range(begun_, whole_.bytes, SYNC_FILE_RANGE_WRITE);
  if (written_ < begun_)
    range(written_, begun_,
          SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER);
  written_ = begun_;
  begun_ = whole_.bytes;
}

std::string Spool::sniffed() const { return sniff(head_); }

Result<Whole> Spool::end() {
  if (descriptor_ < 0) return disk_trouble("begun");
  if (::fdatasync(descriptor_) != 0) return disk_trouble("synced");
  std::array<unsigned char, EVP_MAX_MD_SIZE> sum{};
  unsigned size = 0;
  EVP_DigestFinal_ex(digest_.get(), sum.data(), &size);
  whole_.sha256 = hex_of({reinterpret_cast<const char*>(sum.data()), size});
  whole_.sniffed = sniffed();
  return whole_;
}

}  // namespace parley::files
