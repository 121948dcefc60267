// Looking for a text in what one may see. The store says where it may be (store/tokens.h); what the messages say now
// decides. Newest first, and no more is read than the page asked for needs.
#include <algorithm>
#include <queue>
#include <ranges>

#include "base/unicode.h"
#include "engine/engine.h"
#include "engine/place.h"
#include "engine/progress.h"
#include "store/extras.h"

namespace parley::engine {
namespace {

constexpr std::size_t first_page = 50;
constexpr std::size_t first_page_of_many = 2;  // of each, where many conversations are looked into
constexpr std::size_t largest_page = 500;

// Times grow with seq within a conversation; of the same time, ids decide.
std::pair<Time, MessageId> age_of(const Message& message) {
  return {message.created_at, message.id};
}

class Search {
 public:
  explicit Search(const FindText& query) : query_(query), enough_(query.offset + query.limit) {
    store::SoughtTokens sought;
    if (!query.text.empty()) folded_.push_back(fold_case(query.text));
    for (const std::string& piece : query.pieces) folded_.push_back(fold_case(piece));
    for (const std::string& piece : folded_) sought.add_piece(piece);
    if (query.words) query.words->add_tokens(sought);
    sought_ = sought.take();
  }
  [[nodiscard]] const store::Tokens& sought() const { return sought_; }

  // `pages` gives what may be found in a conversation, page by page. The one that may have the newest of what is still to
  // be found is always the next to be asked, and for little: most of many conversations have nothing for this page.
  template <class Pages>
  [[nodiscard]] Result<void> look_in(store::Reader& reader,
                                     const std::vector<Conversation>& conversations, Pages pages) {
    const std::size_t size =
        std::clamp(2 * enough_ / std::max<std::size_t>(conversations.size(), 1), first_page_of_many,
                   first_page);
    std::priority_queue<Look, std::vector<Look>, NewestOnTop> looks;
    for (const Conversation& one : conversations) looks.push({&one, one.updated_at, size});
    while (!looks.empty() && wants(looks.top().newest)) {
      Look look = looks.top();
      looks.pop();
      if (!look.below) {
        TRY(below, beginning(reader, *look.where));
        look.below = below;
      }
      TRY(some, pages(look.where->id, *look.below, look.size));
      if (!some.messages.empty()) look.newest = some.messages.back().created_at;
      take(std::move(some.messages));
      if (some.below.value == 0) continue;
      look.below = some.below;
      look.size = std::min(look.size * 2, largest_page);
      looks.push(look);
    }
    return {};
  }

  [[nodiscard]] std::vector<Message> page() {
    const auto passed_over = static_cast<std::ptrdiff_t>(std::min(query_.offset, found_.size()));
    found_.erase(found_.begin(), found_.begin() + passed_over);
    return std::move(found_);
  }

 private:
  // How far a conversation has been looked through: what is left of it is not newer than this.
  struct Look {
    const Conversation* where;
    Time newest;
    std::size_t size;
    std::optional<Seq> below{};  // nothing: not begun
  };
  struct NewestOnTop {
    bool operator()(const Look& one, const Look& other) const { return one.newest < other.newest; }
  };

  // Whether what is older than this, or as old, may still be on the page.
  [[nodiscard]] bool wants(Time at) const {
    return at >= query_.from && (found_.size() < enough_ || at >= found_.back().created_at);
  }

  [[nodiscard]] bool fits(const Message& message) const {
    if (message.gone() || message.sealed || message.created_at < query_.from ||
        message.created_at > query_.to)
      return false;
    if (query_.sender && message.sender != *query_.sender) return false;
    if (query_.type && message.type != *query_.type) return false;
    if (query_.before && age_of(message) >= *query_.before) return false;
    if (query_.with_attachment && message.attachments.empty()) return false;
    if (query_.words && !query_.words->matches(message.text)) return false;
    if (folded_.empty()) return true;
    const std::string text = fold_case(message.text);
    return std::ranges::all_of(
        folded_, [&](const std::string& piece) { return text.find(piece) != std::string::npos; });
  }

  void take(std::vector<Message> messages) {
    for (Message& message : messages) {
      const auto age = age_of(message);
      if (found_.size() == enough_ && age < age_of(found_.back())) continue;
      if (!fits(message)) continue;
      found_.insert(std::ranges::upper_bound(found_, age, std::greater{}, age_of),
                    std::move(message));
      if (found_.size() > enough_) found_.pop_back();
    }
  }

