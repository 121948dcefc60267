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

Result<void> open_transport(const config::Settings& settings,
                            std::unique_ptr<cluster::Transport>& transport) {
  if (settings.bus == "local") return {};
  if (settings.store.kind != config::StoreKind::postgres)
    return fail(Code::bad_request,
                "--bus: several nodes need a store that they can share: --store postgres://…");
  auto made = make(settings.bus);
  if (!made) return fail(Code::bad_request, "--bus: the address " + made.error().detail);
  transport = std::move(*made);
  return {};
}

}  // namespace parley::app
