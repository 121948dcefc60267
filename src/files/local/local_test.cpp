#include "files/local/local.h"

#include <unistd.h>

#include <filesystem>

#include "files/conformance/conformance.h"

namespace parley::files {
namespace {

class Folder final : public BlobsPlace {
 public:
  Folder() { std::filesystem::create_directories(path_); }
  ~Folder() override { std::filesystem::remove_all(path_); }
  std::unique_ptr<Blobs> open() override { return std::move(*make_local(path_ + "/blobs")); }
  [[nodiscard]] std::string spool_folder() const override { return path_ + "/incoming"; }

 private:
  static inline int made = 0;
  std::string path_ =
      (std::filesystem::temp_directory_path() /
       ("parley-files-" + std::to_string(::getpid()) + "-" + std::to_string(++made)))
          .string();
};

std::unique_ptr<BlobsPlace> new_folder() { return std::make_unique<Folder>(); }

INSTANTIATE_TEST_SUITE_P(Local, BlobsConformance, testing::Values(&new_folder));

TEST(Local, a_folder_that_can_not_be_madeis_refused) { EXPECT_FALSE(make_local("/proc/nowhere")); }

}  // namespace
}  // namespace parley::files
