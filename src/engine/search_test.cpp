// An index must not be noticed: what is found over a store that has one is what is found by reading everything.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <random>
#include <set>

#include "engine/text_query.h"
#include "engine/world.h"
#include "store/sqlite/sqlite.h"

namespace parley::engine {
namespace {

// An engine over SQLite, asked one thing after the other.
class OnDisk final : public store::Listener {
 public:
  OnDisk() {
    std::string name = (std::filesystem::temp_directory_path() / "parley-search-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    auto opened = store::open_sqlite({folder_ + "/parley.db", {}});
    PARLEY_ASSERT(opened.has_value());
    store_ = std::move(*opened);
    hub_ = std::make_unique<hub::Hub>(store_->beginning());
    engine_ = std::make_unique<Engine>(*store_, *hub_, bus_, clock_, random_, Limits{});
    store_->listen(*this);
  }
  ~OnDisk() {
    store_->stop();
    std::filesystem::remove_all(folder_);
  }
  OnDisk(const OnDisk&) = delete;
  OnDisk& operator=(const OnDisk&) = delete;

  template <class T>
  T run(Task<T> task) {
    std::optional<T> value;
    loop_.run(
        [&] { spawn(std::move(task), [&value](T result) { value.emplace(std::move(result)); }); });
    while (!value) loop_.run_ready();
    return std::move(*value);
  }
  void let_the_index_catch_up() {
    auto behind = [](store::Reader& reader) { return reader.not_indexed(); };
    while (*run(store_->read(behind)) != 0) {
    }
  }
  Engine& engine() { return *engine_; }

 private:
  // On a thread of the store's; the engine lives on the test's.
  void settled(store::SettledBatch batch) override {
    loop_.post([this, batch = std::move(batch)] {
      for (store::Settled& one : *batch) {
        if (one.result)
          for (const EventRef& event : one.result->events) engine_->notice(*event);
        if (one.reply) one.reply(one.result);
      }
    });
  }

  std::string folder_;
  VirtualTime loop_;
  SystemClock clock_;
  SeededRandom random_{7};
  hub::LocalBus bus_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<hub::Hub> hub_;
  std::unique_ptr<Engine> engine_;
};

// The same is said and asked in both.
class Twice {
 public:
  explicit Twice(unsigned seed) : random_(seed) {
    for (int i = 0; i < 4; ++i) {
      CreateConversation command;
      command.members = {{"ben"}};
      if (i == 3) command.members.clear();  // where ben is not
      read_.push_back(
          read_one_.run(read_one_.engine.create(caller(), command))->view.conversation.id);
      indexed_.push_back(
          on_disk_.run(on_disk_.engine().create(caller(), command))->view.conversation.id);
    }
  }

  void step() {
    const unsigned what = pick(10);
    if (what < 7 || said_.empty()) {
      const std::size_t where = pick(read_.size());
      const std::string text = new_text();
      Turn turn, other_turn;
      auto one =
          read_one_.run(read_one_.engine.send(caller(), World::text(read_[where], text), turn));
      auto other = on_disk_.run(
          on_disk_.engine().send(caller(), World::text(indexed_[where], text), other_turn));
      said_.push_back({one->message->id, other->message->id});
      return;
    }
    const auto& [one, other] = said_[pick(said_.size())];
    Turn turn, other_turn;
    if (what == 9) {
      (void)read_one_.run(read_one_.engine.remove_message(caller(), one, turn));
      (void)on_disk_.run(on_disk_.engine().remove_message(caller(), other, other_turn));
      return;
    }
    const std::string text = new_text();
    (void)read_one_.run(read_one_.engine.edit(caller(), {one, text, {}}, turn));
    (void)on_disk_.run(on_disk_.engine().edit(caller(), {other, text, {}}, other_turn));
  }

  void check() {
    const auto [query, where] = new_query();
    FindText one = query, other = query;
    if (where < read_.size()) {
      one.where = read_[where];
      other.where = indexed_[where];
    }
    const Caller reader = pick(2) == 0 ? caller("anna") : caller("ben");
    const auto expected = texts(read_one_.run(read_one_.engine.find_text(reader, one)));
    EXPECT_EQ(texts(on_disk_.run(on_disk_.engine().find_text(reader, other))), expected)
        << last_query_;
    hits_ += expected.size();
  }
  void let_the_index_catch_up() { on_disk_.let_the_index_catch_up(); }
  [[nodiscard]] std::size_t hits() const { return hits_; }

 private:
  Caller caller(std::string who = "anna") {
    return {{std::move(who)}, Rank::user, {0, 0}, &policy_};
  }
  unsigned pick(std::size_t below) { return static_cast<unsigned>(random_() % below); }
  const std::string& any(const std::vector<std::string>& all) { return all[pick(all.size())]; }

