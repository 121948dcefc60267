#include "app/open_transport.h"

#include "cluster/nats/nats.h"
#include "cluster/redis/redis.h"

namespace parley::app {
namespace {

Result<std::unique_ptr<cluster::Transport>> make(const std::string& url) {
  if (url.starts_with("nats://")) return cluster::make_nats(url);
  if (url.starts_with("redis://")) return cluster::make_redis(url);
  return fail(Code::bad_request, "begins with neither redis:// nor nats://");
}

}  // namespace

Result<std::unique_ptr<cluster::Transport>> open_transport(const config::Settings& settings) {
  if (settings.bus == "local") return nullptr;
  if (settings.store.kind != config::StoreKind::postgres)
    return fail(Code::bad_request,
                "--bus: several nodes need a store that they can share: --store postgres://…");
  auto transport = make(settings.bus);
  if (!transport) return fail(Code::bad_request, "--bus: the address " + transport.error().detail);
  return transport;
}

}  // namespace parley::app
