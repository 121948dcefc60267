// Reads JSON from outside: the whole document is checked (syntax, UTF-8, depth) before anything of it is used.
//
// A field that is absent or null is "not given"; one of a wrong type is refused with its name. Views stay valid until
// the same thread parses the next document.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace parley {

class JsonObject {
 public:
  JsonObject() = default;
  JsonObject(simdjson::dom::object object, std::string path)
      : object_(object), path_(std::move(path)) {}

  [[nodiscard]] bool has(std::string_view name) const;
  // Given, and null: how a caller takes a value back.
  [[nodiscard]] bool is_null(std::string_view name) const;
  [[nodiscard]] Result<std::optional<std::string_view>> text(std::string_view name) const;
  [[nodiscard]] Result<std::string_view> needed_text(std::string_view name) const;
  [[nodiscard]] Result<std::optional<bool>> flag(std::string_view name) const;
  [[nodiscard]] Result<std::optional<std::int64_t>> number(std::string_view name) const;
  [[nodiscard]] Result<std::optional<JsonObject>> object(std::string_view name) const;
  [[nodiscard]] Result<std::optional<std::vector<std::string_view>>> texts(
      std::string_view name) const;
  [[nodiscard]] Result<std::optional<std::vector<JsonObject>>> objects(std::string_view name) const;
  [[nodiscard]] std::vector<std::string> names() const;
  // The value as JSON again, without spaces; empty where it is not given.
  [[nodiscard]] std::string raw(std::string_view name) const;

 private:
  [[nodiscard]] std::optional<simdjson::dom::element> find(std::string_view name) const;
  [[nodiscard]] std::unexpected<Error> wrong(std::string_view name, std::string_view wanted) const;

  std::optional<simdjson::dom::object> object_;
  std::string path_;  // for error texts: "data.attachments[2]."
};

// The text, with each escape of a lone surrogate made one of U+FFFD.
[[nodiscard]] std::string surrogates_mended(std::string_view json);

// `slack`: how many readable bytes there are behind the text; with enough of them it is read in place.
// Not JSON: bad_request. A lone surrogate in it: unprocessable. JSON, but no object: as the wire says.
[[nodiscard]] Result<JsonObject> parse_json_object(std::string_view text, std::size_t slack = 0,
                                                   Code not_an_object = Code::unprocessable);

}  // namespace parley