  static std::vector<std::string> texts(const Result<std::vector<Message>>& found) {
    std::vector<std::string> all;
    if (!found) return {"refused: " + found.error().detail};
    for (const Message& one : *found) all.push_back(one.text);
    return all;
  }
  std::string new_text() {
    std::string text;
    for (unsigned left = 1 + pick(5); left > 0; --left) text += any(words_) + any(between_);
    return text + " #" + std::to_string(++count_);
  }
  std::pair<FindText, std::size_t> new_query() {
    FindText query;
    query.limit = 1 + pick(8);
    query.offset = pick(3) == 0 ? pick(5) : 0;
    last_query_ = any(words_);
    if (pick(2) == 0) {  // as the native door asks
      if (pick(3) == 0) last_query_ += "*";
      if (pick(3) == 0) last_query_ = '"' + last_query_ + any(between_) + any(words_) + '"';
      if (pick(3) == 0) last_query_ += " " + any(words_);
      if (pick(3) == 0) last_query_ += " -" + any(words_);
      auto words = TextQuery::parse(last_query_);
      if (words) query.words = std::move(*words);
    } else if (pick(2) == 0) {  // as dinq does
      query.text = last_query_ += any(between_) + any(words_);
    } else {  // as echo and messaging do
      query.pieces = pieces_of(last_query_ += ' ' + any(words_));
    }
    return {std::move(query), pick(2) == 0 ? pick(3) : read_.size()};
  }

  Policy policy_;
  std::mt19937 random_;
  World read_one_;
  OnDisk on_disk_;
  std::vector<ConversationId> read_, indexed_;
  std::vector<std::pair<MessageId, MessageId>> said_;
  std::vector<std::string> words_{"one",    "Once",    "stone", "tone",   "été",   "ETE",
                                  "Straße", "strasse", "天气",  "气天",   "今天",  "とう",
                                  "👍",     "a",       "ab",    "e-mail", "ไทย",   "한국",
                                  "москва", "½",       "ﬁn",    "İ",      "Ἀθῆναι"};
  std::vector<std::string> between_{" ", ", ", "", "-", "。"};
  std::string last_query_;
  std::size_t count_ = 0, hits_ = 0;
};

TEST(Search, finds_by_an_index_what_reading_everything_finds) {
  for (const unsigned seed : {1U, 2U}) {
    Twice both(seed);
    for (int round = 0; round < 8; ++round) {
      for (int i = 0; i < 20; ++i) {
        both.step();
        both.check();
      }
      if (round % 3 == 2) both.let_the_index_catch_up();
      for (int i = 0; i < 20; ++i) both.check();
    }
    EXPECT_GT(both.hits(), 100U) << "too little was found to show anything";
  }
}

TEST(Search, has_each_hit_on_one_page_whatever_clocks_said) {
  World world;
  const ConversationId one = world.group("anna", {"ben"}), other = world.group("anna", {"ben"});
  for (int i = 0; i < 30; ++i)  // many of them at the same moment
    ASSERT_TRUE(
        world.send(world.caller("anna"), i % 3 == 0 ? one : other, "page " + std::to_string(i)));
  for (const std::size_t limit : {1U, 4U, 7U, 100U}) {
    std::vector<MessageId> seen;
    FindText query;
    query.words = *TextQuery::parse("page");
    query.limit = limit;
    for (;;) {
      auto page = world.run(world.engine.find_text(world.caller("ben"), query));
      ASSERT_TRUE(page);
      for (const Message& message : *page) seen.push_back(message.id);
      if (page->size() < limit) break;
      query.before = std::pair(page->back().created_at, page->back().id);
    }
    EXPECT_EQ(seen.size(), 30U) << limit;
    EXPECT_EQ(std::set(seen.begin(), seen.end()).size(), 30U) << limit;
  }
}

TEST(Search, old_pages_of_a_long_conversation_begin_where_they_are) {
  World world;
  const ConversationId where = world.group("anna", {"ben"});
  std::vector<Time> times;
  for (int i = 0; i < 1'500; ++i) {
    auto sent = world.send(world.caller("anna"), where, "number " + std::to_string(i));
    ASSERT_TRUE(sent);
    times.push_back(sent->message->created_at);
    world.time.run_for(std::chrono::seconds{1});
  }
  FindText query;
  query.words = *TextQuery::parse("number");
  query.limit = 2;
  query.to = times[700];
  auto found = world.run(world.engine.find_text(world.caller("ben"), query));
  ASSERT_EQ(found->size(), 2U);
  EXPECT_EQ(found->front().text, "number 700");
  EXPECT_EQ(found->back().text, "number 699");
}

TEST(Search, a_page_of_no_messages_has_none) {
  World world;
  const auto where = world.group("anna", {"ben"});
  ASSERT_TRUE(world.send(world.caller("anna"), where, "needle"));
  FindText query;
  query.text = "needle";
  query.limit = 0;
  const auto found = world.run(world.engine.find_text(world.caller("ben"), query));
  ASSERT_TRUE(found);
  EXPECT_TRUE(found->empty());
  query.where = where;
  EXPECT_EQ(world.run(world.engine.find_text(world.caller("zoe"), query)).error().code,
            Code::not_found);
}

}  // namespace
}  // namespace parley::engine
