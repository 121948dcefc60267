#include "files/zip.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace parley::files {
namespace {

struct Folder {
  std::string path = [] {
    std::string name = (std::filesystem::temp_directory_path() / "parley-zip-XXXXXX").string();
    return std::string(::mkdtemp(name.data()));
  }();
  ~Folder() { std::filesystem::remove_all(path); }
};

std::string content(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Python's own reader checks each entry's length and checksum.
int unpack(const Folder& folder) {
  return std::system(("cd " + folder.path + " && python3 -m zipfile -e all.zip out").c_str());
}

TEST(Zip, what_was_put_in_comes_out) {
  Folder folder;
  Zip zip;
  const Time at = from_micros(1'767'323'045'000'000);
  std::string text, picture;
  for (int i = 0; i < 50'000; ++i) text += "line " + std::to_string(i) + "\n";
  for (int i = 0; i < 100'000; ++i) picture += static_cast<char>(i * 7 % 251);
  std::string all = zip.begin("messages.jsonl", Zip::Pack::smaller, at);
  for (std::size_t from = 0; from < text.size(); from += 10'000)
    all += zip.add(std::string_view(text).substr(from, 10'000));
  all += zip.end();
  EXPECT_LT(all.size(), text.size() / 2);
  all += zip.begin("files/Bär.png", Zip::Pack::as_it_is, at);
  all += zip.add(picture);
  all += zip.end();
  all += zip.begin("files/empty", Zip::Pack::smaller, at);
  all += zip.end();
  all += zip.finish();
  std::ofstream(folder.path + "/all.zip", std::ios::binary) << all;
  ASSERT_EQ(unpack(folder), 0);
  EXPECT_EQ(content(folder.path + "/out/messages.jsonl"), text);
  EXPECT_EQ(content(folder.path + "/out/files/Bär.png"), picture);
  EXPECT_TRUE(std::filesystem::exists(folder.path + "/out/files/empty"));
}

TEST(Zip, more_entries_than_the_old_form_counts) {
  Folder folder;
  Zip zip;
  std::string all;
  for (int i = 0; i < 66'000; ++i) {
    all += zip.begin("n/" + std::to_string(i), Zip::Pack::as_it_is, {});
    all += zip.end();
  }
  all += zip.finish();
  std::ofstream(folder.path + "/all.zip", std::ios::binary) << all;
  EXPECT_EQ(std::system(("cd " + folder.path +
                         " && test $(python3 -c \"import zipfile; "
                         "print(len(zipfile.ZipFile('all.zip').namelist()))\") = 66000")
                            .c_str()),
            0);
}

}  // namespace
}  // namespace parley::files
