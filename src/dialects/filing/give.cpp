// A file on its way out.
#include <charconv>

#include "dialects/filing/filing.h"

namespace parley::filing {
namespace {

struct Part {
  std::uint64_t from = 0;
  std::uint64_t bytes = 0;
};
enum class Wish : std::uint8_t { whole, part, impossible };
struct Asked {
  Wish wish = Wish::whole;
  Part part;
};

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// One range; of several, or of what is none, the whole file is given, as the standard allows.
Asked asked_for(const net::Request& request, const std::string& etag, std::uint64_t bytes) {
  constexpr std::string_view unit = "bytes=";
  const auto range = request.header("Range");
  const auto if_range = request.header("If-Range");
  if (!range || !range->starts_with(unit) || (if_range && *if_range != etag)) return {};
  const std::string_view wish = range->substr(unit.size());
  const std::size_t dash = wish.find('-');
  if (dash == std::string_view::npos || wish.contains(',')) return {};
  const auto from = number(wish.substr(0, dash)), upto = number(wish.substr(dash + 1));
  const bool open_end = dash + 1 == wish.size();
  if (dash == 0) {  // the last so many bytes
    if (!upto) return {};
    if (*upto == 0) return {Wish::impossible, {}};
    const std::uint64_t some = std::min(*upto, bytes);
    return {Wish::part, {bytes - some, some}};
  }
  if (!from || (!upto && !open_end) || (upto && *upto < *from)) return {};
  if (*from >= bytes) return {Wish::impossible, {}};
  const std::uint64_t last = open_end ? bytes - 1 : std::min(*upto, bytes - 1);
  return {Wish::part, {*from, last - *from + 1}};
}

Task<void> write_all(files::Download download, net::ResponseStream& out) {
  for (;;) {
    auto piece = co_await download.next();
    // Cut short, which the client sees by the length.
    if (!piece || piece->empty()) co_return;
    const bool there = co_await out.write(std::move(*piece));
    if (!there) co_return;
  }
}

}  // namespace

Task<Result<net::Response>> give_file(net::Request& request, files::Shelf& shelf, engine::File file,
                                      Inline in_page, Refuse refuse) {
  const std::string etag = '"' + file.sha256 + '"';
  net::Response response;
  response.with("ETag", etag)
      .with("Accept-Ranges", "bytes")
      .with("Cache-Control", "private, no-cache")
      .with("X-Content-Type-Options", "nosniff")
      .with("Content-Security-Policy", "default-src 'none'; sandbox");
  const auto known = request.header("If-None-Match");
  if (known && (*known == "*" || known->contains(etag))) {
    response.status = 304;
    co_return response;
  }
  const Asked asked = asked_for(request, etag, file.bytes);
  if (asked.wish == Wish::impossible) {
    net::Response refused = refuse(
        {Code::range_not_satisfiable, "the file has " + std::to_string(file.bytes) + " bytes", {}});
    refused.with("Content-Range", "bytes */" + std::to_string(file.bytes));
    co_return refused;
  }
  const Part part = asked.wish == Wish::part ? asked.part : Part{0, file.bytes};
  if (asked.wish == Wish::part) {
    response.status = 206;
    response.with("Content-Range", "bytes " + std::to_string(part.from) + '-' +
                                       std::to_string(part.from + part.bytes - 1) + '/' +
                                       std::to_string(file.bytes));
  }
  const bool plain_text = file.mime == "text/plain";
  response.with("Content-Type", plain_text ? "text/plain; charset=utf-8" : file.mime)
      .with("Content-Disposition", disposition_of(file, in_page))
      .with("Content-Length", std::to_string(part.bytes));
  if (request.method == "HEAD") co_return response;
  CO_TRY(download, co_await shelf.open(file.id, part.from, part.bytes));
  auto shared = std::make_shared<files::Download>(std::move(download));
  response.stream = [shared](net::ResponseStream& out) { return write_all(*shared, out); };
  co_return response;
}

}  // namespace parley::filing
