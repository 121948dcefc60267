// What waits to be written to one connection: references to shared frames. Nothing is allocated while it is unused.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "net/frame.h"
#include "net/ws_codec.h"

namespace parley::net {

class SendQueue {
 public:
  void packing(Packing packing) { packing_ = packing; }
  void push(FrameRef frame);
  [[nodiscard]] bool empty() const { return bytes_ == 0; }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  [[nodiscard]] std::size_t frames() const { return frames_.size() - head_; }
  // Bytes and what holding them costs us: many tiny frames are not free.
  [[nodiscard]] std::size_t weight() const { return bytes_ + frames() * frame_cost; }

  // The parts of what is to be written next, as many as fit; returns how many.
  std::size_t parts(std::span<iovec> out) const;
  // What is to be written next, copied together, as much as fits; returns how much.
  std::size_t gather(std::span<char> out) const;
  void written(std::size_t bytes);
  // Forgets every frame of which nothing has been written or promised (to TLS): `promised` counts from the first byte
  // that is not written yet.
  void drop_unsent(std::size_t promised);

 private:
  static constexpr std::size_t frame_cost = 32;
  [[nodiscard]] std::string_view rest_of(std::size_t index) const;
  void forget_written();

  std::vector<FrameRef> frames_;
  std::uint32_t head_ = 0;          // frames before it are written
  std::uint32_t head_written_ = 0;  // bytes of the frame at the head
  std::size_t bytes_ = 0;
  Packing packing_ = Packing::plain;
};

}  // namespace parley::net
