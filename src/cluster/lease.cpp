#include "cluster/lease.h"

#include "base/json.h"
#include "base/json_writer.h"
#include "base/log.h"

namespace parley::cluster {
namespace {

constexpr std::string_view space = "leases";

std::int64_t count(Instant at) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(at.time_since_epoch()).count();
}

std::string holder_in(const store::Record& record) {
  auto body = parse_json_object(record.body);
  if (!body) return {};
  auto holder = body->text("holder");
  return holder && *holder ? std::string(**holder) : std::string();
}

}  // namespace

Lease::Lease(std::string name, std::string holder, engine::Engine& engine)
    : name_(std::move(name)), holder_(std::move(holder)), engine_(engine) {}

bool Lease::held() const { return count(engine_.clock().instant()) < held_until_; }

Task<void> Lease::renew() {
  const Instant now = engine_.clock().instant();
  auto kept = co_await engine_.record(std::string(space), {}, name_);
  if (!kept) co_return;
  const std::uint64_t version = *kept ? (*kept)->version : 0;
  const std::string holder = *kept ? holder_in(**kept) : std::string();
  if (!seen_ || version != seen_version_) {
    seen_ = true;
    seen_version_ = version;
    seen_at_ = now;
  }
  const bool is_free = holder.empty() || now - seen_at_ >= free_after;
  if (holder != holder_ && !is_free) co_return;
  const bool had_it = held();
  auto written = co_await write(version, holder_);
  if (!written) co_return;  // somebody else was first, or the store is away
  held_until_ = count(now + holds_for);
  if (!had_it) log::info("this node does the work of the cluster", {{"lease", name_}});
}

Task<void> Lease::let_go() {
  if (!held()) co_return;
  held_until_ = 0;
  auto kept = co_await engine_.record(std::string(space), {}, name_);
  if (!kept || !*kept || holder_in(**kept) != holder_) co_return;
  [[maybe_unused]] auto written = co_await write((*kept)->version, {});  // else it runs out
}

Task<Result<void>> Lease::write(std::uint64_t expects, std::string holder) {
  std::string body;
  JsonWriter json(body);
  json.open();
  json.field("holder", holder);
  json.close();
  std::vector<store::RecordSet> sets{{std::string(space), {}, name_, std::move(body), expects}};
  co_return co_await engine_.put_records(engine::Caller{}, std::move(sets));
}

}  // namespace parley::cluster
