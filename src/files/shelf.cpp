#include <algorithm>
#include <filesystem>

#include "base/log.h"
#include "files/files.h"
#include "files/spool.h"

namespace parley::files {
namespace {

// Runs `work` on the worker, and comes back with what it gives.
template <class T, class Work>
Task<T> on(Worker& worker, Work work) {
  co_return co_await called_back<T>(
      [&](auto done) { worker.add([&work, done = std::move(done)]() mutable { done(work()); }); });
}

}  // namespace

Upload::Upload(Blobs& blobs, Worker& worker, std::string folder)
    : blobs_(&blobs), worker_(&worker), spool_(std::make_shared<Spool>(folder)) {}
Upload::Upload(Upload&&) noexcept = default;

// The disk is not waited for on a loop.
Upload::~Upload() {
  if (spool_) worker_->add([spool = std::move(spool_)] {});
}

Task<Result<void>> Upload::write(std::string piece) {
  bytes_ += piece.size();
  auto work = [spool = spool_, piece = std::move(piece)] { return spool->write(piece); };
  co_return co_await on<Result<void>>(*worker_, std::move(work));
}

Task<std::string> Upload::sniffed() {
  auto work = [spool = spool_] { return spool->sniffed(); };
  co_return co_await on<std::string>(*worker_, std::move(work));
}

Task<Result<Whole>> Upload::end() {
  auto work = [spool = spool_] { return spool->end(); };
  co_return co_await on<Result<Whole>>(*worker_, std::move(work));
}

Task<Result<void>> Upload::keep(std::string key) {
  auto work = [spool = spool_, blobs = blobs_, key = std::move(key)] {
    return blobs->put(key, spool->path(), spool->whole());
  };
  co_return co_await on<Result<void>>(*worker_, std::move(work));
}

Task<Result<std::string>> Download::next() {
  auto work = [source = source_] { return source->next(); };
  co_return co_await on<Result<std::string>>(*worker_, std::move(work));
}

Shelf::Shelf(std::unique_ptr<Blobs> blobs, std::string folder, std::size_t threads)
    : blobs_(std::move(blobs)), folder_(std::move(folder)) {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
  std::filesystem::create_directories(folder_, ignored);
  for (std::size_t i = 0; i < threads; ++i) workers_.push_back(std::make_unique<Worker>());
}

Worker& Shelf::any_worker() { return *workers_[next_++ % workers_.size()]; }

Upload Shelf::begin() { return {*blobs_, any_worker(), folder_}; }

Task<Result<Download>> Shelf::open(std::string key, std::uint64_t from, std::uint64_t bytes) {
  Worker& worker = any_worker();
  auto work = [blobs = blobs_.get(), key = std::move(key), from, bytes] {
    return blobs->open(key, from, bytes);
  };
  CO_TRY(source, co_await on<Result<std::unique_ptr<Source>>>(worker, std::move(work)));
  co_return Download(std::move(source), worker);
}

void Shelf::remove(std::string key) {
  any_worker().add([blobs = blobs_.get(), key = std::move(key)] {
    if (auto done = blobs->remove(key); !done)
      log::warn("a file that is gone is still on disk",
                {{"key", key}, {"why", done.error().detail}});
  });
}

Task<bool> Shelf::up() {
  auto work = [blobs = blobs_.get()] { return blobs->up(); };
  co_return co_await on<bool>(any_worker(), std::move(work));
}

}  // namespace parley::files
