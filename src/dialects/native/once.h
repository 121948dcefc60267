// Writes that happen once: the first answer is kept for a day under the caller's key, and given again.
//
// Who comes first claims the key; who comes meanwhile waits for the answer. A claim whose server has gone is taken over
// after a while. Messages and new conversations have their keys in the commit itself (store/change.h: OnceKey).
#pragma once

#include "dialects/native/call.h"

namespace parley::native {

// Of the header, or the client_id of a JSON body; empty: none.
[[nodiscard]] Result<std::string> once_key(const Call& call);

// `write` is done unless it was before, with this key and this fingerprint. Not itself a coroutine: it gives one.
using Write = std::function<Task<Answer>()>;
[[nodiscard]] Task<Answer> once(Call& call, std::string key, std::uint64_t fingerprint,
                                Write write);
// The route, once where the request has a key.
[[nodiscard]] Task<Answer> run(Call& call, const Route& route);

}  // namespace parley::native
