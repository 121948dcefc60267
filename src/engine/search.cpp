// Looking for a text in what one may see: by reading it, newest first. Right at any size; quick while histories are short.
#include <algorithm>

#include "base/unicode.h"
#include "engine/engine.h"
#include "engine/place.h"
#include "engine/progress.h"
#include "store/extras.h"

namespace parley::engine {
namespace {

constexpr std::size_t page = 500;

bool fits(const Message& message, const FindText& query, const std::vector<std::string>& folded) {
  if (message.gone() || message.sealed || message.created_at < query.from ||
      message.created_at > query.to)
    return false;
  if (query.sender && message.sender != *query.sender) return false;
  if (query.type && message.type != *query.type) return false;
  if (query.before && std::pair(message.created_at, message.id) >= *query.before) return false;
  if (query.with_attachment && message.attachments.empty()) return false;
  if (query.words && !query.words->matches(message.text)) return false;
  const std::string text = fold_case(message.text);
  return std::ranges::all_of(
      folded, [&](const std::string& piece) { return text.find(piece) != std::string::npos; });
}

// The newest of one conversation, as many as could be on the page asked for.
Result<void> find_in(store::Reader& reader, const ConversationId& where, const FindText& query,
                     const std::vector<std::string>& folded, std::vector<Message>& found) {
  const std::size_t enough = found.size() + query.offset + query.limit;
  Seq before;
  for (;;) {
    TRY(messages, reader.messages(where, {store::MessageRange::Towards::older, before, page}));
    for (Message& message : messages) {
      before = message.seq;
      if (!fits(message, query, folded)) continue;
      found.push_back(std::move(message));
      if (found.size() >= enough) return {};
    }
    if (messages.size() < page || before.value <= 1) return {};
  }
}

Result<std::vector<Message>> find(store::Reader& reader, const UserId& user,
                                  const FindText& query) {
  std::vector<std::string> folded{fold_case(query.text)};
  for (const std::string& piece : query.pieces) folded.push_back(fold_case(piece));
  std::vector<Message> found;
  if (query.where) {
    TRY_DO(seen_by(reader, user, *query.where));
    TRY_DO(find_in(reader, *query.where, query, folded, found));
  } else {
    TRY(memberships, reader.memberships(user));
    for (const store::Membership& one : memberships)
      if (one.member.present() && one.conversation.deleted_seq.value == 0)
        TRY_DO(find_in(reader, one.conversation.id, query, folded, found));
  }
  std::ranges::sort(found, std::greater{}, [](const Message& message) {
    return std::tuple(message.created_at, message.id);
  });
  found.erase(found.begin(),
              found.begin() + static_cast<std::ptrdiff_t>(std::min(query.offset, found.size())));
  if (found.size() > query.limit) found.resize(query.limit);
  TRY_DO(store::add_extras(reader, found));
  if (query.with_progress) TRY_DO(add_progress(reader, found));
  return found;
}

}  // namespace

std::vector<std::string> pieces_of(std::string_view query) {
  std::vector<std::string> pieces;
  std::string piece;
  bool quoted = false;
  auto end = [&] {
    if (!piece.empty()) pieces.push_back(std::exchange(piece, {}));
  };
  for (const char c : query) {
    if (c == '"') {
      end();
      quoted = !quoted;
    } else if (c == ' ' && !quoted) {
      end();
    } else {
      piece += c;
    }
  }
  end();
  return pieces;
}

Task<Result<std::vector<Message>>> Engine::find_text(Caller caller, FindText query) {
  auto ask = [user = caller.user, query = std::move(query)](store::Reader& reader) {
    return find(reader, user, query);
  };
  co_return co_await store_.read(std::move(ask));
}

}  // namespace parley::engine
