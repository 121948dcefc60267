// Reads a multipart/form-data body as it comes (RFC 7578): no part is ever held whole.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace parley::filing {

// What a part says of itself.
struct PartHead {
  std::string name;
  std::optional<std::string> filename;
  std::string type;  // without parameters
};

class Multipart {
 public:
  // Hears what the body has, in order.
  class Listener {
   public:
    virtual ~Listener() = default;
    virtual void part(PartHead head) = 0;
    virtual void data(std::string_view piece) = 0;
  };

  // From the Content-Type of a request; nothing where it is no multipart/form-data with a boundary.
  [[nodiscard]] static std::optional<Multipart> of(std::string_view content_type);

  // An Error: this is none. After the last part everything is passed over.
  [[nodiscard]] Result<void> take(std::string_view bytes, Listener& listener);
  [[nodiscard]] bool ended() const { return state_ == State::ended; }

 private:
  enum class State : std::uint8_t { before_parts, after_boundary, head, body, ended };

  explicit Multipart(const std::string& boundary) : delimiter_("\r\n--" + boundary) {}
  // False: more bytes are needed.
  [[nodiscard]] Result<bool> step(Listener& listener);
  void take_until_delimiter(Listener* listener);
  Result<bool> take_boundary_end();
  Result<bool> take_head(Listener& listener);

  std::string delimiter_;
  std::string waiting_ = "\r\n";  // so that the first boundary is like the others
  State state_ = State::before_parts;
};

// A parameter of a header's value: name="a \"quoted\" text", or name=token.
[[nodiscard]] std::optional<std::string> parameter_of(std::string_view value,
                                                      std::string_view name);
// The file name of a Content-Disposition; that of filename* before the other.
[[nodiscard]] std::optional<std::string> filename_of(std::string_view disposition);
// Of a Content-Type, in lower case, without its parameters.
[[nodiscard]] std::string media_type(std::string_view value);

}  // namespace parley::filing
