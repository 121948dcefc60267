// The frame of a `message.send`, encoded once; only its number changes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace parley::bench {

class SendFrame {
 public:
  // `sender` makes the client_id unique: sender and number.
  SendFrame(std::string_view conversation, std::string_view sender, unsigned text_bytes);
  // The frame with this number as its id (so the answer's ref) and in its client_id.
  // Valid until the next call.
  [[nodiscard]] std::string_view numbered(std::uint64_t number);

 private:
  static constexpr std::size_t digits = 10;
  void write_digits(std::size_t at, std::uint64_t number);

  std::string frame_;
  std::size_t id_at_ = 0;
  std::size_t client_id_at_ = 0;
};

// So many letters, with blanks between words.
[[nodiscard]] std::string filler_text(unsigned bytes);

}  // namespace parley::bench
