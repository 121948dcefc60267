// The file that has what was shown and is not saved yet, so that an end of the process loses none of it.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/worker.h"
#include "pending/post.h"

namespace parley::pending {

// Lives on: one executor; the file is written by a thread of its own.
class Journal {
 public:
  // Empty: nothing is kept.
  explicit Journal(std::string path) : path_(std::move(path)) {}
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  // What is left of before, in its order; blocking. The file begins anew with that.
  [[nodiscard]] Result<std::vector<Post>> open();
  // `done` is called on the journal's thread, when an end of the process can't lose it any more; false: it is not kept.
  void add(const Post& post, std::move_only_function<void(bool kept)> done);
  void remove(const MessageId& id);
  // Whatever was asked for is written.
  void close();

 private:
  void write(std::string line, std::move_only_function<void(bool)> done);
  [[nodiscard]] bool append(const std::string& line);

  std::string path_;
  int file_ = -1;
  std::size_t inside_ = 0;  // added and not removed
  std::atomic<bool> sync_asked_ = false;
  Worker worker_;  // last: it ends before what it uses
};

// One line of the file; for tests.
[[nodiscard]] std::string line_of(const Post& post);

}  // namespace parley::pending
