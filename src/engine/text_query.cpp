#include "engine/text_query.h"

#include <algorithm>

#include "base/encodings.h"

namespace parley::engine {
namespace {

constexpr std::size_t before_hit = 60;    // bytes of a snippet in front of the first hit
constexpr std::size_t snippet_max = 240;  // and in all

bool begins_character(std::string_view text, std::size_t at) {
  return at >= text.size() || (static_cast<unsigned char>(text[at]) & 0xC0) != 0x80;
}

// The nearest place at or behind this one where a character begins.
std::size_t character_from(std::string_view text, std::size_t at) {
  while (!begins_character(text, at)) ++at;
  return std::min(at, text.size());
}

}  // namespace

void TextQuery::add_term(std::vector<Term>& terms, std::string_view text) {
  Term term;
  term.is_prefix = text.ends_with('*');
  for (TextWord& one : words_of(text)) term.words.push_back(std::move(one.folded));
  if (!term.words.empty()) terms.push_back(std::move(term));
}

Result<TextQuery> TextQuery::parse(std::string_view text) {
  TextQuery query;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == ' ') {
      ++at;
      continue;
    }
    const bool is_unwanted = text[at] == '-' && at + 1 < text.size() && text[at + 1] != ' ';
    if (is_unwanted) ++at;
    const bool is_quoted = text[at] == '"';
    if (is_quoted) ++at;
    // A quote that nobody closes goes to the end.
    const std::size_t end = std::min(text.find(is_quoted ? '"' : ' ', at), text.size());
    add_term(is_unwanted ? query.unwanted_ : query.wanted_, text.substr(at, end - at));
    at = end + 1;
  }
  if (query.wanted_.empty()) return fail(Code::bad_request, "q must have something to look for");
  return query;
}

std::size_t TextQuery::found_at(const Term& term, const std::vector<TextWord>& words,
                                std::size_t at) {
  if (at + term.words.size() > words.size()) return 0;
  for (std::size_t i = 0; i < term.words.size(); ++i) {
    const std::string& there = words[at + i].folded;
    const bool may_go_on = term.is_prefix && i + 1 == term.words.size();
    if (may_go_on ? !there.starts_with(term.words[i]) : there != term.words[i]) return 0;
  }
  return term.words.size();
}

bool TextQuery::found(const Term& term, const std::vector<TextWord>& words) {
  for (std::size_t at = 0; at < words.size(); ++at)
    if (found_at(term, words, at) != 0) return true;
  return false;
}

bool TextQuery::matches(std::string_view text) const {
  const std::vector<TextWord> words = words_of(text);
  auto is_there = [&](const Term& term) { return found(term, words); };
  return std::ranges::all_of(wanted_, is_there) && std::ranges::none_of(unwanted_, is_there);
}

void TextQuery::add_tokens(store::SoughtTokens& sought) const {
  for (const Term& term : wanted_)
    sought.add_phrase(term.words,
                      term.is_prefix ? store::LastWord::may_go_on : store::LastWord::ends_there);
}

std::string TextQuery::snippet(std::string_view text) const {
  const std::vector<TextWord> words = words_of(text);
  std::vector<std::pair<std::size_t, std::size_t>> hits;  // in bytes, in order, apart
  for (std::size_t at = 0; at < words.size(); ++at) {
    std::size_t taken = 0;
    for (const Term& term : wanted_) taken = std::max(taken, found_at(term, words, at));
    if (taken == 0) continue;
    const std::pair hit{words[at].begin, words[at + taken - 1].end};
    if (!hits.empty() && hit.first <= hits.back().second)
      hits.back().second = std::max(hits.back().second, hit.second);
    else
      hits.push_back(hit);
  }
  const std::size_t first = hits.empty() ? 0 : hits.front().first;
  const std::size_t begin =
      first > before_hit ? character_from(text, first - before_hit) : std::size_t{0};
  const std::size_t end = character_from(text, std::min(begin + snippet_max, text.size()));
  std::string out = begin > 0 ? "…" : "";
  std::size_t at = begin;
  for (const auto& [from, upto] : hits) {
    if (upto > end) break;
    out += html_escaped(text.substr(at, from - at));
    out += "<mark>";
    out += html_escaped(text.substr(from, upto - from));
    out += "</mark>";
    at = upto;
  }
  out += html_escaped(text.substr(at, end - at));
  if (end < text.size()) out += "…";
  return out;
}

}  // namespace parley::engine
