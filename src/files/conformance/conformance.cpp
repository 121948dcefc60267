#include "files/conformance/conformance.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <future>

namespace parley::files {
namespace {

constexpr std::string_view png("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\6\0\0\0", 29);

// Runs the task from a thread that is no executor's, and waits for it.
template <class T>
T wait_for(Task<T> task) {
  std::promise<T> promise;
  spawn(std::move(task), [&promise](T value) { promise.set_value(std::move(value)); });
  return promise.get_future().get();
}

Task<Result<Whole>> take(Shelf& shelf, std::string key, std::vector<std::string> pieces) {
  Upload upload = shelf.begin();
  for (std::string& piece : pieces) CO_TRY_DO(co_await upload.write(std::move(piece)));
  CO_TRY(whole, co_await upload.end());
  CO_TRY_DO(co_await upload.keep(std::move(key)));
  co_return whole;
}

Task<Result<std::string>> give(Shelf& shelf, std::string key, std::uint64_t from,
                               std::uint64_t bytes) {
  CO_TRY(download, co_await shelf.open(std::move(key), from, bytes));
  std::string all;
  for (;;) {
    CO_TRY(piece, co_await download.next());
    if (piece.empty()) co_return all;
    all += piece;
  }
}

Task<Result<std::uint64_t>> give_up(Shelf& shelf) {
  Upload upload = shelf.begin();
  CO_TRY_DO(co_await upload.write("half of it"));
  co_return upload.bytes();
}

TEST_P(BlobsConformance, what_was_put_is_given_whole_and_in_parts) {
  Shelf shelf(place->open(), place->spool_folder(), 2);
  const auto whole = wait_for(take(shelf, "one-key", {"hello ", "world"}));
  ASSERT_TRUE(whole) << whole.error().detail;
  EXPECT_EQ(whole->bytes, 11U);
  EXPECT_EQ(whole->sha256, "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9");
  EXPECT_EQ(whole->sniffed, "text/plain");
  EXPECT_EQ(wait_for(give(shelf, "one-key", 0, 11)), "hello world");
  EXPECT_EQ(wait_for(give(shelf, "one-key", 6, 3)), "wor");
  EXPECT_EQ(wait_for(give(shelf, "one-key", 11, 0)), "");
}

TEST_P(BlobsConformance, what_was_put_outlives_whoever_put_it) {
  {
    Shelf shelf(place->open(), place->spool_folder(), 1);
    ASSERT_TRUE(wait_for(take(shelf, "kept", {"still here"})));
  }
  Shelf later(place->open(), place->spool_folder(), 1);
  EXPECT_EQ(wait_for(give(later, "kept", 0, 10)), "still here");
}

TEST_P(BlobsConformance, many_megabytes_come_back_as_they_were) {
  Shelf shelf(place->open(), place->spool_folder(), 2);
  std::string all;
  for (std::uint32_t i = 0; all.size() < 9'000'000; ++i) all += std::to_string(i * 2'654'435'761U);
  std::vector<std::string> pieces;
  for (std::size_t at = 0; at < all.size(); at += 300'001)
    pieces.push_back(all.substr(at, 300'001));
  ASSERT_TRUE(wait_for(take(shelf, "large", std::move(pieces))));
  EXPECT_TRUE(wait_for(give(shelf, "large", 0, all.size())) == all);
  EXPECT_TRUE(wait_for(give(shelf, "large", 4'000'000, 3'000'000)) ==
              all.substr(4'000'000, 3'000'000));
}

TEST_P(BlobsConformance, what_is_not_there_is_not_found_and_can_be_removed) {
  Shelf shelf(place->open(), place->spool_folder(), 1);
  const auto none = wait_for(give(shelf, "never-put", 0, 1));
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, Code::not_found);
  const auto blobs = place->open();
  EXPECT_TRUE(blobs->remove("never-put"));
  ASSERT_TRUE(wait_for(take(shelf, "put", {"x"})));
  EXPECT_TRUE(blobs->remove("put"));
  EXPECT_EQ(wait_for(give(shelf, "put", 0, 1)).error().code, Code::not_found);
  EXPECT_TRUE(blobs->up());
}

TEST_P(BlobsConformance, an_upload_that_is_given_up_leaves_nothing) {
  {
    Shelf shelf(place->open(), place->spool_folder(), 1);
    EXPECT_EQ(wait_for(give_up(shelf)), 10U);
    EXPECT_TRUE(wait_for(shelf.up()));  // behind it in the line
  }
  EXPECT_TRUE(std::filesystem::is_empty(place->spool_folder()));
}

TEST_P(BlobsConformance, the_first_bytes_say_what_it_is) {
  Shelf shelf(place->open(), place->spool_folder(), 1);
  EXPECT_EQ(wait_for(take(shelf, "picture", {std::string(png)}))->sniffed, "image/png");
  EXPECT_EQ(wait_for(take(shelf, "page", {"<!DOCTYPE html><html><script>"}))->sniffed, "text/html");
  EXPECT_EQ(wait_for(take(shelf, "bytes", {std::string("\1\2\3\xff\0\7", 6)}))->sniffed,
            "application/octet-stream");
}

}  // namespace
}  // namespace parley::files
