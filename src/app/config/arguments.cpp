#include <algorithm>

#include "app/config/sources.h"

namespace parley::config {
namespace {

class Reader {
 public:
  Reader(const Arguments& arguments, Reasons& reasons) : arguments_(arguments), reasons_(reasons) {}

  Source read() {
    while (next_ < arguments_.size()) read_one(arguments_[next_++]);
    return std::move(source_);
  }

 private:
  void read_one(const std::string& argument) {
    if (!argument.starts_with("--") || argument.size() == 2)
      return reasons_.add('"' + argument + '"', "is no option; options look like --data DIR");
    std::size_t equals = argument.find('=');
    std::string flag = argument.substr(0, equals);
    std::optional<std::string> value;
    if (equals != std::string::npos) value = argument.substr(equals + 1);
    std::string_view name = std::string_view(flag).substr(2);
    const AnyOption* option = find_option(name);
    if (option == nullptr && name != config_name) return unknown(flag, name, value.has_value());
    if (!value) value = value_behind(flag, option);
    if (!value) return;
    if (option == nullptr)
      source_.file = std::move(*value);
    else
      texts_of(option, flag).push_back(std::move(*value));
  }

  std::optional<std::string> value_behind(const std::string& flag, const AnyOption* option) {
    if (next_ < arguments_.size() && !arguments_[next_].starts_with("--"))
      return arguments_[next_++];
    if (option != nullptr && !option->bare_value().empty())
      return std::string(option->bare_value());
    std::string sign(option == nullptr ? "FILE" : option->sign());
    reasons_.add(flag, "needs a value: " + flag + ' ' + sign);
    return std::nullopt;
  }

  void unknown(const std::string& flag, std::string_view name, bool has_value) {
    std::string_view near = near_miss(name);
    reasons_.add(flag, near.empty()
                           ? "there is no such option; parley serve --help lists them"
                           : "there is no such option; did you mean --" + std::string(near) + '?');
    // Its value is no mistake of its own.
    if (!has_value && next_ < arguments_.size() && !arguments_[next_].starts_with("-")) ++next_;
  }

  std::vector<std::string>& texts_of(const AnyOption* option, const std::string& flag) {
    auto found = std::ranges::find(source_.given, option, &Given::option);
    if (found != source_.given.end()) return found->texts;
    return source_.given.emplace_back(option, flag, std::vector<std::string>{}).texts;
  }

  const Arguments& arguments_;
  Reasons& reasons_;
  std::size_t next_ = 0;
  Source source_;
};

}  // namespace

Source read_arguments(const Arguments& arguments, Reasons& reasons) {
  return Reader(arguments, reasons).read();
}

}  // namespace parley::config
