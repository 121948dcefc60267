// Finding texts: everything that can be a hit is named at once, whether an index has it yet or not; and an index that has
// everything names nothing else.
#include <gmock/gmock.h>

#include <algorithm>
#include <random>
#include <set>

#include "base/words.h"
#include "store/conformance/changes.h"
#include "store/conformance/session.h"

namespace parley::store {
namespace {

using Seqs = std::vector<std::uint64_t>;

Tokens sought(const std::string& phrase, LastWord last = LastWord::ends_there) {
  SoughtTokens tokens;
  std::vector<std::string> words;
  for (TextWord& word : words_of(phrase)) words.push_back(std::move(word.folded));
  tokens.add_phrase(words, last);
  return tokens.take();
}
Tokens beginning(const std::string& word) { return sought(word, LastWord::may_go_on); }
Tokens piece(const std::string& text) {
  SoughtTokens tokens;
  tokens.add_piece(text);
  return tokens.take();
}

// All pages of them, newest first.
std::vector<Message> named(Session& session, ConversationId where, const Tokens& tokens,
                           std::size_t limit = 100) {
  std::vector<Message> all;
  Seq below;
  do {
    auto page =
        session.ask([=](Reader& reader) { return reader.maybe_hits(where, tokens, below, limit); });
    below = page.below;
    std::ranges::move(page.messages, std::back_inserter(all));
  } while (below.value != 0);
  return all;
}

bool has_all(const Message& message, const Tokens& tokens) {
  const Tokens there = tokens_of(message.text);
  return !message.gone() && !message.sealed &&
         std::ranges::includes(there, std::set(tokens.begin(), tokens.end()));
}

// Those that have the tokens: all of them must have been named.
Seqs hits(Session& session, ConversationId where, const Tokens& tokens, std::size_t limit = 100) {
  Seqs seqs;
  for (const Message& message : named(session, where, tokens, limit))
    if (has_all(message, tokens)) seqs.push_back(message.seq.value);
  return seqs;
}

void let_the_index_catch_up(Session& session) {
  const Instant end = std::chrono::steady_clock::now() + std::chrono::seconds{60};
  while (session.ask([](Reader& reader) { return reader.not_indexed(); }) != 0)
    ASSERT_LT(std::chrono::steady_clock::now(), end);
}

Message sent(const Committed& done) { return *done.events.front()->message; }

TEST_P(Conformance, a_text_is_found_as_soon_as_it_is_there) {
  Session session(*storage);
  const auto id = new_conversation_id();
  session.commit(make_group(id, "anna"));
  for (int i = 0; i < 100; ++i) {
    const std::string word = "word" + std::to_string(i);
    const Seq seq = session.commit(say(id, "anna", "this is " + word + ", you know")).seq;
    EXPECT_EQ(hits(session, id, sought(word)), Seqs{seq.value}) << word;
  }
}

TEST_P(Conformance, words_beginnings_pieces_and_characters_are_found) {
  Session session(*storage);
  const auto id = new_conversation_id();
  session.commit(make_group(id, "anna"));
  for (const char* text :
       {"Crème brûlée for two", "the Caterpillar's cat", "今天天气很好，我们去公园吧", "北京!",
        "great 👍👍", "re-lay (e-mail)", "cat"})
    session.commit(say(id, "anna", text));
  for (const bool caught_up : {false, true}) {
    if (caught_up) let_the_index_catch_up(session);
    EXPECT_EQ(hits(session, id, sought("creme")), Seqs{2});
    EXPECT_EQ(hits(session, id, sought("BRÛLÉE for")), Seqs{2});
    EXPECT_EQ(hits(session, id, sought("cat")), (Seqs{8, 3}));
    EXPECT_EQ(hits(session, id, beginning("cater")), Seqs{3});
    EXPECT_EQ(hits(session, id, piece("PILL")), Seqs{3});
    EXPECT_EQ(hits(session, id, piece("pillar's ca")), Seqs{3});
    EXPECT_EQ(hits(session, id, sought("公园")), Seqs{4});
    EXPECT_EQ(hits(session, id, sought("好我")), Seqs{4});  // what stands between does not count
    EXPECT_EQ(hits(session, id, sought("京")), Seqs{5});
    EXPECT_EQ(hits(session, id, sought("👍")), Seqs{6});
    EXPECT_EQ(hits(session, id, sought("e-mail")), Seqs{7});
    EXPECT_EQ(hits(session, id, sought("nowhere")), Seqs{});
  }
}

TEST_P(Conformance, an_index_names_little_else) {
  if (!storage->indexed()) return;  // that adapter names everything
  Session session(*storage);
  const auto id = new_conversation_id();
  session.commit(make_group(id, "anna"));
  std::vector<Change> changes;
  for (int i = 0; i < 300; ++i)
    changes.push_back(
        say(id, "anna", i % 100 == 7 ? "a needle" : "hay number " + std::to_string(i)));
  session.commit_together(std::move(changes));
  let_the_index_catch_up(session);
  EXPECT_EQ(named(session, id, sought("needle")).size(), 3U);
  EXPECT_EQ(named(session, id, sought("number 250")).size(), 1U);
  EXPECT_EQ(named(session, id, sought("hay needle")).size(), 0U);
  EXPECT_EQ(named(session, id, beginning("needl")).size(), 3U);
  EXPECT_EQ(named(session, id, piece("umber")).size(), 297U);
  const auto few =
      session.ask([=](Reader& reader) { return reader.few_places({id}, sought("needle")); });
  ASSERT_TRUE(few.has_value());
  EXPECT_EQ(few->size(), 3U);
}

TEST_P(Conformance, pages_name_each_once_newest_first) {
  Session session(*storage);
  const auto id = new_conversation_id();
  session.commit(make_group(id, "anna"));
  Seqs expected;
  for (int i = 0; i < 60; ++i) {
    const bool is_one = i % 2 == 0;
    const Seq seq = session.commit(say(id, "anna", is_one ? "one more" : "another")).seq;
    if (is_one) expected.insert(expected.begin(), seq.value);
    if (i == 30) let_the_index_catch_up(session);
  }
  for (const std::size_t limit : {1U, 2U, 7U, 30U, 100U})
    EXPECT_EQ(hits(session, id, sought("more"), limit), expected) << limit;
  let_the_index_catch_up(session);
  for (const std::size_t limit : {1U, 2U, 7U, 30U, 100U})
    EXPECT_EQ(hits(session, id, sought("more"), limit), expected) << limit;
}

TEST_P(Conformance, edited_and_gone_texts_are_found_as_they_are_now) {
  Session session(*storage);
  const auto id = new_conversation_id();
  session.commit(make_group(id, "anna"));
  const Message first = sent(session.commit(say(id, "anna", "an unusual porcupine")));
  const Message second = sent(session.commit(say(id, "anna", "another porcupine")));
  const Message third = sent(session.commit(say(id, "anna", "a third porcupine")));
  let_the_index_catch_up(session);
  session.commit(edit(first, "an unusual hedgehog"));
  EXPECT_EQ(hits(session, id, sought("hedgehog")), Seqs{2});
  EXPECT_EQ(hits(session, id, sought("porcupine")), (Seqs{4, 3}));
  session.commit(erase(second, "anna"));
  session.commit(recall(third));
  EXPECT_EQ(hits(session, id, sought("porcupine")), Seqs{});
  let_the_index_catch_up(session);
  EXPECT_EQ(hits(session, id, sought("unusual hedgehog")), Seqs{2});
  if (storage->indexed())
    EXPECT_TRUE(named(session, id, sought("porcupine")).empty());  // not even in the index
  // What comes and goes again before an index has looked.
  const Message brief = sent(session.commit(say(id, "anna", "brief")));
  session.commit(edit(brief, "brief mongoose"));
  session.commit(erase(brief, "anna"));
  EXPECT_EQ(hits(session, id, sought("mongoose")), Seqs{});
  let_the_index_catch_up(session);
  if (storage->indexed()) EXPECT_TRUE(named(session, id, sought("brief")).empty());
}

TEST_P(Conformance, sealed_texts_are_in_no_index) {
  if (!storage->indexed()) return;  // that adapter names everything
  Session session(*storage);
  const auto id = new_conversation_id();
  session.commit(make_group(id, "anna"));
  Change change = say(id, "anna", "ciphertext");
  change.events.front().message->sealed = true;
  session.commit(std::move(change));
  let_the_index_catch_up(session);
  EXPECT_TRUE(named(session, id, sought("ciphertext")).empty());
}

TEST_P(Conformance, only_places_of_the_conversations_asked_for_are_named) {
  Session session(*storage);
  std::vector<ConversationId> all, mine;
  for (std::uint8_t lane = 0; lane < 6; ++lane) {
    all.push_back(new_conversation_id(lane));
    session.commit(make_group(all.back(), "anna"));
    session.commit(say(all.back(), "anna", "the marmalade plan"));
    if (lane % 2 == 0) mine.push_back(all.back());
  }
  std::ranges::sort(mine);
  std::vector<Place> expected;
  for (const ConversationId& id : mine) expected.emplace_back(id, Seq{2});
  for (const bool caught_up : {false, true}) {
    if (caught_up) let_the_index_catch_up(session);
    const auto places = session.ask(
        [&](Reader& reader) { return reader.few_places(mine, sought("marmalade plan")); });
    EXPECT_EQ(places.has_value(), storage->indexed());
    if (places) EXPECT_EQ(*places, expected);
    for (const ConversationId& id : all) EXPECT_EQ(hits(session, id, sought("plan")), Seqs{2});
  }
}

TEST_P(Conformance, texts_are_found_when_it_is_opened_again) {
  if (!storage->kept()) return;  // that adapter promises the opposite
  const auto id = new_conversation_id();
  {
    Session session(*storage);
    session.commit(make_group(id, "anna"));
    session.commit(say(id, "anna", "before the index looked"));
    let_the_index_catch_up(session);
    session.commit(say(id, "anna", "perhaps before, perhaps after"));
  }
  Session session(*storage);
  EXPECT_EQ(hits(session, id, sought("before")), (Seqs{3, 2}));
  let_the_index_catch_up(session);
  EXPECT_EQ(hits(session, id, sought("before")), (Seqs{3, 2}));
}

// A conversation longer than what an index keeps in one piece.
TEST_P(Conformance, a_long_conversation_is_searched_to_its_beginning) {
  // More than an index takes in at once; one that there is none of needs fewer.
  const std::uint64_t messages = storage->indexed() ? 66'000 : 4'000;
  const std::uint64_t half = messages / 2;
  Session session(*storage);
  const auto id = new_conversation_id();
  session.commit(make_group(id, "anna"));
  for (std::uint64_t i = 0; i < messages;) {
    Change many = say(id, "anna", "x");
    ++i;
    for (int n = 1; n < 1'000; ++n, ++i)
      many.events.push_back(
          std::move(say(id, "anna", i % half == 10 ? "rare" : "x").events.front()));
    session.commit(std::move(many));
  }
  EXPECT_EQ(hits(session, id, sought("rare"), 500), (Seqs{half + 12, 12}));
  let_the_index_catch_up(session);
  EXPECT_EQ(hits(session, id, sought("rare"), 100), (Seqs{half + 12, 12}));
  EXPECT_EQ(named(session, id, sought("x"), 5'000).size(), messages - (storage->indexed() ? 2 : 0));
}

// Random texts, edits and removals in several conversations: whatever the index has got to, everything that has the
// tokens is named; and nothing else once it has got to the end.
class Model {
 public:
  Model(Session& session, unsigned seed) : session_(session), random_(seed) {
    for (std::uint8_t lane = 0; lane < 3; ++lane) {
      conversations_.push_back(new_conversation_id(lane));
      session_.commit(make_group(conversations_.back(), "anna"));
    }
  }
  void step() {
    const unsigned what = pick(10);
    if (what < 7 || messages_.empty()) {
      messages_.push_back(sent(session_.commit(say(any(conversations_), "anna", text()))));
      return;
    }
    Message& message = any(messages_);
    if (message.gone()) return;
    message = sent(session_.commit(what == 9 ? erase(message, "anna") : edit(message, text())));
  }
  void check(bool exactly) {
    SoughtTokens asked;
    const bool by_piece = pick(3) == 0;
    const std::string& word = any(words_);
    if (by_piece)
      asked.add_piece(word);
    else
      asked.add_phrase(folded(pick(3) == 0 ? word + " " + any(words_) : word),
                       pick(3) == 0 ? LastWord::may_go_on : LastWord::ends_there);
    const Tokens tokens = asked.take();
    for (const ConversationId& id : conversations_) {
      Seqs expected;
      for (const Message& message : messages_)
        if (message.conversation == id && has_all(message, tokens))
          expected.push_back(message.seq.value);
      std::ranges::sort(expected, std::greater{});
      EXPECT_EQ(hits(session_, id, tokens, 1 + pick(20)), expected) << word;
      if (exactly && !tokens.empty())
        EXPECT_EQ(named(session_, id, tokens).size(), expected.size()) << word;
    }
  }

 private:
  static std::vector<std::string> folded(const std::string& text) {
    std::vector<std::string> words;
    for (TextWord& word : words_of(text)) words.push_back(std::move(word.folded));
    return words;
  }
  unsigned pick(std::size_t below) { return static_cast<unsigned>(random_() % below); }
  template <class T>
  T& any(std::vector<T>& all) {
    return all[pick(all.size())];
  }
  std::string text() {
    std::string made;
    for (unsigned left = 1 + pick(5); left > 0; --left) made += any(words_) + any(between_);
    return made;
  }

  Session& session_;
  std::mt19937 random_;
  std::vector<ConversationId> conversations_;
  std::vector<Message> messages_;
  std::vector<std::string> words_{"one",    "Once",    "ONES", "tone", "été",    "ETE",
                                  "Straße", "strasse", "天气", "气天", "今天",   "とう",
                                  "👍",     "👍🏽",    "a",    "ab",   "e-mail", "ไทย",
                                  "한국",   "москва",  "ⓐⓑ",   "½",    "ﬁn",     "Ἀθῆναι"};
  std::vector<std::string> between_{" ", ", ", "", "-", "。"};
};

TEST_P(Conformance, everything_that_can_be_a_hit_is_named_at_every_moment) {
  Session session(*storage);
  Model model(session, 4711);
  for (int round = 0; round < 12; ++round) {
    for (int i = 0; i < 25; ++i) {
      model.step();
      if (i % 5 == 0) model.check(false);
    }
    if (round % 3 != 0) continue;
    let_the_index_catch_up(session);
    for (int i = 0; i < 20; ++i) model.check(storage->indexed());
  }
}

}  // namespace
}  // namespace parley::store
