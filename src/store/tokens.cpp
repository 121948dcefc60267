#include "store/tokens.h"

#include <algorithm>
#include <bit>
#include <deque>
#include <functional>
#include <span>
#include <utility>

#include "base/unicode.h"
#include "base/words.h"

namespace parley::store {
namespace {

constexpr std::size_t token_bytes =
    48;  // what is longer is cut, where it is kept and where it is sought
constexpr std::size_t letters_in_piece = 3;
constexpr std::size_t letters_in_beginning = 5;
constexpr std::size_t sought_max = 12;  // more make the answer hardly smaller

bool is_plain(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x80 || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

std::string_view cut(std::string_view text) {
  std::size_t size = std::min(text.size(), token_bytes);
  while (size < text.size() && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) --size;
  return text.substr(0, size);
}

void append_plain(std::string& to, std::string_view text) {
  for (const char c : text) to += is_plain(c) ? c : '_';
}

enum class Sort : std::uint8_t { word, piece, beginning };

// Pieces and beginnings are no words: "cat" is in many a word.
std::string_view mark_of(Sort sort) {
  return sort == Sort::word ? "" : sort == Sort::piece ? "_" : "__";
}

std::string token_of(std::string_view text, Sort sort) {
  std::string token(mark_of(sort));
  append_plain(token, cut(text));
  return token;
}

// So many characters of a word; empty: it has fewer.
std::string_view first_letters(std::string_view folded, std::size_t letters) {
  std::size_t end = 0;
  for (; letters > 0 && end < folded.size(); --letters) {
    ++end;
    while (end < folded.size() && (static_cast<unsigned char>(folded[end]) & 0xC0) == 0x80) ++end;
  }
  return letters == 0 ? folded.substr(0, end) : std::string_view{};
}

struct Character {
  std::uint32_t from, upto;
  bool letter;
};

// Characters of one kind that follow each other in a folded text.
template <class See>
void each_run(std::string_view folded, See see) {
  std::vector<Character> run;
  run.reserve(folded.size());
  const auto end_run = [&] {
    if (!run.empty()) see(std::span<const Character>(run));
    run.clear();
  };
  each_code_point(folded, [&](std::size_t from, std::size_t upto, CharacterKind kind) {
    const bool letter = kind == CharacterKind::letter;
    if (kind == CharacterKind::between_words || (!run.empty() && run.back().letter != letter))
      end_run();
    if (kind != CharacterKind::between_words)
      run.push_back({static_cast<std::uint32_t>(from), static_cast<std::uint32_t>(upto), letter});
  });
  end_run();
}

// Each stretch of so many characters of the run.
template <class See>
void each_stretch(std::string_view folded, std::span<const Character> run, std::size_t length,
                  See see) {
  for (std::size_t at = 0; at + length <= run.size(); ++at)
    see(folded.substr(run[at].from, run[at + length - 1].upto - run[at].from));
}

// The tokens of one text, each once. A busy server's index sees every message, so nothing is allocated for a token.
class KeptTokens {
 public:
  explicit KeptTokens(std::size_t text_bytes) : slots_(std::bit_ceil(text_bytes * 4 + 16)) {
    tokens_.reserve(text_bytes + 8);
  }
  // What the view shows must live until line().
  void add(std::string_view text, Sort sort) {
    text = cut(text);
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = (std::hash<std::string_view>{}(text) + static_cast<std::size_t>(sort)) & mask;
    for (; slots_[at] != 0; at = (at + 1) & mask) {
      const Token& there = tokens_[slots_[at] - 1];
      if (there.sort == sort && there.text == text) return;
    }
    // A text may have more tokens than was thought; in an index twice is as good as once.
    if (tokens_.size() * 2 < slots_.size())
      slots_[at] = static_cast<std::uint32_t>(tokens_.size()) + 1;
    tokens_.push_back({text, sort});
  }
  [[nodiscard]] std::string line() const {
    std::string line;
    line.reserve(tokens_.size() * 6);
    for (const Token& token : tokens_) {
      line += mark_of(token.sort);
      append_plain(line, token.text);
      line += ' ';
    }
    return line;
  }

 private:
  struct Token {
    std::string_view text;
    Sort sort;
  };
  std::vector<Token> tokens_;
  std::vector<std::uint32_t> slots_;  // open addressing: a token's number and 1
};

void keep_word(KeptTokens& kept, std::string_view folded) {
  kept.add(folded, Sort::word);
  if (const auto first = first_letters(folded, letters_in_beginning); !first.empty())
    kept.add(first, Sort::beginning);
}

void keep_pieces(KeptTokens& kept, std::string_view folded) {
  each_run(folded, [&](std::span<const Character> run) {
    if (run.front().letter) {
      each_stretch(folded, run, letters_in_piece,
                   [&](std::string_view piece) { kept.add(piece, Sort::piece); });
      return;
    }
    for (const std::size_t length : {1U, 2U})
      each_stretch(folded, run, length,
                   [&](std::string_view piece) { kept.add(piece, Sort::word); });
  });
}

void add_pieces_sought(Tokens& tokens, std::string_view folded) {
  each_run(folded, [&](std::span<const Character> run) {
    const Sort sort = run.front().letter ? Sort::piece : Sort::word;
    const std::size_t length = run.front().letter ? letters_in_piece : run.size() > 1 ? 2U : 1U;
    each_stretch(folded, run, length,
                 [&](std::string_view piece) { tokens.push_back(token_of(piece, sort)); });
  });
}

// The quick way for what most texts are; nothing is made of a piece but its place in a table.
constexpr std::size_t letters = 36;

std::size_t letter_number(char c) {
  if (c >= 'a' && c <= 'z') return static_cast<std::size_t>(c - 'a');
  return c >= '0' && c <= '9' ? static_cast<std::size_t>(c - '0') + 26 : letters;
}

// Numbers below 2^32 - 1, as many as were said at most.
class NumberSet {
 public:
  explicit NumberSet(std::size_t most) : slots_(std::bit_ceil(most * 2 + 2)) {}
  // True: it was not there.
  bool add(std::uint32_t number) {
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = (number * 2'654'435'761U >> 8U) & mask;
    for (; slots_[at] != 0; at = (at + 1) & mask)
      if (slots_[at] == number + 1) return false;
    slots_[at] = number + 1;
    return true;
  }

 private:
  std::vector<std::uint32_t> slots_;  // open addressing: a number and 1
};

void append_pieces(std::string& line, std::string_view folded) {
  NumberSet there(folded.size());
  std::size_t run = 0, number = 0;
  for (std::size_t i = 0; i < folded.size(); ++i) {
    const std::size_t letter = letter_number(folded[i]);
    run = letter == letters ? 0 : run + 1;
    number = (number * letters + letter) % (letters * letters * letters);
    if (run < letters_in_piece || !there.add(static_cast<std::uint32_t>(number))) continue;
    line += '_';
    line += folded.substr(i + 1 - letters_in_piece, letters_in_piece);
    line += ' ';
  }
}

std::string ascii_token_line(std::string_view folded) {
  KeptTokens words(folded.size() / 2);
  for (std::size_t at = 0, end = 0; at < folded.size(); at = end + 1) {
    for (end = at; end < folded.size() && letter_number(folded[end]) != letters;) ++end;
    if (end > at) keep_word(words, folded.substr(at, end - at));
  }
  std::string line = words.line();
  append_pieces(line, folded);
  return line;
}

// By the folded word alone, which is all that is known of a word that is sought.
bool stands_by_itself(std::string_view folded) {
  bool first = true, by_itself = false;
  each_code_point(folded, [&](std::size_t, std::size_t, CharacterKind kind) {
    if (std::exchange(first, false)) by_itself = kind == CharacterKind::word_by_itself;
  });
  return by_itself;
}

bool make_a_pair(std::string_view one, std::string_view next) {
  return stands_by_itself(one) && stands_by_itself(next);
}

void each_once(Tokens& tokens) {
  std::ranges::sort(tokens);
  tokens.erase(std::ranges::unique(tokens).begin(), tokens.end());
}

}  // namespace

std::string token_line(std::string_view text) {
  if (is_ascii(text)) return ascii_token_line(fold_for_search(text));
  const std::vector<TextWord> words = words_of(text);
  const std::string folded = fold_for_search(text);
  // Who looks for a piece folds its case first; the two hardly ever differ.
  const std::string twice = fold_for_search(fold_case(text));
  std::deque<std::string> pairs;
  KeptTokens kept(folded.size());
  for (std::size_t i = 0; i < words.size(); ++i) {
    keep_word(kept, words[i].folded);
    if (i > 0 && make_a_pair(words[i - 1].folded, words[i].folded))
      kept.add(pairs.emplace_back(words[i - 1].folded + words[i].folded), Sort::word);
  }
  keep_pieces(kept, folded);
  if (twice != folded) keep_pieces(kept, twice);
  return kept.line();
}

Tokens tokens_of(std::string_view text) {
  Tokens tokens;
  each_token(token_line(text), [&](std::string_view token) { tokens.emplace_back(token); });
  each_once(tokens);
  return tokens;
}

void SoughtTokens::add_phrase(const std::vector<std::string>& words, LastWord last) {
  if (words.empty()) return;
  const std::size_t whole = last == LastWord::may_go_on ? words.size() - 1 : words.size();
  for (std::size_t i = 0; i < whole; ++i) {
    const bool with_next = i + 1 < whole && make_a_pair(words[i], words[i + 1]);
    const bool with_last = i > 0 && make_a_pair(words[i - 1], words[i]);
    if (with_next)
      whole_.push_back(token_of(words[i] + words[i + 1], Sort::word));
    else if (!with_last)
      whole_.push_back(token_of(words[i], Sort::word));
  }
  if (last == LastWord::may_go_on) add_beginning(words.back());
}

// What its first letters have in them already says nothing more.
void SoughtTokens::add_beginning(std::string_view folded) {
  if (const auto first = first_letters(folded, letters_in_beginning); !first.empty()) {
    whole_.push_back(token_of(first, Sort::beginning));
    folded.remove_prefix(first_letters(folded, letters_in_beginning - letters_in_piece + 1).size());
  }
  add_pieces_sought(pieces_, folded);
}

void SoughtTokens::add_piece(std::string_view piece) {
  add_pieces_sought(pieces_, fold_for_search(fold_case(piece)));
}

Tokens SoughtTokens::take() {
  each_once(whole_);
  each_once(pieces_);
  Tokens all = std::move(whole_);
  for (std::string& piece : pieces_)
    if (std::ranges::find(all, piece) == all.end()) all.push_back(std::move(piece));
  if (all.size() > sought_max) all.resize(sought_max);
  return all;
}

}  // namespace parley::store
