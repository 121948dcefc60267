// natslib: what all who speak to NATS have in common: addresses, and handles that free themselves.
//
// Knows:     the client library of NATS.
// Does not:  what is said.
// In:        an address as an operator writes it.   Out: the library's own things, owned.
// Lives on:  any thread.
// Failing:   an address that is none is refused as bad_request.
// Start at:  servers_in().
#pragma once

#include <nats/nats.h>

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"

namespace parley::natslib {

struct Close {
  void operator()(natsOptions* one) const { natsOptions_Destroy(one); }
  void operator()(natsConnection* one) const { natsConnection_Destroy(one); }
  void operator()(natsSubscription* one) const { natsSubscription_Destroy(one); }
  void operator()(jsCtx* one) const { jsCtx_Destroy(one); }
  void operator()(jsStreamInfo* one) const { jsStreamInfo_Destroy(one); }
  void operator()(natsMsg* one) const { natsMsg_Destroy(one); }
};
template <class T>
using Held = std::unique_ptr<T, Close>;

// nats://[user:password@]host:port, several with ; between them.
[[nodiscard]] Result<std::vector<std::string>> servers_in(const std::string& url);

// For the library; they live as long as the texts.
[[nodiscard]] std::vector<const char*> pointers(const std::vector<std::string>& texts);

}  // namespace parley::natslib
