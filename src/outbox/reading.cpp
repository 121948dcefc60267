#include "outbox/outbox.h"

namespace parley::outbox {

Result<std::optional<Message>> newest_read(store::Reader& reader, const store::TrailStep& step) {
  constexpr std::size_t looked_back = 200;
  const Reading& reading = step.reading;
  TRY(messages,
      reader.messages(step.conversation, {store::MessageRange::Towards::older,
                                          Seq{reading.span.upto.value + 1}, looked_back}));
  for (Message& one : messages) {
    if (one.seq < reading.span.from) break;
    if (one.sender != reading.user && !one.gone()) return std::move(one);
  }
  return std::nullopt;
}

}  // namespace parley::outbox
