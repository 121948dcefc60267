#include "net/http_output.h"

#include <algorithm>

namespace parley::net {
namespace {
// Pieces up to this size are copied together: a head and a small body are then one part.
constexpr std::size_t join_bytes = 4096;
}  // namespace

void HttpOutput::push(std::string piece) {
  if (piece.empty()) return;
  bytes_ += piece.size();
  if (head_ < pieces_.size() && pieces_.back().size() + piece.size() <= join_bytes)
    pieces_.back() += piece;
  else
    pieces_.push_back(std::move(piece));
}

std::size_t HttpOutput::parts(std::span<iovec> out) const {
  const std::size_t count = std::min(out.size(), pieces_.size() - head_);
  for (std::size_t i = 0; i < count; ++i) {
    const std::string& piece = pieces_[head_ + i];
    const std::size_t skipped = i == 0 ? head_written_ : 0;
    out[i] = {const_cast<char*>(piece.data()) + skipped, piece.size() - skipped};
  }
  return count;
}

void HttpOutput::written(std::size_t bytes) {
  bytes_ -= bytes;
  while (bytes > 0) {
    const std::size_t rest = pieces_[head_].size() - head_written_;
    if (bytes < rest) {
      head_written_ += bytes;
      return;
    }
    bytes -= rest;
    pieces_[head_++] = {};
    head_written_ = 0;
  }
  if (head_ == pieces_.size()) clear();
}

std::string HttpOutput::take_all() {
  std::string all;
  for (std::size_t i = head_; i < pieces_.size(); ++i)
    all += i == head_ ? pieces_[i].substr(head_written_) : pieces_[i];
  clear();
  return all;
}

}  // namespace parley::net
