// Keeps a verifier's keys like a JWK set that lives in a file or behind a URL.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/time.h"
#include "identity/verifier.h"

namespace parley::identity {

// Lives on: one thread at a time, one that may block (a URL is fetched in at most 10 s); only
// wants_refresh() is for any thread.
// Failing: the old keys stay, and the log is warned once for each new reason.
class JwksSource {
 public:
  // Keys besides those of the set, a shared secret say; asked at each load.
  using Others = std::function<Result<Keyring>()>;

  static constexpr std::size_t document_bytes_max = 1UL << 20;
  static constexpr std::chrono::seconds url_interval{300};
  // An unknown key makes us look at once, but a flood of made-up ones no oftener than this.
  static constexpr std::chrono::seconds url_pause{30};

  // A path, http://… or https://…; reads nothing yet.
  [[nodiscard]] static Result<std::unique_ptr<JwksSource>> at(
      std::string where, std::shared_ptr<Verifier> verifier,
      Others others = [] { return Keyring{}; });

  // Reads the set now, whatever it was before: at the start, and on SIGHUP.
  [[nodiscard]] Result<void> load(Instant now);
  // To be called every few seconds. A file is read again if it has changed; a URL if its time has
  // come or a token named a key that we don't have.
  void refresh(Instant now);
  // Whether refresh() would do more than look at a file's date.
  [[nodiscard]] bool wants_refresh(Instant now) const;
  // For logs: a URL without its user and query.
  [[nodiscard]] const std::string& shown() const { return shown_; }

 private:
  // What tells a file from its successor; a symbolic link is followed, so a swapped one counts.
  struct Mark {
    dev_t device = 0;
    ino_t inode = 0;
    off_t size = 0;
    std::int64_t changed_ns = 0;
    friend bool operator==(const Mark&, const Mark&) = default;
  };

  JwksSource(std::string where, std::shared_ptr<Verifier> verifier, Others others);
  [[nodiscard]] bool is_url() const;
  [[nodiscard]] Result<std::string> read();
  [[nodiscard]] Result<std::string> read_file();
  [[nodiscard]] Result<void> replace_keys(Instant now);
  [[nodiscard]] bool file_changed() const;

  std::string where_;
  std::string shown_;
  std::shared_ptr<Verifier> verifier_;
  Others others_;
  std::optional<Mark> mark_;  // of the file as it was read last
  std::string last_failure_;
  std::atomic<Instant> tried_{Instant{}};
  std::atomic<bool> loaded_ = false;
};

}  // namespace parley::identity
