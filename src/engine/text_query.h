// What somebody looks for in texts: words, "phrases", beginnings*, and what must not be there -this.
//
// Case and accents don't count. Where words have no spaces between them (Chinese, Japanese, Thai…), each character is a
// word, and several written together are a phrase; an emoji is a word, too. All else only parts words.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/words.h"
#include "store/tokens.h"

namespace parley::engine {

class TextQuery {
 public:
  // Nothing to look for, or only what must not be there: bad_request.
  [[nodiscard]] static Result<TextQuery> parse(std::string_view text);

  [[nodiscard]] bool matches(std::string_view text) const;
  // What every text that matches has.
  void add_tokens(store::SoughtTokens& sought) const;
  // A part of the text around what was found, as HTML: escaped, with each hit in <mark>.
  [[nodiscard]] std::string snippet(std::string_view text) const;

 private:
  // Words that stand one behind the other.
  struct Term {
    std::vector<std::string> words;
    bool is_prefix = false;  // the last one may go on
  };
  static void add_term(std::vector<Term>& terms, std::string_view text);
  // How many words of the text the term takes at that place; 0: it is not there.
  [[nodiscard]] static std::size_t found_at(const Term& term, const std::vector<TextWord>& words,
                                            std::size_t at);
  [[nodiscard]] static bool found(const Term& term, const std::vector<TextWord>& words);

  std::vector<Term> wanted_, unwanted_;
};

}  // namespace parley::engine
