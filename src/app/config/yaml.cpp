// The options file. yaml-cpp throws; nothing of that leaves this file.
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>

#include "app/config/sources.h"

namespace parley::config {
namespace {

constexpr std::uintmax_t file_bytes_max = 1UL << 20;

// What is broken is among the reasons; then there are no documents.
class Document {
 public:
  Document(std::string path, Reasons& reasons) : path_(std::move(path)), reasons_(reasons) {}

  void read(const std::function<void(const std::vector<YAML::Node>&)>& take) {
    try {
      if (auto text = contents()) take(YAML::LoadAll(*text));
    } catch (const YAML::Exception& error) {
      reasons_.add(at(error.mark), "is not YAML: " + error.msg);
    } catch (const std::exception& error) {
      reasons_.add(path_, error.what());
    }
  }
  [[nodiscard]] std::string at(const YAML::Mark& mark) const {
    return mark.is_null() ? path_ : path_ + ':' + std::to_string(mark.line + 1);
  }

 private:
  std::optional<std::string> contents() {
    std::error_code error;
    if (std::filesystem::is_directory(path_, error)) {
      reasons_.add(path_, "is a folder, not a file");
      return std::nullopt;
    }
    std::ifstream file(path_, std::ios::binary);
    if (!file) {
      reasons_.add(path_, std::string("can't be read: ") + std::strerror(errno));
      return std::nullopt;
    }
    if (std::filesystem::file_size(path_, error) > file_bytes_max && !error) {
      reasons_.add(path_, "is longer than 1MiB");
      return std::nullopt;
    }
    return std::string(std::istreambuf_iterator<char>(file), {});
  }

  std::string path_;
  Reasons& reasons_;
};

class Reader {
 public:
  Reader(const std::string& path, Reasons& reasons)
      : path_(path), file_(path, reasons), reasons_(reasons) {}

  std::vector<Given> read() {
    file_.read([this](const std::vector<YAML::Node>& documents) { read_documents(documents); });
    return std::move(given_);
  }

 private:
  [[nodiscard]] std::string at(const YAML::Mark& mark) const { return file_.at(mark); }

  void read_documents(const std::vector<YAML::Node>& documents) {
    if (documents.empty() || (documents.size() == 1 && documents.front().IsNull())) return;
    if (documents.size() > 1)
      return reasons_.add(path_, "has several documents (---); one is expected");
    const YAML::Node& root = documents.front();
    if (!root.IsMap())
      return reasons_.add(at(root.Mark()), "must be a list of lines like: queue-limit: 1MiB");
    for (const auto& member : root) read_member(member.first, member.second);
  }

  void read_member(const YAML::Node& key, const YAML::Node& value) {
    if (!key.IsScalar()) return reasons_.add(at(key.Mark()), "has a name that is no text");
    std::string place = at(key.Mark()) + ": " + key.Scalar();
    std::string name = key.Scalar();
    std::ranges::replace(name, '_', '-');
    const AnyOption* option = find_option(name);
    if (option == nullptr) return unknown(place, name);
    auto before = std::ranges::find(given_, option, &Given::option);
    if (before != given_.end())
      return reasons_.add(place, "is given twice; also at " + before->place);
    // What is broken is remembered too, so that it is not taken for absent the second time.
    given_.emplace_back(option, place, std::vector<std::string>{});
    if (!take(value, *option, given_.back().texts, place)) given_.back().texts.clear();
  }

  bool take(const YAML::Node& value, const AnyOption& option, std::vector<std::string>& texts,
            const std::string& place) {
    if (value.IsScalar()) {
      texts.push_back(value.Scalar());
      return true;
    }
    if (value.IsSequence() && option.is_list()) {
      for (const auto& item : value)
        if (!item.IsScalar())
          return refuse(place, "must be a list of texts");
        else
          texts.push_back(item.Scalar());
      return texts.empty() ? refuse(place, "is an empty list") : true;
    }
    return refuse(place, "must be " + std::string(option.sign()) +
                             (option.is_list() ? ", or a list of them" : ""));
  }

  bool refuse(const std::string& place, const std::string& what) {
    reasons_.add(place, what);
    return false;
  }

  void unknown(const std::string& place, const std::string& name) {
    if (name == config_name) return reasons_.add(place, "a file can't name another one");
    std::string_view near = near_miss(name);
    reasons_.add(place, near.empty()
                            ? "there is no such option; parley serve --help lists them"
                            : "there is no such option; did you mean " + std::string(near) + '?');
  }

  std::string path_;
  Document file_;
  Reasons& reasons_;
  std::vector<Given> given_;
};

using Nested = std::vector<std::pair<std::string, std::string>>;

void flatten(const YAML::Node& node, const std::string& name, Nested& out) {
  if (node.IsMap()) {
    for (const auto& member : node)
      flatten(member.second, (name.empty() ? "" : name + '.') + member.first.Scalar(), out);
  } else if (node.IsSequence()) {
    std::string all;
    for (const auto& item : node) all += (all.empty() ? "" : ",") + item.Scalar();
    out.emplace_back(name, std::move(all));
  } else if (node.IsScalar()) {
    out.emplace_back(name, node.Scalar());
  }
}

}  // namespace

std::vector<std::pair<std::string, std::string>> read_nested_file(const std::string& path,
                                                                  Reasons& reasons) {
  Nested all;
  Document(path, reasons).read([&](const std::vector<YAML::Node>& documents) {
    for (const YAML::Node& one : documents) flatten(one, "", all);
  });
  return all;
}

std::vector<Given> read_file(const std::string& path, Reasons& reasons) {
  std::vector<Given> given = Reader(path, reasons).read();
  std::erase_if(given, [](const Given& one) { return one.texts.empty(); });
  return given;
}

}  // namespace parley::config
