#include "bench/compare.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <sstream>

#include "base/json.h"
#include "bench/report.h"

namespace parley::bench {
namespace {

Result<std::string> file_text(const std::string& path) {
  std::ifstream file(path);
  if (!file) return fail(Code::unavailable, fmt::format("cannot read {}", path));
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

std::optional<double> parse_number(std::string_view text) {
  double number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = read.ec == std::errc{} && read.ptr == text.data() + text.size();
  return whole ? std::optional{number} : std::nullopt;
}

Result<std::string> text_or_empty(const JsonObject& object, std::string_view name) {
  TRY(text, object.text(name));
  return text ? std::string(*text) : std::string();
}

Result<Kept::Outcome> parse_outcome(const JsonObject& object) {
  Kept::Outcome outcome;
  TRY(workload, object.needed_text("workload"));
  TRY(variant, text_or_empty(object, "variant"));
  outcome.title = std::string(workload) + (variant.empty() ? "" : " " + variant);
  TRY(failures, object.texts("failures"));
  outcome.failures = failures ? failures->size() : 0;
  TRY(figures, object.object("figures"));
  if (!figures) return outcome;
  for (const std::string& name : figures->names()) {
    const auto number = parse_number(figures->raw(name));
    if (number) outcome.figures.emplace_back(name, *number);
  }
  return outcome;
}

const double* value_of(const Kept::Outcome& outcome, std::string_view name) {
  const auto found =
      std::ranges::find(outcome.figures, name, &std::pair<std::string, double>::first);
  return found == outcome.figures.end() ? nullptr : &found->second;
}

// By which share it is worse; negative: better.
double worse_by(Better better, double before, double after) {
  if (better == Better::neither || before <= 0 || after <= 0) return 0;
  return (better == Better::lower ? after / before : before / after) - 1;
}

void compare_outcome(const Kept::Outcome& before, const Kept::Outcome& after,
                     std::optional<double> fail_above, Comparison& out) {
  out.table += fmt::format("{}\n", after.title);
  if (after.failures > 0)
    out.worse.push_back(fmt::format("{}: {} failed checks", after.title, after.failures));
  for (const auto& [name, was] : before.figures) {
    const double* is = value_of(after, name);
    if (is == nullptr) {
      out.worse.push_back(fmt::format("{}: {} is missing", after.title, name));
      continue;
    }
    const Better better = better_of(name);
    const double worse = worse_by(better, was, *is);
    const bool too_much = fail_above && worse > *fail_above;
    const std::string ratio = was > 0 ? fmt::format("{:.2f}", *is / was) : "";
    out.table += fmt::format("  {:34}{:>13}{:>13}{:>8}{}\n", name, shown(was), shown(*is), ratio,
                             too_much ? "  worse" : "");
    if (too_much)
      out.worse.push_back(fmt::format("{}: {} is {:.0f} % worse", after.title, name, worse * 100));
  }
}

// "15%" or "15".
std::optional<double> parse_share(std::string_view text) {
  if (text.ends_with('%')) text.remove_suffix(1);
  const auto percent = parse_number(text);
  return percent && *percent >= 0 ? std::optional{*percent / 100} : std::nullopt;
}

Result<Kept> kept_in(const std::string& path) {
  TRY(text, file_text(path));
  auto kept = parse_kept(text);
  if (!kept) return fail(kept.error().code, path + ": " + kept.error().detail);
  return kept;
}

int print(const Comparison& comparison) {
  fmt::print("{}", comparison.table);
  for (const std::string& one : comparison.worse) fmt::print(stderr, "WORSE {}\n", one);
  return comparison.worse.empty() ? 0 : 1;
}

int print(const Error& error) {
  fmt::print(stderr, "parley bench compare: {}\n", error.detail);
  return 2;
}

}  // namespace

Result<Kept> parse_kept(std::string_view json) {
  TRY(whole, parse_json_object(json));
  Kept kept;
  TRY(label, text_or_empty(whole, "label"));
  kept.label = std::move(label);
  TRY(machine, whole.object("machine"));
  if (machine) kept.machine = machine->raw("cores") + " cores of " + machine->raw("cpu");
  TRY(outcomes, whole.objects("outcomes"));
  if (!outcomes) return fail(Code::bad_request, "it has no outcomes: is it of --json?");
  for (const JsonObject& one : *outcomes) {
    TRY(outcome, parse_outcome(one));
    kept.outcomes.push_back(std::move(outcome));
  }
  return kept;
}

Better better_of(std::string_view figure) {
  constexpr std::array own{"client_", "bare_sender_"};
  if (std::ranges::any_of(own, [&](auto of) { return figure.starts_with(of); }))
    return Better::neither;
  if (figure.ends_with("_per_s") && !figure.ends_with("_cpu_per_s")) return Better::higher;
  constexpr std::array units{"_ms",  "_s",     "_cpu_per_s",         "_cpu_s_per_million",
                             "_kib", "_times", "_kib_per_connection"};
  const bool lower = std::ranges::any_of(units, [&](auto unit) { return figure.ends_with(unit); });
  return lower ? Better::lower : Better::neither;
}

Comparison compare(const Kept& before, const Kept& after, std::optional<double> fail_above) {
  Comparison out;
  if (before.machine != after.machine)
    out.table += fmt::format("not the same machine: {} and {}\n", before.machine, after.machine);
  out.table +=
      fmt::format("{:36}{:>13}{:>13}{:>8}\n", "", before.label.empty() ? "before" : before.label,
                  after.label.empty() ? "after" : after.label, "ratio");
  for (const Kept::Outcome& one : before.outcomes) {
    const auto same = std::ranges::find(after.outcomes, one.title, &Kept::Outcome::title);
    if (same == after.outcomes.end())
      out.worse.push_back(one.title + " is missing");
    else
      compare_outcome(one, *same, fail_above, out);
  }
  return out;
}

int run_compare(std::span<const std::string_view> arguments) {
  std::vector<std::string> files;
  std::string share;
  CLI::App app{
      "The ratios of two results of parley bench --json. What is missing in the second one, and "
      "failed checks in it, end with 1.",
      "parley bench compare"};
  app.add_option("file", files, "Before, and after")->required()->expected(2);
  app.add_option("--fail-above", share,
                 "Also end with 1 where a time, a cost or a rate is worse by more, such as 15%");
  std::vector<std::string> words(arguments.rbegin(), arguments.rend());
  try {
    app.parse(std::move(words));
  } catch (const CLI::ParseError& why) {
    return app.exit(why) == 0 ? 0 : 2;
  }
  const auto fail_above = parse_share(share);
  if (!share.empty() && !fail_above)
    return print(Error{Code::bad_request, "--fail-above must be a share such as 15%", {}});
  const auto before = kept_in(files[0]);
  if (!before) return print(before.error());
  const auto after = kept_in(files[1]);
  if (!after) return print(after.error());
  return print(compare(*before, *after, fail_above));
}

}  // namespace parley::bench
