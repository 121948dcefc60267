#include "files/s3/s3.h"

#include <curl/curl.h>

#include <algorithm>
#include <cstdio>
#include <mutex>
#include <vector>

#include "base/encodings.h"
#include "files/s3/signature.h"

namespace parley::files {
namespace {

constexpr std::uint64_t piece_bytes = 1024 * 1024;
constexpr std::size_t answer_bytes_max = 4 * piece_bytes;
constexpr std::size_t handles_kept = 8;
constexpr long connect_within_ms = 3'000;
constexpr long stalled_after_s = 20;  // with less than a byte a second
constexpr const char* shape = "is not like s3://KEY:SECRET@HOST:9000/BUCKET?region=us-east-1";

struct FreeCurl {
  void operator()(CURL* one) const { curl_easy_cleanup(one); }
  void operator()(curl_slist* one) const { curl_slist_free_all(one); }
};
using Handle = std::unique_ptr<CURL, FreeCurl>;
using Headers = std::unique_ptr<curl_slist, FreeCurl>;

struct CloseFile {
  void operator()(std::FILE* one) const { std::fclose(one); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

std::string percent_decoded(std::string_view text) {
  int size = 0;
  char* decoded = curl_easy_unescape(nullptr, text.data(), static_cast<int>(text.size()), &size);
  std::string out(decoded, static_cast<std::size_t>(size));
  curl_free(decoded);
  return out;
}

std::size_t take(const char* data, std::size_t one, std::size_t count, void* to) {
  auto& body = *static_cast<std::string*>(to);
  if (body.size() + one * count > answer_bytes_max) return 0;
  body.append(data, one * count);
  return one * count;
}

std::size_t give(char* to, std::size_t one, std::size_t count, void* from) {
  return std::fread(to, one, count, static_cast<std::FILE*>(from));
}

struct Ask {
  enum class What : std::uint8_t { get, put, remove, look } what = What::get;
  std::string path;
  std::string range{};           // get
  std::FILE* file = nullptr;     // put
  std::uint64_t file_bytes = 0;  // put
  std::string content_sha256 = "UNSIGNED-PAYLOAD";
};
struct Answer {
  long status = 0;
  std::string body;
};

class S3 final : public Blobs {
 public:
  explicit S3(S3Address address) : address_(std::move(address)) {
    static std::once_flag once;
    std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  }

  Result<void> put(const std::string& key, const std::string& path, const Whole& whole) override {
    const File file(std::fopen(path.c_str(), "rb"));
    if (!file) return fail(Code::unavailable, "a file that came can't be read");
    TRY(answer, ask({.what = Ask::What::put,
                     .path = path_of(key),
                     .file = file.get(),
                     .file_bytes = whole.bytes,
                     .content_sha256 = whole.sha256}));
    if (answer.status != 200) return unexpected_status(answer);
    std::remove(path.c_str());
    return {};
  }

  Result<std::unique_ptr<Source>> open(const std::string& key, std::uint64_t from,
                                       std::uint64_t bytes) override;

  Result<void> remove(const std::string& key) override {
    TRY(answer, ask({.what = Ask::What::remove, .path = path_of(key)}));
    const bool gone = answer.status == 204 || answer.status == 200 || answer.status == 404;
    return gone ? Result<void>{} : unexpected_status(answer);
  }

  std::optional<std::string> link(const std::string& key, const Link& how, Time now) override {
    return signed_link(
        address_, path_of(key),
        {{"response-content-type", how.type}, {"response-content-disposition", how.disposition}},
        how.lives, now);
  }

  bool up() override {
    auto answer = ask({.what = Ask::What::look, .path = '/' + address_.bucket});
    return answer && answer->status == 200;
  }

  [[nodiscard]] Result<std::string> part(const std::string& path, std::uint64_t from,
                                         std::uint64_t bytes) {
    TRY(answer, ask({.what = Ask::What::get,
                     .path = path,
                     .range = std::to_string(from) + '-' + std::to_string(from + bytes - 1)}));
    if (answer.status == 404) return fail(Code::not_found, "there is no such file");
    const bool whole = answer.status == 206 || answer.status == 200;
    if (!whole) return unexpected_status(answer);
    if (answer.body.size() != bytes)
      return fail(Code::unavailable, "s3: a file is shorter than it was");
    return std::move(answer.body);
  }

 private:
  [[nodiscard]] std::string path_of(const std::string& key) const {
    return '/' + address_.bucket + '/' + (address_.prefix.empty() ? "" : address_.prefix + '/') +
           key;
  }

  static std::unexpected<Error> unexpected_status(const Answer& answer) {
    return fail(Code::unavailable, "s3: the answer has status " + std::to_string(answer.status));
  }

  Handle handle() {
    std::lock_guard lock(mutex_);
    if (handles_.empty()) return Handle(curl_easy_init());
    Handle one = std::move(handles_.back());
    handles_.pop_back();
    curl_easy_reset(one.get());  // its connection stays
    return one;
  }
  void put_back(Handle one) {
    std::lock_guard lock(mutex_);
    if (handles_.size() < handles_kept) handles_.push_back(std::move(one));
  }

  Result<Answer> ask(const Ask& what) {
    Handle one = handle();
    if (!one) return fail(Code::unavailable, "libcurl can't start");
    Answer answer;
    const Headers headers(
        curl_slist_append(nullptr, ("x-amz-content-sha256: " + what.content_sha256).c_str()));
    prepare(one.get(), what, headers.get(), answer);
    const CURLcode done = curl_easy_perform(one.get());
    if (done != CURLE_OK)
      return fail(Code::unavailable, std::string("s3: ") + curl_easy_strerror(done));
    curl_easy_getinfo(one.get(), CURLINFO_RESPONSE_CODE, &answer.status);
    put_back(std::move(one));
    return answer;
  }

  void prepare(CURL* one, const Ask& what, curl_slist* headers, Answer& answer) const {
    const std::string url = (address_.plain ? "http://" : "https://") + address_.host +
                            percent_encoded(what.path, Slashes::kept);
    curl_easy_setopt(one, CURLOPT_URL, url.c_str());
    curl_easy_setopt(one, CURLOPT_PROTOCOLS_STR, address_.plain ? "http" : "https");
    curl_easy_setopt(one, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(one, CURLOPT_CONNECTTIMEOUT_MS, connect_within_ms);
    curl_easy_setopt(one, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(one, CURLOPT_LOW_SPEED_TIME, stalled_after_s);
    curl_easy_setopt(one, CURLOPT_AWS_SIGV4, ("aws:amz:" + address_.region + ":s3").c_str());
    curl_easy_setopt(one, CURLOPT_USERNAME, address_.key.c_str());
    curl_easy_setopt(one, CURLOPT_PASSWORD, address_.secret.c_str());
    curl_easy_setopt(one, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(one, CURLOPT_WRITEFUNCTION, &take);
    curl_easy_setopt(one, CURLOPT_WRITEDATA, &answer.body);
    switch (what.what) {
      case Ask::What::get:
        curl_easy_setopt(one, CURLOPT_RANGE, what.range.c_str());
        break;
      case Ask::What::put:
        curl_easy_setopt(one, CURLOPT_UPLOAD, 1L);
        curl_easy_setopt(one, CURLOPT_READFUNCTION, &give);
        curl_easy_setopt(one, CURLOPT_READDATA, what.file);
        curl_easy_setopt(one, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(what.file_bytes));
        break;
      case Ask::What::remove:
        curl_easy_setopt(one, CURLOPT_CUSTOMREQUEST, "DELETE");
        break;
      case Ask::What::look:
        curl_easy_setopt(one, CURLOPT_NOBODY, 1L);
        break;
    }
  }

  const S3Address address_;
  std::mutex mutex_;
  std::vector<Handle> handles_;
};

// Each piece is a question of its own, so that a slow reader holds no connection.
class ObjectSource final : public Source {
 public:
  ObjectSource(S3& s3, std::string path, std::uint64_t from, std::uint64_t bytes)
      : s3_(s3), path_(std::move(path)), at_(from), left_(bytes) {}

  // The first piece: whether it is there at all is known when it is opened.
  Result<void> begin() {
    if (left_ == 0) return {};
    TRY(piece, read());
    first_ = std::move(piece);
    return {};
  }
  Result<std::string> next() override {
    if (!first_.empty()) return std::exchange(first_, {});
    if (left_ == 0) return std::string{};
    return read();
  }

 private:
  Result<std::string> read() {
    const std::uint64_t bytes = std::min(left_, piece_bytes);
    TRY(piece, s3_.part(path_, at_, bytes));
    at_ += bytes;
    left_ -= bytes;
    return piece;
  }

  S3& s3_;
  std::string path_;
  std::uint64_t at_, left_;
  std::string first_;
};

Result<std::unique_ptr<Source>> S3::open(const std::string& key, std::uint64_t from,
                                         std::uint64_t bytes) {
  auto source = std::make_unique<ObjectSource>(*this, path_of(key), from, bytes);
  TRY_DO(source->begin());
  return source;
}

Result<void> read_options(std::string_view query, S3Address& address) {
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    const std::size_t equals = pair.find('=');
    const std::string_view name = pair.substr(0, equals);
    const std::string value =
        equals == std::string_view::npos ? std::string{} : percent_decoded(pair.substr(equals + 1));
    if (name == "region" && !value.empty())
      address.region = value;
    else if (name == "plain" && (value == "on" || value == "off"))
      address.plain = value == "on";
    else
      return fail(Code::bad_request, "may have region=NAME and plain=on after the ?");
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  return {};
}

}  // namespace

Result<S3Address> parse_s3_address(std::string_view url) {
  constexpr std::string_view scheme = "s3://";
  S3Address address;
  if (!url.starts_with(scheme)) return fail(Code::bad_request, shape);
  url.remove_prefix(scheme.size());
  const std::size_t question = std::min(url.find('?'), url.size());
  TRY_DO(read_options(url.substr(std::min(question + 1, url.size())), address));
  url = url.substr(0, question);
  const std::size_t slash = url.find('/');
  if (slash == std::string_view::npos) return fail(Code::bad_request, shape);
  std::string_view authority = url.substr(0, slash), path = url.substr(slash + 1);
  const std::size_t at = authority.rfind('@');
  const std::size_t colon = authority.find(':');
  if (at == std::string_view::npos || colon == std::string_view::npos || colon > at)
    return fail(Code::bad_request, shape);
  address.key = percent_decoded(authority.substr(0, colon));
  address.secret = percent_decoded(authority.substr(colon + 1, at - colon - 1));
  address.host = authority.substr(at + 1);
  while (path.ends_with('/')) path.remove_suffix(1);
  const std::size_t end = std::min(path.find('/'), path.size());
  address.bucket = path.substr(0, end);
  address.prefix = path.substr(std::min(end + 1, path.size()));
  if (address.key.empty() || address.secret.empty() || address.host.empty() ||
      address.bucket.empty())
    return fail(Code::bad_request, shape);
  return address;
}

std::unique_ptr<Blobs> make_s3(S3Address address) {
  return std::make_unique<S3>(std::move(address));
}

}  // namespace parley::files
