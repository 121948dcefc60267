#include "fetch/fetch.h"

#include <curl/curl.h>

#include <memory>
#include <mutex>

namespace parley::fetch {
namespace {

constexpr long redirects_max = 3;
constexpr std::size_t waiting_max = 1'000;  // on each thread

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

struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using Headers = std::unique_ptr<curl_slist, FreeList>;

Headers headers_of(const Question& question) {
  curl_slist* list = nullptr;
  if (!question.json.empty()) list = curl_slist_append(list, "Content-Type: application/json");
  if (!question.bearer.empty())
    list = curl_slist_append(list, ("Authorization: Bearer " + question.bearer).c_str());
  return Headers(list);
}

void prepare(CURL* handle, const Question& question, const Headers& headers, Body& body) {
  curl_easy_setopt(handle, CURLOPT_URL, question.url.c_str());
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  const bool secure = question.url.starts_with("https:");
  curl_easy_setopt(handle, CURLOPT_REDIR_PROTOCOLS_STR, secure ? "https" : "http,https");
  curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 1L);
  curl_easy_setopt(handle, CURLOPT_MAXREDIRS, redirects_max);
  const Limits& limits = question.limits;
  curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(limits.connect.count()));
  curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(limits.whole.count()));
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);  // its timeouts must not send SIGALRM to a server
  curl_easy_setopt(handle, CURLOPT_USERAGENT, "parley");
  if (headers) curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers.get());
  if (!question.json.empty()) {
    curl_easy_setopt(handle, CURLOPT_POSTFIELDS, question.json.c_str());
    curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(question.json.size()));
  }
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, &take);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, &body);
}

std::unexpected<Error> unavailable(std::string why) {
  return fail(Code::unavailable, std::move(why));
}

}  // namespace

Result<Answer> ask(const Question& question) {
  const Handle handle = new_handle();
  if (!handle) return unavailable("libcurl can't start");
  const Headers headers = headers_of(question);
  Body body{{}, question.limits.bytes};
  prepare(handle.get(), question, headers, body);
  const CURLcode done = curl_easy_perform(handle.get());
  if (done == CURLE_WRITE_ERROR)
    return unavailable("the answer is longer than " + std::to_string(question.limits.bytes) +
                       " bytes");
  if (done != CURLE_OK) return unavailable(curl_easy_strerror(done));
  Answer answer;
  curl_easy_getinfo(handle.get(), CURLINFO_RESPONSE_CODE, &answer.status);
  answer.body = std::move(body.text);
  return answer;
}

Result<std::string> document(const std::string& url, const Limits& limits) {
  TRY(answer, ask({.url = url, .limits = limits}));
  if (answer.status != 200)
    return unavailable("the answer has status " + std::to_string(answer.status));
  return std::move(answer.body);
}

Asker::Asker(std::size_t threads) {
  for (std::size_t i = 0; i < threads; ++i) workers_.push_back(std::make_unique<Worker>());
}

Task<Result<Answer>> Asker::ask(Question question) {
  co_return co_await called_back<Result<Answer>>([&](auto done) {
    auto shared = std::make_shared<decltype(done)>(std::move(done));
    Worker& worker = *workers_[next_++ % workers_.size()];
    const bool taken =
        worker.add([&question, shared] { (*shared)(fetch::ask(question)); }, waiting_max);
    if (!taken) (*shared)(unavailable("too much is being asked"));
  });
}

}  // namespace parley::fetch
