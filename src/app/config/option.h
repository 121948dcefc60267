// What an option is: its declaration, and how texts for it become a value of Settings.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "app/config/kinds.h"

namespace parley::config {

enum class Reload { live, restart };
// A secret's value is in no error, log or help; nor is a URL which may hold one.
enum class Secrecy { open, url, secret };

// A limit on a value, and how it is told.
template <class Kind>
struct Check {
  std::string text;  // "64KiB to 1GiB"; empty: no limit
  std::function<bool(const typename Kind::Value&)> holds;
};
template <class Kind>
[[nodiscard]] Check<Kind> any() {
  return {{}, [](const auto&) { return true; }};
}
template <class Kind>
[[nodiscard]] Check<Kind> between(typename Kind::Value least, typename Kind::Value most) {
  return {Kind::show(least) + " to " + Kind::show(most),
          [=](const auto& value) { return value >= least && value <= most; }};
}

// What is the same for options of all kinds.
class AnyOption {
 public:
  struct Facts {
    std::string_view name;  // "queue-limit"
    Reload reload;
    std::string_view help;
    Secrecy secrecy = Secrecy::open;
    std::string_view shown_default = {};  // where the default's own text would say too little
  };
  explicit AnyOption(const Facts& facts) : facts_(facts) {}
  virtual ~AnyOption() = default;

  [[nodiscard]] std::string_view name() const { return facts_.name; }
  [[nodiscard]] std::string_view help() const { return facts_.help; }
  [[nodiscard]] Reload reload() const { return facts_.reload; }
  [[nodiscard]] Secrecy secrecy() const { return facts_.secrecy; }
  [[nodiscard]] std::string flag() const { return "--" + std::string(facts_.name); }
  [[nodiscard]] std::string variable() const;  // "PARLEY_QUEUE_LIMIT"
  [[nodiscard]] std::string default_text() const {
    return facts_.shown_default.empty() ? own_default_text() : std::string(facts_.shown_default);
  }

  [[nodiscard]] virtual std::string_view sign() const = 0;  // "SIZE"
  [[nodiscard]] virtual std::string limits() const = 0;     // "64KiB to 1GiB", or empty
  [[nodiscard]] virtual bool is_list() const = 0;
  // What `--name` without a value means, if anything.
  [[nodiscard]] virtual std::string_view bare_value() const = 0;
  virtual void set_default(Settings& settings) const = 0;
  // From the texts of one place. Refused: all that is wrong with them, ready to follow the place's name.
  [[nodiscard]] virtual std::vector<std::string> set(
      Settings& settings, const std::vector<std::string>& texts) const = 0;
  // As set() would take it: equal texts are equal values.
  [[nodiscard]] virtual std::string show(const Settings& settings) const = 0;
  virtual void copy(const Settings& from, Settings& to) const = 0;

 protected:
  [[nodiscard]] virtual std::string own_default_text() const = 0;
  // The value in quotes, unless it is or may hold a secret.
  [[nodiscard]] std::string refusal(std::string_view text, std::string_view why) const;

 private:
  Facts facts_;
};

[[nodiscard]] std::vector<std::string> split_at_commas(const std::vector<std::string>& texts);

template <class Kind>
concept IsList = requires { typename Kind::Of; };

template <class Kind>
struct ItemOf {
  using Type = Kind;
};
template <IsList Kind>
struct ItemOf<Kind> {
  using Type = typename Kind::Of;
};

template <class Kind>
class Option final : public AnyOption {
 public:
  using Value = typename Kind::Value;
  using Item = typename ItemOf<Kind>::Type;  // what is checked: each item of a list

  Option(const Facts& facts, Value Settings::* field, Value fallback, Check<Item> check)
      : AnyOption(facts), field_(field), fallback_(std::move(fallback)), check_(std::move(check)) {}

  [[nodiscard]] std::string_view sign() const override { return Kind::sign; }
  [[nodiscard]] std::string limits() const override { return check_.text; }
  [[nodiscard]] bool is_list() const override { return IsList<Kind>; }
  [[nodiscard]] std::string_view bare_value() const override {
    return std::is_same_v<Kind, OnOff> ? "on" : "";
  }
  void set_default(Settings& settings) const override { settings.*field_ = fallback_; }
  [[nodiscard]] std::string show(const Settings& settings) const override {
    return Kind::show(settings.*field_);
  }
  void copy(const Settings& from, Settings& to) const override { to.*field_ = from.*field_; }

  [[nodiscard]] std::vector<std::string> set(Settings& settings,
                                             const std::vector<std::string>& texts) const override {
    std::vector<std::string> reasons;
    if constexpr (IsList<Kind>) {
      Value values;
      for (const std::string& text : split_at_commas(texts))
        if (auto item = read(text, reasons)) values.push_back(std::move(*item));
      if (reasons.empty()) settings.*field_ = std::move(values);
    } else {
      // Given twice in one place, the last one counts, so that a script can add to a command line.
      if (auto value = read(texts.back(), reasons)) settings.*field_ = std::move(*value);
    }
    return reasons;
  }

 protected:
  [[nodiscard]] std::string own_default_text() const override { return Kind::show(fallback_); }

 private:
  [[nodiscard]] std::optional<typename Item::Value> read(const std::string& text,
                                                         std::vector<std::string>& reasons) const {
    auto value = text.empty() ? fail(Code::bad_request, "is empty") : Item::parse(text);
    if (value && check_.holds(*value)) return std::move(*value);
    reasons.push_back(refusal(text, value ? "must be " + check_.text : value.error().detail));
    return std::nullopt;
  }

  Value Settings::* field_;
  Value fallback_;
  Check<Item> check_;
};

}  // namespace parley::config
