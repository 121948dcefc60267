// What Unicode says about a text that is valid UTF-8.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace parley {

// Most texts are, or their words; for these there are no tables to look into.
[[nodiscard]] bool is_ascii(std::string_view text);

[[nodiscard]] std::size_t code_points(std::string_view utf8);
// Exactly what a reader takes for one character: a letter with its accents, an emoji with its skin tone, a flag.
[[nodiscard]] bool is_one_character(std::string_view utf8);

// Whether a space of any kind or a control character is in it.
[[nodiscard]] bool has_blank(std::string_view utf8);

// Without C0 and C1 control characters, but for tab and the two of a line's end.
[[nodiscard]] std::string without_controls(std::string_view utf8);

// What a character is for who looks for words.
enum class CharacterKind : std::uint8_t {
  letter,          // or a digit, or a mark on one: part of a word
  word_by_itself,  // of a script without spaces between words; or an emoji
  between_words,
};
// For each character as a reader sees it: where it begins and ends, in bytes.
void each_character(std::string_view utf8,
                    const std::function<void(std::size_t, std::size_t, CharacterKind)>& see);
// For each code point, whatever a reader takes for one character.
void each_code_point(std::string_view utf8,
                     const std::function<void(std::size_t, std::size_t, CharacterKind)>& see);
// The same for what differs only in case, accents, or ways of writing the same letter.
[[nodiscard]] std::string fold_for_search(std::string_view utf8);

// The same for texts that differ in case only, in any script.
[[nodiscard]] std::string fold_case(std::string_view utf8);

}  // namespace parley
