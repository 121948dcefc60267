#include "store/tokens.h"

#include <algorithm>
#include <utility>

#include "base/unicode.h"
#include "base/words.h"

namespace parley::store {
namespace {

constexpr std::size_t token_bytes =
    48;  // what is longer is cut, where it is kept and where it is sought
constexpr std::size_t letters_in_piece = 3;
constexpr std::size_t sought_max = 12;  // more make the answer hardly smaller

bool is_plain(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x80 || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

std::string token_of(std::string_view text) {
  std::size_t size = std::min(text.size(), token_bytes);
  while (size < text.size() && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) --size;
  std::string token(text.substr(0, size));
  std::ranges::replace_if(token, [](char c) { return !is_plain(c); }, '_');
  return token;
}

// Characters of one kind that follow each other in a folded text.
struct Run {
  bool of_letters = false;
  std::vector<std::size_t> begins;  // and, last, the end
};

std::vector<Run> runs_of(std::string_view folded) {
  std::vector<Run> runs;
  bool goes_on = false;
  each_code_point(folded, [&](std::size_t from, std::size_t upto, CharacterKind kind) {
    if (kind == CharacterKind::between_words) {
      goes_on = false;
      return;
    }
    const bool letter = kind == CharacterKind::letter;
    if (!goes_on || runs.back().of_letters != letter) runs.push_back({letter, {from}});
    runs.back().begins.push_back(upto);
    goes_on = true;
  });
  return runs;
}

// Each stretch of so many characters of the run.
template <class See>
void each_stretch(std::string_view folded, const Run& run, std::size_t length, See see) {
  for (std::size_t at = 0; at + length < run.begins.size(); ++at)
    see(folded.substr(run.begins[at], run.begins[at + length] - run.begins[at]));
}

// Marked, for a piece is no word: "cat" is in many a word.
std::string letters_token(std::string_view letters) { return "_" + token_of(letters); }

void add_pieces_kept(Tokens& tokens, std::string_view folded) {
  for (const Run& run : runs_of(folded)) {
    if (run.of_letters) {
      each_stretch(folded, run, letters_in_piece,
                   [&](std::string_view piece) { tokens.push_back(letters_token(piece)); });
      continue;
    }
    for (const std::size_t length : {1U, 2U})
      each_stretch(folded, run, length,
                   [&](std::string_view piece) { tokens.push_back(token_of(piece)); });
  }
}

void add_pieces_sought(Tokens& tokens, std::string_view folded) {
  for (const Run& run : runs_of(folded)) {
    if (run.of_letters)
      each_stretch(folded, run, letters_in_piece,
                   [&](std::string_view piece) { tokens.push_back(letters_token(piece)); });
    else
      each_stretch(folded, run, run.begins.size() > 2 ? 2U : 1U,
                   [&](std::string_view piece) { tokens.push_back(token_of(piece)); });
  }
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

Tokens tokens_of(std::string_view text) {
  Tokens tokens;
  const std::vector<TextWord> words = words_of(text);
  for (std::size_t i = 0; i < words.size(); ++i) {
    tokens.push_back(token_of(words[i].folded));
    if (i > 0 && make_a_pair(words[i - 1].folded, words[i].folded))
      tokens.push_back(token_of(words[i - 1].folded + words[i].folded));
  }
  const std::string folded = fold_for_search(text);
  add_pieces_kept(tokens, folded);
  // Who looks for a piece folds its case first; the two hardly ever differ.
  const std::string twice = fold_for_search(fold_case(text));
  if (twice != folded) add_pieces_kept(tokens, twice);
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
      whole_.push_back(token_of(words[i] + words[i + 1]));
    else if (!with_last)
      whole_.push_back(token_of(words[i]));
  }
  if (last == LastWord::may_go_on) add_pieces_sought(pieces_, words.back());
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
