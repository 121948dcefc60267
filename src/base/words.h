// The words of a text, as who searches it means them: without regard to case and accents. Where words have no spaces
// between them (Chinese, Japanese, Thai…), each character is a word; an emoji is one, too. All else only parts words.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace parley {

// A word, and where it stands in the text, in bytes.
struct TextWord {
  std::string folded;
  std::size_t begin = 0, end = 0;
};
[[nodiscard]] std::vector<TextWord> words_of(std::string_view text);

}  // namespace parley
