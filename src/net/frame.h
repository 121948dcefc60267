// A WebSocket message ready to be sent: header and payload, encoded once and shared by all its receivers on a loop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/ref.h"

namespace parley::net {

enum class Opcode : std::uint8_t;
enum class Packing : std::uint8_t;

// One allocation: the bytes lie behind the object.
class Frame final : public RefCounted {
 public:
  // A whole, unfragmented text or binary message.
  [[nodiscard]] static Ref<const Frame> text(std::string_view payload);
  [[nodiscard]] static Ref<const Frame> binary(std::string_view payload);
  // Ping, pong or close; at most 125 bytes. For the files of this room.
  [[nodiscard]] static Ref<const Frame> control(Opcode opcode, std::string_view payload);
  // Bytes that are no frame (the answer to the upgrade). For the files of this room.
  [[nodiscard]] static Ref<const Frame> raw(std::string_view bytes);
  ~Frame() override;

  // What goes to a connection that didn't negotiate compression, header included.
  [[nodiscard]] std::string_view plain() const { return {bytes(), size_}; }
  // The same message deflated (RFC 7692, no context takeover); made on first need, plain() where it would not be smaller.
  [[nodiscard]] std::string_view deflated() const;
  [[nodiscard]] std::string_view packed(Packing packing) const;

  static void operator delete(void* memory) { ::operator delete(memory); }

 private:
  Frame(Opcode opcode, std::string_view payload, std::size_t header_bytes);
  struct Behind {
    std::size_t bytes;
  };
  static void* operator new(std::size_t object, Behind behind) {
    return ::operator new(object + behind.bytes);
  }
  [[nodiscard]] static Ref<const Frame> make(Opcode opcode, std::string_view payload);
  [[nodiscard]] const char* bytes() const { return reinterpret_cast<const char*>(this + 1); }
  [[nodiscard]] char* bytes() { return reinterpret_cast<char*>(this + 1); }

  std::uint32_t size_;
  std::uint8_t header_bytes_;  // 0: raw
  Opcode opcode_;
  mutable bool deflate_tried_ = false;
  mutable std::unique_ptr<std::string> deflated_;  // null: plain is what goes out
};
using FrameRef = Ref<const Frame>;

}  // namespace parley::net
