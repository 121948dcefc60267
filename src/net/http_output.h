// What waits to be written to one HTTP client, in pieces that were moved here.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace parley::net {

class HttpOutput {
 public:
  void push(std::string piece);
  [[nodiscard]] bool empty() const { return bytes_ == 0; }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  std::size_t parts(std::span<iovec> out) const;
  void written(std::size_t bytes);
  [[nodiscard]] std::string take_all();
  void clear() { *this = {}; }

 private:
  std::vector<std::string> pieces_;
  std::size_t head_ = 0;          // pieces before it are written
  std::size_t head_written_ = 0;  // bytes of the piece at the head
  std::size_t bytes_ = 0;
};

}  // namespace parley::net
