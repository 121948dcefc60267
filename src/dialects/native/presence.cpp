#include "dialects/native/presence.h"

#include <algorithm>

namespace parley::native {

Task<Result<std::vector<Presence>>> presence_of(Door& door, engine::Caller caller,
                                                std::vector<UserId> users) {
  CO_TRY(open, co_await door.engine.not_blocking(caller, users));
  std::vector<Presence> all;
  for (const UserId& user : users) {
    Presence one;
    one.user = user;
    if (std::ranges::find(open, user) != open.end()) {
      one.status = door.shared.presence->status(user);
      const bool hides = one.status == "offline";
      one.devices = hides ? 0 : door.shared.presence->connections(user);
      one.last_seen = door.engine.clock().now();
      if (hides) {
        CO_TRY(seen, co_await door.engine.record(std::string(seen_space), user.text, "seen"));
        one.last_seen = seen ? seen->at : Time{};
      }
    }
    all.push_back(std::move(one));
  }
  co_return all;
}

void tell_presence(Door& door, const UserId& user, std::string_view status) {
  auto tell = [&door, user, status = std::string(status),
               pass = door.commands.enter()](Result<std::vector<UserId>> partners) {
    tell_presence_to(door, user, status, partners ? std::move(*partners) : std::vector<UserId>{});
  };
  spawn(door.engine.partners(user), std::move(tell));
}

void tell_presence_to(Door& door, const UserId& user, std::string_view status,
                      std::vector<UserId> partners) {
  Signal signal;
  signal.kind = Signal::Kind::presence;
  signal.user = user;
  signal.on = status != "offline";
  signal.details = status;
  signal.to = std::move(partners);
  door.engine.tell(signal);
}

void tell_departure(Door& door, const UserId& user) {
  std::vector<store::RecordSet> sets{{std::string(seen_space), user.text, "seen", "{}", {}}};
  // Whoever hears that they are gone can ask since when.
  auto kept = [&door, user, pass = door.commands.enter()](const auto& /*done*/) {
    if (!door.shared.presence->online(user)) tell_presence(door, user, "offline");
  };
  spawn(door.engine.put_records({user, engine::Rank::user, {}, &door.policy}, std::move(sets)),
        std::move(kept));
}

}  // namespace parley::native
