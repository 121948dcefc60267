#include "app/open_shelf.h"

#include "files/local/local.h"
#include "files/s3/s3.h"

namespace parley::app {
namespace {

constexpr std::size_t threads = 4;

}  // namespace

Result<std::shared_ptr<files::Shelf>> open_shelf(const config::Settings& settings) {
  const std::string in_data = settings.data + "/files";
  if (!settings.files.starts_with("s3://")) {
    const std::string folder = settings.files.empty() ? in_data : settings.files;
    TRY(blobs, files::make_local(folder));
    return std::make_shared<files::Shelf>(std::move(blobs), folder + "/incoming", threads);
  }
  auto address = files::parse_s3_address(settings.files);
  if (!address) return fail(Code::bad_request, "--files: the address " + address.error().detail);
  return std::make_shared<files::Shelf>(files::make_s3(std::move(*address)), in_data + "/incoming",
                                        threads);
}

}  // namespace parley::app
