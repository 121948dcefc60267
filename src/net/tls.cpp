#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509err.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <string_view>

#include "net/tls_inside.h"

namespace parley::net {
namespace {

constexpr unsigned char http_1_1[] = "\x08http/1.1";

int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_bytes,
                    const unsigned char* offered, unsigned offered_bytes, void*) {
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_bytes, http_1_1, sizeof http_1_1 - 1, offered,
                            offered_bytes) != OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_ALERT_FATAL;  // a client of another protocol could not be understood
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

// The first reason OpenSSL gives, which is the nearest to the cause, e.g. "no start line".
std::string openssl_reason() {
  const unsigned long error = ERR_peek_error();
  ERR_clear_error();
  const char* text = ERR_reason_error_string(error);
  return text != nullptr ? text : "unknown reason";
}

Result<void> readable(std::string_view role, const std::string& file) {
  errno = 0;
  if (std::ifstream(file).good()) return {};
  return fail(Code::bad_request, "the " + std::string(role) + " file \"" + file +
                                     "\" can't be read: " + std::strerror(errno));
}

void set_rules(SSL_CTX* context) {
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                   SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_IGNORE_UNEXPECTED_EOF);
  // The pending bytes are gathered anew for a retry, so they move; and a record's worth may be taken in part. Buffers of
  // an idle connection are given back: 14 KiB a connection stay of 50.
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                SSL_MODE_RELEASE_BUFFERS);
  // Tickets resume sessions without memory on our side.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
}

}  // namespace

Result<TlsContext::Inside::Context> TlsContext::Inside::read_files() const {
  TRY_DO(readable("certificate", certificate_file_));
  TRY_DO(readable("key", key_file_));
  ERR_clear_error();
  Context context(SSL_CTX_new(TLS_server_method()), [](SSL_CTX* old) { SSL_CTX_free(old); });
  if (context == nullptr) return fail(Code::internal, "TLS can't be set up: " + openssl_reason());
  set_rules(context.get());
  if (SSL_CTX_use_certificate_chain_file(context.get(), certificate_file_.c_str()) != 1)
    return fail(Code::bad_request, "the certificate file \"" + certificate_file_ +
                                       "\" holds no PEM certificate chain: " + openssl_reason());
  if (SSL_CTX_use_PrivateKey_file(context.get(), key_file_.c_str(), SSL_FILETYPE_PEM) != 1) {
    const bool mismatch = ERR_GET_REASON(ERR_peek_last_error()) == X509_R_KEY_VALUES_MISMATCH;
    if (mismatch)
      return fail(Code::bad_request, "the key in \"" + key_file_ +
                                         "\" is not that of the certificate in \"" +
                                         certificate_file_ + "\"");
    return fail(Code::bad_request,
                "the key file \"" + key_file_ + "\" holds no PEM key: " + openssl_reason());
  }
  if (SSL_CTX_check_private_key(context.get()) != 1)
    return fail(Code::bad_request, "the key in \"" + key_file_ +
                                       "\" is not that of the certificate in \"" +
                                       certificate_file_ + "\": " + openssl_reason());
  return context;
}

Result<void> TlsContext::Inside::load() {
  TRY(fresh, read_files());
  std::scoped_lock lock(mutex_);
  current_ = std::move(fresh);
  return {};
}

ssl_st* TlsContext::Inside::accept_on(int descriptor) {
  Context context;
  {
    std::scoped_lock lock(mutex_);
    context = current_;
  }
  SSL* ssl = SSL_new(context.get());
  if (ssl == nullptr) return nullptr;
  if (SSL_set_fd(ssl, descriptor) != 1) {
    SSL_free(ssl);
    return nullptr;
  }
  SSL_set_accept_state(ssl);
  return ssl;
}

TlsContext::TlsContext() = default;
TlsContext::~TlsContext() = default;

Result<std::shared_ptr<TlsContext>> TlsContext::load(std::string certificate_file,
                                                     std::string key_file) {
  std::shared_ptr<TlsContext> made(new TlsContext);
  made->inside_ = std::make_unique<Inside>(std::move(certificate_file), std::move(key_file));
  TRY_DO(made->inside_->load());
  return made;
}

Result<void> TlsContext::reload() { return inside_->load(); }

}  // namespace parley::net
