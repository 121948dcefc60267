// files/s3: blobs in a bucket, at whatever speaks S3.
//
// Knows:     the S3 protocol, path-style, with signatures of version 4.
// Does not:  whose a file is.
// In:        whole files from the spool.   Out: pieces, or a link that anybody can follow for a while.
// Lives on:  any thread; each call has a connection of its own from a small pool.
// Failing:   unavailable, with what the server said.
// Start at:  make_s3().
#pragma once

#include <memory>
#include <string>

#include "files/blobs.h"

namespace parley::files {

// s3://KEY:SECRET@HOST[:PORT]/BUCKET[/PREFIX][?region=us-east-1&plain=on]; plain: http in place of https.
struct S3Address {
  std::string key, secret;
  std::string host;  // with the port, where it has one
  std::string bucket, prefix;
  std::string region = "us-east-1";
  bool plain = false;
};
[[nodiscard]] Result<S3Address> parse_s3_address(std::string_view url);

[[nodiscard]] std::unique_ptr<Blobs> make_s3(S3Address address);

}  // namespace parley::files
