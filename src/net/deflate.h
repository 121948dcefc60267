// permessage-deflate (RFC 7692) without context takeover: each message stands alone, so one zlib stream a loop and
// direction serves all connections, and a deflated frame can be shared by all its receivers.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace parley::net {

class Inflater {
 public:
  Inflater();
  ~Inflater();

  enum class Outcome { fine, too_large, broken };
  struct Inflated {
    Outcome outcome = Outcome::fine;
    std::string_view bytes = {};  // until the next call, with slack behind
  };
  [[nodiscard]] Inflated inflate(std::string_view message, std::size_t bytes_max);

 private:
  class Stream;
  std::unique_ptr<Stream> stream_;  // made on first need
  std::string out_;
};

// The deflated payload, or an empty string where it would not be smaller.
[[nodiscard]] std::string deflate_message(std::string_view payload);

}  // namespace parley::net
