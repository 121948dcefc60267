// Certificates for listeners; read again on demand without dropping a connection.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"

struct ssl_ctx_st;

namespace parley::net {

class TlsContext {
 public:
  [[nodiscard]] static Result<std::shared_ptr<TlsContext>> load(std::string certificate_file,
                                                                std::string key_file);
  ~TlsContext();
  // New connections use the new certificate; when it can't be read, the old one stays and the error says why.
  // From any thread.
  [[nodiscard]] Result<void> reload();

  class Inside;  // for the files of this room
  [[nodiscard]] Inside& inside() { return *inside_; }

 private:
  TlsContext();
  std::unique_ptr<Inside> inside_;
};

}  // namespace parley::net
