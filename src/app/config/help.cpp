#include "app/config/help.h"

#include <algorithm>

#include "app/config/options.h"

namespace parley::config {
namespace {

constexpr std::size_t width = 100;
constexpr std::size_t indent = 6;

// Appends the words in lines; all texts here are ASCII but for the dots in a sign.
void append_wrapped(std::string& out, const std::string& text) {
  std::size_t column = 0;
  std::size_t begin = 0;
  while (begin < text.size()) {
    std::size_t end = std::min(text.find(' ', begin), text.size());
    std::size_t size = end - begin;
    if (column == 0 || column + 1 + size > width) {
      if (column != 0) out += '\n';
      out.append(indent, ' ');
      column = indent;
    } else {
      out += ' ';
      ++column;
    }
    out += text.substr(begin, size);
    column += size;
    begin = end + 1;
  }
  out += '\n';
}

std::string facts_of(const AnyOption& option) {
  std::string value = option.default_text();
  std::string text = value.empty() ? "" : "Default: " + value + ".";
  if (!option.limits().empty())
    text += (text.empty() ? "" : " ") + std::string("Must be ") + option.limits() + '.';
  return text;
}

void append_option(std::string& out, const AnyOption& option) {
  out += "  " + option.flag() + ' ' + std::string(option.sign()) + '\n';
  std::string facts = facts_of(option);
  append_wrapped(out, std::string(option.help()) + (facts.empty() ? "" : ' ' + facts));
}

// A | would end the cell, and < begin a tag.
std::string cell(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '|')
      out += "\\|";
    else if (c == '<')
      out += "&lt;";
    else
      out += c;
  }
  return out;
}

std::string in_backticks(std::string_view text) {
  return text.empty() ? "" : '`' + std::string(text) + '`';
}

void write_row(std::ostream& out, const AnyOption& option) {
  std::string help(option.help());
  if (!option.limits().empty()) help += " Must be " + option.limits() + '.';
  if (option.is_list()) help += " A list: repeated, or with commas.";
  if (option.secrecy() == Secrecy::secret) help += " Never printed.";
  if (option.reload() == Reload::live) help += " Changes while it runs.";
  out << "| " << in_backticks(option.flag()) << "<br>" << in_backticks(option.variable()) << " | "
      << in_backticks(cell(option.sign())) << " | " << cell(option.default_text()) << " | "
      << cell(help) << " |\n";
}

constexpr std::string_view docs_head = R"(# Configuration

<!-- Made from src/app/config/options.cpp by `parley serve --write-docs`; don't edit. -->

Every option can be given in three places: as a flag (`--queue-limit 1MiB` or `--queue-limit=1MiB`), as a variable (`PARLEY_QUEUE_LIMIT=1MiB`), and in the YAML file that `--config FILE` or `PARLEY_CONFIG` names (`queue-limit: 1MiB`; `queue_limit` is the same). A flag goes before a variable, a variable before the file, the file before the default. An empty variable counts as not given.

Options, variables beginning with `PARLEY_` and lines of the file that nobody knows, and values that can't be right, refuse the start; all of them are told at once, each with its place. Variables that Kubernetes sets for a service called `parley` are no mistake.

Sizes are `1048576`, `64KiB`, `1MiB`, `1GiB` (or in thousands, `kB`, `MB`, `GB`). Times have a unit: `250ms`, `10s`, `2m`, `24h`, `7d`. Lists may be repeated flags, texts with commas, or YAML lists.

On SIGHUP the places are read again. What can change while the server runs says so below; changes of other options are named in the log and wait for a restart. Certificates and keys are read again from their files.
)";

}  // namespace

std::string help_text() {
  std::string out =
      "Each option is also a variable (--queue-limit is PARLEY_QUEUE_LIMIT) and a line of the "
      "file\n"
      "(queue-limit: 1MiB). A flag goes before a variable, a variable before the file.\n"
      "\n"
      "  --config FILE\n"
      "      YAML file with options.\n";
  for (const Group& group : groups()) {
    out += '\n' + std::string(group.title) + '\n';
    for (const auto& option : group.options) append_option(out, *option);
  }
  return out;
}

void write_docs(std::ostream& out) {
  out << docs_head;
  for (const Group& group : groups()) {
    out << "\n## " << group.title
        << "\n\n| option | value | default | |\n| --- | --- | --- | --- |\n";
    for (const auto& option : group.options) write_row(out, *option);
  }
}

}  // namespace parley::config
