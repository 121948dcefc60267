// Where whole files are kept. Each adapter is a room of its own below this one; all pass the suite in conformance/.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/time.h"

namespace parley::files {

// What is known of a file once all of it is here.
struct Whole {
  std::uint64_t bytes = 0;
  std::string sha256;   // 64 hex digits
  std::string sniffed;  // what its first bytes say it is: "image/png"
};

// A blob as it is read. On one thread at a time.
class Source {
 public:
  virtual ~Source() = default;
  // The next piece; an empty one after the last.
  [[nodiscard]] virtual Result<std::string> next() = 0;
};

// Blocking; from several threads. Keys are letters, digits and dashes.
class Blobs {
 public:
  // How whoever follows a link gets it.
  struct Link {
    std::string type, disposition;
    std::chrono::seconds lives{300};
  };

  virtual ~Blobs() = default;
  // Keeps the finished file at that path, and takes it away from there. It is durable when this comes back.
  [[nodiscard]] virtual Result<void> put(const std::string& key, const std::string& path,
                                         const Whole& whole) = 0;
  // So many bytes from there on, all of which the blob has. Nothing there: not_found.
  [[nodiscard]] virtual Result<std::unique_ptr<Source>> open(const std::string& key,
                                                             std::uint64_t from,
                                                             std::uint64_t bytes) = 0;
  // Nothing there: fine.
  [[nodiscard]] virtual Result<void> remove(const std::string& key) = 0;
  // Where anybody may get it for a while; nothing where there is no such place.
  [[nodiscard]] virtual std::optional<std::string> link(const std::string& /*key*/,
                                                        const Link& /*how*/, Time /*now*/) {
    return std::nullopt;
  }
  // Whether it can be used now.
  [[nodiscard]] virtual bool up() = 0;
};

}  // namespace parley::files
