#include "files/s3/s3.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "files/conformance/conformance.h"

namespace parley::files {
namespace {

// A prefix of its own in the bucket that the tests' S3 server has.
class Bucket final : public BlobsPlace {
 public:
  Bucket() {
    const char* url = std::getenv("PARLEY_TEST_S3");
    if (url == nullptr) ADD_FAILURE() << "PARLEY_TEST_S3 names no server; ./dev test starts one";
    auto address = parse_s3_address(url != nullptr ? url : "s3://k:s@127.0.0.1:1/none?plain=on");
    EXPECT_TRUE(address);
    address_ = *address;
    address_.prefix = "case-" + std::to_string(::getpid()) + '-' + std::to_string(++made);
  }
  ~Bucket() override { std::filesystem::remove_all(folder_); }
  std::unique_ptr<Blobs> open() override { return make_s3(address_); }
  [[nodiscard]] std::string spool_folder() const override { return folder_; }

 private:
  static inline int made = 0;
  S3Address address_;
  std::string folder_ = (std::filesystem::temp_directory_path() /
                         ("parley-s3-" + std::to_string(::getpid()) + '-' + std::to_string(made)))
                            .string();
};

std::unique_ptr<BlobsPlace> new_bucket() { return std::make_unique<Bucket>(); }

INSTANTIATE_TEST_SUITE_P(S3, BlobsConformance, testing::Values(&new_bucket));

TEST(S3, a_wrong_secret_is_refused) {
  S3Address address = *parse_s3_address(std::getenv("PARLEY_TEST_S3"));
  address.secret += "x";
  EXPECT_FALSE(make_s3(address)->up());
}

}  // namespace
}  // namespace parley::files
