// Somebody's history as one file. It is made while it is handed out, of what is there then and as they may see it then: so
// nothing that has gone meanwhile is in it, and nothing of it is kept.
#pragma once

#include "dialects/native/door.h"

namespace parley::native {

struct Export {
  std::optional<ConversationId> where;  // none: all that the caller is in
  enum class Form : std::uint8_t { jsonl, html } form = Form::jsonl;
};

// A ZIP: the messages, oldest first, and the files that they show.
[[nodiscard]] Task<void> write_export(Door& door, engine::Caller caller, Export what,
                                      net::ResponseStream& out);

}  // namespace parley::native
