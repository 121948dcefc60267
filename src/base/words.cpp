#include "base/words.h"

#include "base/unicode.h"

namespace parley {

std::vector<TextWord> words_of(std::string_view text) {
  std::vector<TextWord> words;
  std::size_t begin = std::string_view::npos;
  auto end_word = [&](std::size_t end) {
    if (begin == std::string_view::npos) return;
    std::string folded = fold_for_search(text.substr(begin, end - begin));
    if (!folded.empty()) words.push_back({std::move(folded), begin, end});
    begin = std::string_view::npos;
  };
  each_character(text, [&](std::size_t from, std::size_t upto, CharacterKind kind) {
    if (kind == CharacterKind::letter) {
      if (begin == std::string_view::npos) begin = from;
      return;
    }
    end_word(from);
    if (kind != CharacterKind::word_by_itself) return;
    begin = from;
    end_word(upto);
  });
  end_word(text.size());
  return words;
}

}  // namespace parley
