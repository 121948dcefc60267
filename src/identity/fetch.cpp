#include "identity/fetch.h"

#include <curl/curl.h>

#include <memory>
#include <mutex>

namespace parley::identity {
namespace {

constexpr long redirects_max = 3;

struct FreeCurl {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
using Handle = std::unique_ptr<CURL, FreeCurl>;

struct Body {
  std::string text;
  std::size_t bytes_max;
};

// What it returns, if not the size it was given, ends the transfer.
std::size_t take(const char* data, std::size_t one, std::size_t count, void* to) {
  auto& body = *static_cast<Body*>(to);
  if (body.text.size() + count > body.bytes_max) return 0;
  body.text.append(data, count);
  return one * count;
}

Handle new_handle() {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  return Handle(curl_easy_init());
}

void prepare(CURL* handle, const std::string& url, const FetchLimits& limits, Body& body) {
  curl_easy_setopt(handle, CURLOPT_URL, url.c_str());
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  bool secure = url.starts_with("https:");
  curl_easy_setopt(handle, CURLOPT_REDIR_PROTOCOLS_STR, secure ? "https" : "http,https");
  curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 1L);
  curl_easy_setopt(handle, CURLOPT_MAXREDIRS, redirects_max);
  curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(limits.connect.count()));
  curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(limits.whole.count()));
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);  // its timeouts must not send SIGALRM to a server
  curl_easy_setopt(handle, CURLOPT_USERAGENT, "parley");
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, &take);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, &body);
}

std::unexpected<Error> unavailable(std::string why) {
  return fail(Code::unavailable, std::move(why));
}

}  // namespace

Result<std::string> fetch(const std::string& url, const FetchLimits& limits) {
  Handle handle = new_handle();
  if (!handle) return unavailable("libcurl can't start");
  Body body{{}, limits.bytes};
  prepare(handle.get(), url, limits, body);
  CURLcode done = curl_easy_perform(handle.get());
  if (done == CURLE_WRITE_ERROR)
    return unavailable("the answer is longer than " + std::to_string(limits.bytes) + " bytes");
  if (done != CURLE_OK) return unavailable(curl_easy_strerror(done));
  long status = 0;
  curl_easy_getinfo(handle.get(), CURLINFO_RESPONSE_CODE, &status);
  if (status != 200) return unavailable("the answer has status " + std::to_string(status));
  return std::move(body.text);
}

}  // namespace parley::identity
