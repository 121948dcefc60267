// files: blobs: taken as they come, kept by key, handed out in pieces.
//
// Knows:     spooling to disk, checksums, what the first bytes say; worker threads.
// Does not:  whose a file is, or who may have it (engine).
// In:        pieces of an upload.   Out: a blob under its key; pieces of it.
// Lives on:  any loop; what blocks has threads of its own.
// Failing:   an upload that is given up leaves nothing; a store of blobs that is away is unavailable.
// Start at:  Shelf.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "base/task.h"
#include "base/worker.h"
#include "files/blobs.h"

namespace parley::files {

// What the first bytes say: "image/png"; "application/octet-stream" where they say nothing. Blocking.
[[nodiscard]] std::string sniff(std::string_view first_bytes);
inline constexpr std::size_t sniffed_bytes = 64 * 1024;

class Spool;

// A file on its way in. On one loop; one thing at a time. Gone without keep(): it leaves nothing.
class Upload {
 public:
  Upload(Blobs& blobs, Worker& worker, std::string folder);
  ~Upload();
  Upload(Upload&&) noexcept;
  Upload& operator=(Upload&&) = delete;

  [[nodiscard]] Task<Result<void>> write(std::string piece);
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
  // What the bytes so far say.
  [[nodiscard]] Task<std::string> sniffed();
  // After the last piece.
  [[nodiscard]] Task<Result<Whole>> end();
  // Durable when it comes back.
  [[nodiscard]] Task<Result<void>> keep(std::string key);

 private:
  Blobs* blobs_;
  Worker* worker_;
  std::shared_ptr<Spool> spool_;
  std::uint64_t bytes_ = 0;
};

// A blob on its way out.
class Download {
 public:
  Download(std::shared_ptr<Source> source, Worker& worker)
      : source_(std::move(source)), worker_(&worker) {}
  // An empty piece after the last.
  [[nodiscard]] Task<Result<std::string>> next();

 private:
  std::shared_ptr<Source> source_;
  Worker* worker_;
};

class Shelf {
 public:
  // `folder`: for what is on its way in; what an earlier process has left there goes.
  Shelf(std::unique_ptr<Blobs> blobs, std::string folder, std::size_t threads);

  [[nodiscard]] Upload begin();
  [[nodiscard]] Task<Result<Download>> open(std::string key, std::uint64_t from,
                                            std::uint64_t bytes);
  [[nodiscard]] std::optional<std::string> link(const std::string& key, const Blobs::Link& how,
                                                Time now) {
    return blobs_->link(key, how, now);
  }
  // Soon. What can't be removed now is lost space, not a fault; it is logged.
  void remove(std::string key);
  [[nodiscard]] Task<bool> up();

 private:
  Worker& any_worker();

  std::unique_ptr<Blobs> blobs_;
  std::string folder_;
  std::vector<std::unique_ptr<Worker>> workers_;  // last: they end before what they use
  std::atomic<std::size_t> next_ = 0;
};

}  // namespace parley::files
