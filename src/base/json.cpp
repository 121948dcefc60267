#include "base/json.h"

#include <memory>

namespace parley {
namespace {

constexpr std::size_t depth_max = 100;

simdjson::dom::parser& parser() {
  thread_local auto made = [] {
    auto fresh = std::make_unique<simdjson::dom::parser>();
    // Fails only when memory is out; the first parse then says so.
    [[maybe_unused]] auto error = fresh->allocate(64 * 1024, depth_max);
    return fresh;
  }();
  return *made;
}

// The four hex digits of a \uXXXX escape whose backslash stands at `at`; -1 if it is none.
int escape_at(std::string_view text, std::size_t at) {
  if (at + 6 > text.size() || text[at] != '\\' || text[at + 1] != 'u') return -1;
  int value = 0;
  for (char c : text.substr(at + 2, 4)) {
    int digit = c >= '0' && c <= '9'                 ? c - '0'
                : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10
                                                     : -1;
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

bool is_high(int unit) { return unit >= 0xD800 && unit < 0xDC00; }
bool is_low(int unit) { return unit >= 0xDC00 && unit < 0xE000; }

// simdjson has one error for all that is wrong inside a string. A lone surrogate is a value that makes no sense, which
// callers are told apart from text that isn't JSON: with every lone one replaced, the text is JSON or it is not. Only
// refused documents are read this second time.
bool only_lone_surrogates_are_wrong(std::string_view text) {
  const std::string mended = surrogates_mended(text);
  simdjson::dom::element root;
  return mended != text && parser().parse(mended).get(root) == simdjson::SUCCESS;
}

std::string_view type_name(simdjson::dom::element_type type) {
  using Type = simdjson::dom::element_type;
  switch (type) {
    case Type::ARRAY:
      return "a list";
    case Type::OBJECT:
      return "an object";
    case Type::STRING:
      return "a text";
    case Type::BOOL:
      return "true or false";
    case Type::NULL_VALUE:
      return "null";
    default:
      return "a number";
  }
}

}  // namespace

std::string surrogates_mended(std::string_view json) {
  std::string mended(json);
  for (std::size_t at = 0; at < mended.size(); ++at) {
    if (mended[at] != '\\') continue;
    int unit = escape_at(mended, at);
    if (is_high(unit) && is_low(escape_at(mended, at + 6)))
      at += 11;
    else if (is_high(unit) || is_low(unit))
      mended.replace(at + 2, 4, "fffd"), at += 5;
    else
      ++at;  // whatever is escaped, it is no backslash of another escape
  }
  return mended;
}

std::optional<simdjson::dom::element> JsonObject::find(std::string_view name) const {
  std::optional<simdjson::dom::element> found;
  if (!object_) return found;
  for (const auto& [key, value] : *object_)
    if (key == name) found = value;
  if (found && found->is_null()) found.reset();
  return found;
}

std::unexpected<Error> JsonObject::wrong(std::string_view name, std::string_view wanted) const {
  auto found = find(name);
  return fail(Code::unprocessable, path_ + std::string(name) + " must be " + std::string(wanted) +
                                       ", not " +
                                       std::string(found ? type_name(found->type()) : "missing"));
}

bool JsonObject::has(std::string_view name) const { return find(name).has_value(); }

std::vector<std::string> JsonObject::names() const {
  std::vector<std::string> all;
  if (object_)
    for (auto field : *object_) all.emplace_back(field.key);
  return all;
}

bool JsonObject::is_null(std::string_view name) const {
  simdjson::dom::element element;
  return object_ && object_->at_key(name).get(element) == simdjson::SUCCESS && element.is_null();
}

Result<std::optional<std::string_view>> JsonObject::text(std::string_view name) const {
  auto found = find(name);
  if (!found) return std::nullopt;
  std::string_view value;
  if (found->get(value) != simdjson::SUCCESS) return wrong(name, "a text");
  // simdjson lets a lone low surrogate through, as bytes that are no UTF-8.
  if (!simdjson::validate_utf8(value.data(), value.size()))
    return fail(Code::unprocessable, path_ + std::string(name) + " has a lone surrogate");
  return value;
}

Result<std::string_view> JsonObject::needed_text(std::string_view name) const {
  TRY(value, text(name));
  if (!value) return wrong(name, "a text");
  return *value;
}

Result<std::optional<bool>> JsonObject::flag(std::string_view name) const {
  auto found = find(name);
  if (!found) return std::nullopt;
  bool value = false;
  if (found->get(value) != simdjson::SUCCESS) return wrong(name, "true or false");
  return value;
}

Result<std::optional<std::int64_t>> JsonObject::number(std::string_view name) const {
  auto found = find(name);
  if (!found) return std::nullopt;
  std::int64_t value = 0;
  if (found->get(value) != simdjson::SUCCESS) return wrong(name, "a whole number");
  return value;
}

Result<std::optional<JsonObject>> JsonObject::object(std::string_view name) const {
  auto found = find(name);
  if (!found) return std::nullopt;
  simdjson::dom::object value;
  if (found->get(value) != simdjson::SUCCESS) return wrong(name, "an object");
  return JsonObject(value, path_ + std::string(name) + ".");
}

Result<std::optional<std::vector<std::string_view>>> JsonObject::texts(
    std::string_view name) const {
  auto found = find(name);
  if (!found) return std::nullopt;
  simdjson::dom::array list;
  if (found->get(list) != simdjson::SUCCESS) return wrong(name, "a list of texts");
  std::vector<std::string_view> values;
  for (simdjson::dom::element element : list) {
    std::string_view value;
    if (element.get(value) != simdjson::SUCCESS ||
        !simdjson::validate_utf8(value.data(), value.size()))
      return fail(Code::unprocessable, path_ + std::string(name) + " must be a list of texts");
    values.push_back(value);
  }
  return values;
}

Result<std::optional<std::vector<JsonObject>>> JsonObject::objects(std::string_view name) const {
  auto found = find(name);
  if (!found) return std::nullopt;
  simdjson::dom::array list;
  if (found->get(list) != simdjson::SUCCESS) return wrong(name, "a list of objects");
  std::vector<JsonObject> values;
  for (simdjson::dom::element element : list) {
    simdjson::dom::object value;
    if (element.get(value) != simdjson::SUCCESS)
      return fail(Code::unprocessable, path_ + std::string(name) + " must be a list of objects");
    values.emplace_back(value,
                        path_ + std::string(name) + "[" + std::to_string(values.size()) + "].");
  }
  return values;
}

std::string JsonObject::raw(std::string_view name) const {
  auto found = find(name);
  return found ? simdjson::minify(*found) : std::string{};
}

Result<JsonObject> parse_json_object(std::string_view text, std::size_t slack, Code not_an_object) {
  simdjson::dom::element root;
  bool copy = slack < simdjson::SIMDJSON_PADDING;
  if (auto error = parser().parse(text.data(), text.size(), copy).get(root);
      error != simdjson::SUCCESS) {
    if (error == simdjson::STRING_ERROR && only_lone_surrogates_are_wrong(text))
      return fail(Code::unprocessable, "a text has a lone surrogate");
    if (error == simdjson::DEPTH_ERROR)
      return fail(Code::bad_request, "this is nested deeper than 100");
    return fail(Code::bad_request, text.empty() ? "a JSON object was expected, the body is empty"
                                                : "this is not JSON");
  }
  simdjson::dom::object object;
  if (root.get(object) != simdjson::SUCCESS)
    return fail(not_an_object,
                "a JSON object was expected, not " + std::string(type_name(root.type())));
  return JsonObject(object, "");
}

}  // namespace parley
