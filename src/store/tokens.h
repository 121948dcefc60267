// What an index keeps of a text: tokens. Its words, pairs of words where these have no spaces between them, the first five
// letters of words, and pieces of three letters for shorter beginnings and what stands inside of words.
//
// A text with a word, a phrase or a piece in it has all the tokens of that, whatever stands around: so an index by tokens
// gives everything that can be a hit. It gives more; who asks looks at the texts themselves. Every store uses these, so
// that all of them find the same. Whoever changes them changes what is kept: indexes must then be made again.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace parley::store {

using Tokens = std::vector<std::string>;  // letters, digits, '_' and what is not ASCII

// Raised when the tokens of a text are no longer what they were.
inline constexpr std::uint32_t tokens_version = 2;

// What is kept of a text: a space after each token, in no order.
[[nodiscard]] std::string token_line(std::string_view text);
template <class See>
void each_token(std::string_view line, See see) {
  for (std::size_t end = 0; (end = line.find(' ')) != std::string_view::npos;
       line.remove_prefix(end + 1))
    see(line.substr(0, end));
}
// The same in order, each once.
[[nodiscard]] Tokens tokens_of(std::string_view text);

enum class LastWord : std::uint8_t { ends_there, may_go_on };

// Gathers what all hits must have.
class SoughtTokens {
 public:
  // These words, folded as words_of() does it, stand one behind the other.
  void add_phrase(const std::vector<std::string>& words, LastWord last);
  // This stands somewhere, in words or across them, in any case.
  void add_piece(std::string_view piece);
  // The most telling ones, each once; none: nothing can be said, and any text may be a hit.
  [[nodiscard]] Tokens take();

 private:
  void add_beginning(std::string_view folded);

  Tokens whole_, pieces_;
};

}  // namespace parley::store
