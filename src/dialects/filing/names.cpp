// What a file is called, and what it is taken for.
#include <algorithm>
#include <array>

#include "base/clip.h"
#include "base/encodings.h"
#include "base/unicode.h"
#include "dialects/filing/filing.h"

namespace parley::filing {
namespace {

constexpr std::size_t name_bytes_max = 255;

constexpr std::array pictures{"image/png", "image/jpeg", "image/gif", "image/webp"};
constexpr std::array videos{"video/mp4",  "video/webm", "video/quicktime", "video/x-m4v",
                            "audio/mpeg", "audio/ogg",  "audio/mp4"};
// A browser would run these, or a machine.
constexpr std::array active{"text/html",
                            "application/xhtml+xml",
                            "image/svg+xml",
                            "text/javascript",
                            "application/javascript",
                            "application/x-javascript",
                            "application/x-executable",
                            "application/x-pie-executable",
                            "application/x-sharedlib",
                            "application/x-object",
                            "application/x-mach-binary",
                            "application/x-dosexec",
                            "application/vnd.microsoft.portable-executable",
                            "application/x-msdownload",
                            "application/x-bat",
                            "application/x-shellscript",
                            "text/x-shellscript",
                            "text/x-msdos-batch",
                            "text/x-python",
                            "text/x-script.python",
                            "text/x-perl",
                            "text/x-ruby",
                            "text/x-php",
                            "application/x-php",
                            "application/x-httpd-php",
                            "application/java-archive",
                            "application/x-java-applet"};

bool has(const auto& names, std::string_view type) {
  return std::ranges::find(names, type) != names.end();
}

bool is_document(std::string_view type) {
  return type.starts_with("application/vnd.") || type == "application/epub+zip" ||
         type == "application/zip";
}

}  // namespace

std::string safe_name(std::string_view name) {
  name.remove_prefix(name.find_last_of("/\\") + 1);
  std::string clean = without_controls(name);
  std::erase_if(clean, [](char c) { return c == '\t' || c == '\r' || c == '\n'; });
  clean.resize(first_bytes(clean, name_bytes_max).size());
  return clean.empty() || clean == "." || clean == ".." ? "file" : clean;
}

std::string agreed_type(const std::string& declared, const std::string& sniffed) {
  if (declared.empty() || declared == sniffed || is_active(declared)) return sniffed;
  const bool any_text = sniffed == "text/plain" && declared.starts_with("text/");
  const bool any_json = sniffed == "text/plain" && declared == "application/json";
  const bool any_document = sniffed == "application/zip" && is_document(declared);
  const bool any_bytes = sniffed == "application/octet-stream" &&
                         declared.starts_with("application/") && !is_document(declared) &&
                         declared != "application/pdf";
  return any_text || any_json || any_document || any_bytes ? declared : sniffed;
}

bool is_active(const std::string& type) { return has(active, type); }

std::string disposition_of(const engine::File& file, Inline in_page) {
  const bool shown = has(pictures, file.mime) ||
                     (in_page == Inline::pictures_and_videos && has(videos, file.mime));
  return std::string(shown ? "inline" : "attachment") + "; filename*=UTF-8''" +
         percent_encoded(file.name);
}

}  // namespace parley::filing