  // Where to begin, for who asks for what is older than some time: below it is all that may be on the page. 0: at the newest.
  [[nodiscard]] Result<Seq> beginning(store::Reader& reader,
                                      const Conversation& conversation) const {
    const Time latest = query_.before ? std::min(query_.before->first, query_.to) : query_.to;
    if (conversation.updated_at <= latest || conversation.last_seq.value < largest_page)
      return Seq{};
    std::uint64_t older = 0, newer = conversation.last_seq.value;  // than `latest`
    while (newer - older > first_page) {
      const std::uint64_t middle = older + (newer - older) / 2;
      TRY(there, reader.messages(conversation.id,
                                 {store::MessageRange::Towards::older, Seq{middle + 1}, 1}));
      const bool is_newer = !there.empty() && there.front().created_at > latest;
      (is_newer ? newer : older) = middle;
    }
    return Seq{newer + 1};
  }

  const FindText& query_;
  std::size_t enough_;
  std::vector<std::string> folded_;
  store::Tokens sought_;
  std::vector<Message> found_;  // newest first
};

bool lives(const Conversation& one) { return one.deleted_seq.value == 0; }

Result<std::vector<Conversation>> all_of(store::Reader& reader, const UserId& user) {
  std::vector<Conversation> all;
  TRY(memberships, reader.memberships(user));
  for (store::Membership& one : memberships)
    if (one.member.present() && lives(one.conversation)) all.push_back(std::move(one.conversation));
  return all;
}

// Those that the places are in.
Result<std::vector<Conversation>> conversations_at(store::Reader& reader,
                                                   const std::vector<store::Place>& places) {
  std::vector<Conversation> all;
  for (auto at = places.begin(); at != places.end();
       at = std::ranges::upper_bound(at, places.end(), store::Place{at->first, Seq{UINT64_MAX}})) {
    TRY(conversation, reader.conversation(at->first));
    if (conversation && lives(*conversation)) all.push_back(std::move(*conversation));
  }
  return all;
}

auto asked_one_by_one(const Search& search, store::Reader& reader) {
  return [&](const ConversationId& where, Seq below, std::size_t limit) {
    return reader.maybe_hits(where, search.sought(), below, limit);
  };
}

// Places are in order, so those of one conversation stand together.
Result<store::MaybeHits> page_of(store::Reader& reader, const std::vector<store::Place>& places,
                                 const ConversationId& where, Seq below, std::size_t limit) {
  const auto first = std::ranges::lower_bound(places, store::Place{where, Seq{}});
  const auto end = std::ranges::lower_bound(
      places, store::Place{where, below.value == 0 ? Seq{UINT64_MAX} : below});
  const auto taken = std::min(limit, static_cast<std::size_t>(end - first));
  const std::vector<store::Place> newest(
      std::reverse_iterator(end), std::reverse_iterator(end - static_cast<std::ptrdiff_t>(taken)));
  store::MaybeHits hits;
  if (taken == limit) hits.below = newest.back().second;
  TRY(messages, reader.messages_at(newest));
  hits.messages = std::move(messages);
  return hits;
}

Result<void> look_in_one(Search& search, store::Reader& reader, const UserId& user,
                         const ConversationId& where) {
  TRY(place, seen_by(reader, user, where));
  return search.look_in(reader, {std::move(place.conversation)}, asked_one_by_one(search, reader));
}

// What is rare is named at once, and only the conversations that have it are looked at; somebody may be in thousands.
Result<void> look_everywhere(Search& search, store::Reader& reader, const UserId& user) {
  TRY(among, reader.conversations_of(user));
  std::ranges::sort(among);
  TRY(few, reader.few_places(among, search.sought()));
  if (!few) {
    TRY(conversations, all_of(reader, user));
    return search.look_in(reader, conversations, asked_one_by_one(search, reader));
  }
  TRY(conversations, conversations_at(reader, *few));
  return search.look_in(reader, conversations,
                        [&](const ConversationId& where, Seq below, std::size_t limit) {
                          return page_of(reader, *few, where, below, limit);
                        });
}

Result<std::vector<Message>> find(store::Reader& reader, const UserId& user,
                                  const FindText& query) {
  Search search(query);
  if (query.limit == 0) {
    if (query.where) TRY_DO(seen_by(reader, user, *query.where));
    return std::vector<Message>{};
  }
  TRY_DO(query.where ? look_in_one(search, reader, user, *query.where)
                     : look_everywhere(search, reader, user));
  std::vector<Message> found = search.page();
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
  co_return co_await store_.browse(std::move(ask));
}

}  // namespace parley::engine
