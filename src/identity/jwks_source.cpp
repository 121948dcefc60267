#include "identity/jwks_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/log.h"
#include "fetch/fetch.h"

namespace parley::identity {
namespace {

struct Descriptor {
  explicit Descriptor(const std::string& path)
      // Not blocking: to open a named pipe would else wait for whoever writes to it.
      : number(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
  ~Descriptor() {
    if (number >= 0) ::close(number);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number;
};

std::unexpected<Error> unreadable(const std::string& path, int error) {
  return fail(Code::unavailable, path + ": " + std::strerror(error));
}

bool has_url_scheme(std::string_view text) {
  return text.starts_with("http://") || text.starts_with("https://");
}

// A URL may carry a password or a key in its query.
std::string without_secrets(const std::string& url) {
  std::size_t host = url.find("://") + 3;
  std::size_t path = std::min(url.find_first_of("/?#", host), url.size());
  std::size_t user_end = url.rfind('@', path);
  if (user_end != std::string::npos && user_end >= host) host = user_end + 1;
  std::size_t end = std::min(url.find_first_of("?#", path), url.size());
  return url.substr(0, url.find("://") + 3) + url.substr(host, end - host);
}

Result<std::string> read_whole(int file, std::size_t bytes_max, const std::string& path) {
  std::string text;
  char part[16 * 1024];
  while (true) {
    ssize_t size = ::read(file, part, sizeof part);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return unreadable(path, errno);
    if (size == 0) return text;
    text.append(part, static_cast<std::size_t>(size));
    if (text.size() > bytes_max)
      return fail(Code::unprocessable,
                  path + " is longer than " + std::to_string(bytes_max) + " bytes");
  }
}

template <class Mark>
Mark mark_of(const struct stat& facts) {
  return {facts.st_dev, facts.st_ino, facts.st_size,
          facts.st_mtim.tv_sec * 1'000'000'000 + facts.st_mtim.tv_nsec};
}

}  // namespace

Result<std::unique_ptr<JwksSource>> JwksSource::at(std::string where,
                                                   std::shared_ptr<Verifier> verifier,
                                                   Others others) {
  if (where.empty()) return fail(Code::bad_request, "a JWK set needs a file or a URL");
  if (where.contains("://") && !has_url_scheme(where))
    return fail(Code::bad_request, "a JWK set is read from a file, http:// or https://");
  return std::unique_ptr<JwksSource>(
      new JwksSource(std::move(where), std::move(verifier), std::move(others)));
}

JwksSource::JwksSource(std::string where, std::shared_ptr<Verifier> verifier, Others others)
    : where_(std::move(where)),
      shown_(has_url_scheme(where_) ? without_secrets(where_) : where_),
      verifier_(std::move(verifier)),
      others_(std::move(others)) {}

bool JwksSource::is_url() const { return has_url_scheme(where_); }

Result<void> JwksSource::load(Instant now) {
  auto done = replace_keys(now);
  if (done) {
    last_failure_.clear();
  } else if (done.error().detail != last_failure_) {
    last_failure_ = done.error().detail;
    log::warn("the JWK set can't be read, the keys stay as they were",
              {{"from", shown_}, {"reason", last_failure_}});
  }
  return done;
}

void JwksSource::refresh(Instant now) {
  // What failed is tried again: a file may have been read half-written.
  bool due = is_url() ? wants_refresh(now) : file_changed() || !last_failure_.empty();
  // load() has said it in the log.
  if (due) static_cast<void>(load(now));
}

bool JwksSource::wants_refresh(Instant now) const {
  if (!is_url()) return false;
  auto waited = now - tried_.load();
  bool eager = !loaded_ || verifier_->met_unknown_key();
  return waited >= (eager ? url_pause : url_interval);
}

Result<void> JwksSource::replace_keys(Instant now) {
  tried_ = now;
  verifier_->forget_unknown_key();
  loaded_ = false;
  TRY(document, read());
  TRY(keys, others_());
  if (auto added = keys.add_jwks(document); !added)
    return fail(added.error().code, shown_ + ": " + added.error().detail);
  for (const std::string& reason : keys.skipped())
    log::info("a key of the JWK set is not used", {{"from", shown_}, {"reason", reason}});
  log::info("the JWK set was read", {{"from", shown_}, {"keys", keys.size()}});
  verifier_->replace(std::move(keys));
  loaded_ = true;
  return {};
}

Result<std::string> JwksSource::read() {
  if (!is_url()) return read_file();
  auto text = fetch::document(where_, {.bytes = document_bytes_max});
  if (!text) return fail(text.error().code, shown_ + ": " + text.error().detail);
  return text;
}

Result<std::string> JwksSource::read_file() {
  Descriptor file(where_);
  struct stat facts{};
  if (file.number < 0 || ::fstat(file.number, &facts) != 0) return unreadable(where_, errno);
  if (!S_ISREG(facts.st_mode)) return fail(Code::unprocessable, where_ + " is not a file");
  TRY(text, read_whole(file.number, document_bytes_max, where_));
  mark_ = mark_of<Mark>(facts);
  return text;
}

bool JwksSource::file_changed() const {
  struct stat facts{};
  // One that is gone has changed: reading it says so in the log.
  if (::stat(where_.c_str(), &facts) != 0) return true;
  return mark_ != mark_of<Mark>(facts);
}

}  // namespace parley::identity
