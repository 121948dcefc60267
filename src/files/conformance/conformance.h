// files/conformance: what every store of blobs owes the shelf, as cases that each adapter runs against the real thing.
//
//   INSTANTIATE_TEST_SUITE_P(Local, BlobsConformance, testing::Values(&new_local_place));
#pragma once

#include <gtest/gtest.h>

#include <memory>

#include "files/files.h"

namespace parley::files {

// Where an adapter's blobs are: empty at first, private to one case.
class BlobsPlace {
 public:
  virtual ~BlobsPlace() = default;
  // May be called again: what was put is still there.
  [[nodiscard]] virtual std::unique_ptr<Blobs> open() = 0;
  // On the same file system, for what is on its way in.
  [[nodiscard]] virtual std::string spool_folder() const = 0;
};
using NewBlobsPlace = std::unique_ptr<BlobsPlace> (*)();

class BlobsConformance : public testing::TestWithParam<NewBlobsPlace> {
 protected:
  std::unique_ptr<BlobsPlace> place = GetParam()();
};

}  // namespace parley::files
