// A file on disk while it comes: written, measured, and gone unless somebody takes it.
#pragma once

#include <openssl/evp.h>

#include <memory>
#include <string>

#include "files/blobs.h"

namespace parley::files {

// Blocking; on one thread at a time.
class Spool {
 public:
  explicit Spool(const std::string& folder);
  ~Spool();
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  [[nodiscard]] Result<void> write(std::string_view piece);
  [[nodiscard]] std::string sniffed() const;
  [[nodiscard]] Result<Whole> end();
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] const Whole& whole() const { return whole_; }

 private:
  void keep_up_with_disk();

  struct FreeDigest {
    void operator()(EVP_MD_CTX* one) const { EVP_MD_CTX_free(one); }
  };

  std::string path_;
  int descriptor_ = -1;
  std::string head_;
  Whole whole_;
  std::uint64_t begun_ = 0, written_ = 0;  // how far the kernel was told to write, and has written
  std::unique_ptr<EVP_MD_CTX, FreeDigest> digest_;
};

}  // namespace parley::files
