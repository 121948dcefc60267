#include "net/send_queue.h"

#include <algorithm>
#include <cstring>

namespace parley::net {
namespace {
// An array this small is kept for the next frames; a larger one is given back once it is empty.
constexpr std::size_t keep_frames = 8;
// Written frames stay in the array's front until they are many.
constexpr std::size_t compact_frames = 64;
}  // namespace

void SendQueue::push(FrameRef frame) {
  bytes_ += frame->packed(packing_).size();
  frames_.push_back(std::move(frame));
}

std::string_view SendQueue::rest_of(std::size_t index) const {
  const std::string_view whole = frames_[index]->packed(packing_);
  return index == head_ ? whole.substr(head_written_) : whole;
}

std::size_t SendQueue::parts(std::span<iovec> out) const {
  const std::size_t count = std::min(out.size(), frames_.size() - head_);
  for (std::size_t i = 0; i < count; ++i) {
    const std::string_view rest = rest_of(head_ + i);
    out[i] = {const_cast<char*>(rest.data()), rest.size()};
  }
  return count;
}

std::size_t SendQueue::gather(std::span<char> out) const {
  std::size_t filled = 0;
  for (std::size_t i = head_; i < frames_.size() && filled < out.size(); ++i) {
    const std::string_view rest = rest_of(i);
    const std::size_t taken = std::min(rest.size(), out.size() - filled);
    std::memcpy(out.data() + filled, rest.data(), taken);
    filled += taken;
  }
  return filled;
}

void SendQueue::written(std::size_t bytes) {
  bytes_ -= bytes;
  while (bytes > 0) {
    const std::size_t rest = rest_of(head_).size();
    if (bytes < rest) {
      head_written_ += static_cast<std::uint32_t>(bytes);
      break;
    }
    bytes -= rest;
    frames_[head_++] = {};
    head_written_ = 0;
  }
  forget_written();
}

void SendQueue::forget_written() {
  if (head_ == frames_.size()) {
    if (frames_.capacity() > keep_frames)
      frames_ = {};
    else
      frames_.clear();
    head_ = 0;
  } else if (head_ >= compact_frames && head_ >= frames_.size() / 2) {
    frames_.erase(frames_.begin(), frames_.begin() + head_);
    head_ = 0;
  }
}

void SendQueue::drop_unsent(std::size_t promised) {
  std::size_t keep = head_, kept_bytes = 0;
  while (keep < frames_.size() && (kept_bytes < promised || (keep == head_ && head_written_ > 0)))
    kept_bytes += rest_of(keep++).size();
  frames_.resize(keep);
  bytes_ = kept_bytes;
  forget_written();
}

}  // namespace parley::net
