#include "dialects/filing/multipart.h"

#include <algorithm>
#include <cctype>

#include "net/http.h"

namespace parley::filing {
namespace {

constexpr std::size_t head_bytes_max = 16 * 1024;
constexpr std::size_t boundary_bytes_max = 70;

char lower(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }

bool same_word(std::string_view one, std::string_view other) {
  return std::ranges::equal(one, other, {}, lower, lower);
}

std::string_view trimmed(std::string_view text) {
  const std::size_t from = std::min(text.find_first_not_of(" \t"), text.size());
  const std::size_t upto = text.find_last_not_of(" \t");
  return text.substr(from, upto == std::string_view::npos ? 0 : upto - from + 1);
}

std::unexpected<Error> no_multipart(const char* why) {
  return fail(Code::bad_request, std::string("this is no multipart body: ") + why);
}

// A quoted text, without its quotes; the rest of the value goes on behind it.
std::string take_quoted(std::string_view& rest) {
  std::string text;
  rest.remove_prefix(1);
  while (!rest.empty() && rest.front() != '"') {
    if (rest.front() == '\\' && rest.size() > 1 && (rest[1] == '"' || rest[1] == '\\'))
      rest.remove_prefix(1);
    text += rest.front();
    rest.remove_prefix(1);
  }
  if (!rest.empty()) rest.remove_prefix(1);
  return text;
}

Result<PartHead> read_head(std::string_view lines) {
  PartHead head;
  while (!lines.empty()) {
    const std::size_t end = std::min(lines.find("\r\n"), lines.size());
    const std::string_view line = lines.substr(0, end);
    lines.remove_prefix(std::min(end + 2, lines.size()));
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return no_multipart("a part's header has no colon");
    const std::string_view name = trimmed(line.substr(0, colon));
    const std::string_view value = trimmed(line.substr(colon + 1));
    if (same_word(name, "Content-Disposition")) {
      head.name = parameter_of(value, "name").value_or("");
      head.filename = filename_of(value);
    } else if (same_word(name, "Content-Type")) {
      head.type = media_type(value);
    }
  }
  return head;
}

}  // namespace

std::optional<std::string> parameter_of(std::string_view value, std::string_view name) {
  std::string_view rest = value.substr(std::min(value.find(';'), value.size()));
  while (rest.starts_with(';')) {
    rest = trimmed(rest.substr(1));
    const std::size_t end = std::min(rest.find_first_of("=;"), rest.size());
    const bool wanted = same_word(trimmed(rest.substr(0, end)), name);
    rest.remove_prefix(end);
    if (!rest.starts_with('=')) continue;
    rest = trimmed(rest.substr(1));
    std::string text;
    if (rest.starts_with('"')) {
      text = take_quoted(rest);
    } else {
      const std::size_t stop = std::min(rest.find(';'), rest.size());
      text = trimmed(rest.substr(0, stop));
    }
    if (wanted) return text;
    rest.remove_prefix(std::min(rest.find(';'), rest.size()));
  }
  return std::nullopt;
}

std::optional<std::string> filename_of(std::string_view disposition) {
  if (auto extended = parameter_of(disposition, "filename*")) {
    const std::size_t second = extended->find('\'', extended->find('\'') + 1);
    const bool utf8 = same_word(std::string_view(*extended).substr(0, 6), "UTF-8'");
    if (utf8 && second != std::string::npos)
      if (auto decoded = net::decode_segment(std::string_view(*extended).substr(second + 1)))
        return decoded;
  }
  return parameter_of(disposition, "filename");
}

std::string media_type(std::string_view value) {
  std::string type(trimmed(value.substr(0, value.find(';'))));
  std::ranges::transform(type, type.begin(), lower);
  return type;
}

std::optional<Multipart> Multipart::of(std::string_view content_type) {
  if (media_type(content_type) != "multipart/form-data") return std::nullopt;
  auto boundary = parameter_of(content_type, "boundary");
  if (!boundary || boundary->empty() || boundary->size() > boundary_bytes_max) return std::nullopt;
  return Multipart(*boundary);
}

Result<void> Multipart::take(std::string_view bytes, Listener& listener) {
  if (ended()) return {};
  waiting_ += bytes;
  for (;;) {
    TRY(moved, step(listener));
    if (!moved) return {};
  }
}

// What can't be the beginning of a delimiter any more is handed on.
void Multipart::take_until_delimiter(Listener* listener) {
  const std::size_t at = waiting_.find(delimiter_);
  const bool found = at != std::string::npos;
  const std::size_t sure =
      found ? at : waiting_.size() - std::min(waiting_.size(), delimiter_.size() - 1);
  if (listener != nullptr && sure > 0) listener->data(std::string_view(waiting_).substr(0, sure));
  waiting_.erase(0, found ? at + delimiter_.size() : sure);
  if (found) state_ = State::after_boundary;
}

Result<bool> Multipart::step(Listener& listener) {
  switch (state_) {
    case State::before_parts:
      take_until_delimiter(nullptr);
      return state_ != State::before_parts;
    case State::body:
      take_until_delimiter(&listener);
      return state_ != State::body;
    case State::after_boundary:
      return take_boundary_end();
    case State::head:
      return take_head(listener);
    case State::ended:
      return false;
  }
  return false;
}

// "--" after the last part; else the line ends, and that end stays: the head's lines begin behind one.
Result<bool> Multipart::take_boundary_end() {
  if (waiting_.starts_with("--")) {
    state_ = State::ended;
    waiting_.clear();
    return false;
  }
  const std::size_t line_end = waiting_.find("\r\n");
  if (line_end == std::string::npos) {
    if (waiting_.size() > boundary_bytes_max) return no_multipart("a boundary's line is too long");
    return false;
  }
  if (!trimmed(std::string_view(waiting_).substr(0, line_end)).empty())
    return no_multipart("something stands behind a boundary");
  waiting_.erase(0, line_end);
  state_ = State::head;
  return true;
}

Result<bool> Multipart::take_head(Listener& listener) {
  const std::size_t end = waiting_.find("\r\n\r\n");
  if (end == std::string::npos) {
    if (waiting_.size() > head_bytes_max) return no_multipart("a part's headers are too long");
    return false;
  }
  const std::size_t first_line = std::min<std::size_t>(2, end);  // behind the boundary's end
  TRY(head, read_head(std::string_view(waiting_).substr(first_line, end - first_line)));
  waiting_.erase(0, end + 4);
  listener.part(std::move(head));
  state_ = State::body;
  return true;
}

}  // namespace parley::filing
