#include "net/served.h"

namespace parley::net {

ServerShared::ServerShared(Loop& on, Reactor& its_reactor, Handler& what, Limits limits_given,
                           std::shared_ptr<TlsContext> tls_given)
    : loop(on),
      reactor(its_reactor),
      handler(what),
      limits(limits_given),
      tls(std::move(tls_given)) {}

void ServerShared::when_empty(Work work) {
  if (present_ == 0)
    loop.post(std::move(work));
  else
    when_empty_ = std::move(work);
}

void ServerShared::left() {
  if (--present_ == 0 && when_empty_) loop.post(std::exchange(when_empty_, nullptr));
}

}  // namespace parley::net
