#include "store/mongo/lease.h"

#include <unistd.h>

#include <array>
#include <fstream>
#include <optional>
#include <thread>
#include <utility>

#include "base/log.h"
#include "base/random.h"
#include "store/mongo/collections.h"

namespace parley::store::mongo {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds look_every{200};

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

// This boot of this machine, and the numbering of processes within it: where a process number means something.
std::string this_place() {
  std::array<char, 64> name{};
  const ssize_t size = ::readlink("/proc/self/ns/pid", name.data(), name.size());
  return first_line("/proc/sys/kernel/random/boot_id") + ' ' +
         std::string(name.data(), size < 0 ? 0U : static_cast<std::size_t>(size));
}

// When it was started, as the kernel counts: another process may have its number by now.
std::string start_of(std::int64_t pid) {
  const std::string stat = first_line("/proc/" + std::to_string(pid) + "/stat");
  std::size_t at = stat.rfind(')');
  constexpr int fields_between = 20;
  for (int i = 0; i < fields_between && at != std::string::npos; ++i) at = stat.find(' ', at + 1);
  return at == std::string::npos ? "" : stat.substr(at + 1, stat.find(' ', at + 1) - at - 1);
}

std::string host_name() {
  std::array<char, 256> name{};
  ::gethostname(name.data(), name.size() - 1);
  return name.data();
}

struct Holder {
  std::string owner, host, place, start;
  std::int64_t pid = 0, beat = 0;

  [[nodiscard]] bool surely_dead() const {
    return !place.empty() && place == this_place() && start_of(pid) != start;
  }
};

Doc lease_name() { return Doc().put("_id", "lease"); }

Result<std::optional<Holder>> holder(Connection& connection) {
  std::optional<Holder> found;
  TRY_DO(connection.each(store_collection, lease_name(), {}, [&](Fields doc) {
    Holder one;
    one.owner = doc.text("owner");
    one.host = doc.text("host");
    one.pid = doc.number("pid");
    one.place = doc.text("place");
    one.start = doc.text("start");
    one.beat = doc.number("beat");
    found = std::move(one);
  }));
  return found;
}

}  // namespace

// Nobody else has changed it since `from` was read, or it is not there: then it is ours.
Result<bool> Lease::try_to_take(Connection& connection, const Doc& from) {
  SystemRandom random;
  const std::string name = std::to_string(random.next());
  const Doc ours = Doc()
                       .put("owner", name)
                       .put("host", host_name())
                       .put("pid", ::getpid())
                       .put("place", this_place())
                       .put("start", start_of(::getpid()));
  const Instant begun = Clock::now();
  auto done = from.empty()
                  ? connection.insert(store_collection,
                                      Doc().put("_id", "lease").put("beat", 0).put("owner", ""),
                                      Safety::majority)
                  : connection.update(store_collection, from,
                                      Doc().put("$set", ours).put("$inc", Doc().put("beat", 1)),
                                      Safety::majority);
  if (!done && done.error().kind != Failure::Kind::taken)
    return fail(Code::unavailable, "MongoDB can't be reached: " + done.error().text);
  // What was only made is taken in the next round.
  if (!done || *done == 0 || from.empty()) return false;
  owner_ = name;
  trusted_until_ = begun + trusted_for;
  return true;
}

Result<void> Lease::take(Connection& connection) {
  std::optional<Holder> before;
  Instant still_since = Clock::now();
  bool told = false;
  for (;;) {
    auto found = holder(connection);
    if (!found) return fail(Code::unavailable, "MongoDB can't be reached");
    const auto& now = *found;
    if (!now) {
      TRY_DO(try_to_take(connection, {}));
      continue;
    }
    const bool same = before && before->owner == now->owner;
    if (same && before->beat != now->beat)
      return fail(Code::unavailable, "another process serves this database: " +
                                         std::to_string(now->pid) + " on " + now->host);
    if (!same) still_since = Clock::now();
    before = now;
    if (now->owner.empty() || now->surely_dead() || Clock::now() - still_since >= patience) {
      TRY(ours,
          try_to_take(connection, lease_name().put("owner", now->owner).put("beat", now->beat)));
      if (ours) return {};
      continue;
    }
    if (!std::exchange(told, true))
      log::info("waiting to see whether another process serves this database",
                {{"host", now->host}, {"pid", now->pid}, {"at_most_s", patience.count()}});
    std::this_thread::sleep_for(look_every);
  }
}

void Lease::beat(Connection& connection) {
  if (lost_) return;
  const Instant begun = Clock::now();
  auto beaten = connection.update(store_collection, lease_name().put("owner", owner_),
                                  Doc().put("$inc", Doc().put("beat", 1)), Safety::majority);
  if (!beaten) return;  // no news: it is trusted for a while
  if (*beaten == 1) {
    trusted_until_ = begun + trusted_for;
    return;
  }
  if (!lost_.exchange(true))
    log::error("another process has taken this database over; this one serves it no more");
}

Result<void> Lease::hold(Connection& connection) {
  if (!lost_ && Clock::now() < trusted_until_.load()) return {};
  beat(connection);
  if (lost_) return fail(Code::unavailable, "another process has taken this database over");
  if (Clock::now() < trusted_until_.load()) return {};
  return fail(unavailable("no beat in time", "holding the database"));
}

void Lease::release(Connection& connection) {
  if (owner_.empty() || lost_.exchange(true)) return;
  auto done = connection.update(store_collection, lease_name().put("owner", owner_),
                                Doc().put("$set", Doc().put("owner", "")), Safety::majority);
  if (!done) log::warn("store: the database was not handed back", {{"why", done.error().text}});
}

}  // namespace parley::store::mongo
