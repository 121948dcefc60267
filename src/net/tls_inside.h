// The certificate in use. Lives on: any thread.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "base/result.h"
#include "net/tls.h"

struct ssl_st;

namespace parley::net {

class TlsContext::Inside {
 public:
  Inside(std::string certificate_file, std::string key_file)
      : certificate_file_(std::move(certificate_file)), key_file_(std::move(key_file)) {}

  [[nodiscard]] Result<void> load();
  // A server's side on that descriptor; null when there is no memory for it.
  [[nodiscard]] ssl_st* accept_on(int descriptor);

 private:
  using Context = std::shared_ptr<ssl_ctx_st>;
  [[nodiscard]] Result<Context> read_files() const;

  std::string certificate_file_, key_file_;
  std::mutex mutex_;  // held to copy a pointer: once a connection, and on reload
  Context current_;
};

}  // namespace parley::net
