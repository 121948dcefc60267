#include "pending/journal.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <future>

namespace parley::pending {
namespace {

Post post(std::uint8_t number, std::string text) {
  Post made;
  made.id = MessageId{{number}};
  made.at = from_micros(1'700'000'000'123'456 + number);
  made.sender = {"anna"};
  made.people = {{"anna"}, {"ben, with a \"quote\""}};
  made.fresh = ConversationId{{7}};
  made.text = std::move(text);
  made.once = "key";
  return made;
}

struct Folder {
  std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("parley-journal-" + std::to_string(::getpid()));
  Folder() { std::filesystem::create_directories(path); }
  ~Folder() { std::filesystem::remove_all(path); }
  [[nodiscard]] std::string file() const { return path / "journal"; }
};

bool add(Journal& journal, const Post& one) {
  std::promise<bool> kept;
  journal.add(one, [&kept](bool is_kept) { kept.set_value(is_kept); });
  return kept.get_future().get();
}

std::vector<std::string> texts_in(const std::string& file) {
  Journal journal(file);
  auto left = journal.open();
  std::vector<std::string> texts;
  for (const Post& one : left.value()) texts.push_back(one.text);
  return texts;
}

TEST(Journal, keeps_what_is_not_removed_in_its_order) {
  const Folder folder;
  {
    Journal journal(folder.file());
    EXPECT_TRUE(journal.open()->empty());
    for (std::uint8_t n = 1; n <= 4; ++n)
      EXPECT_TRUE(add(journal, post(n, "line\n" + std::to_string(n))));
    journal.remove(MessageId{{2}});
  }
  EXPECT_EQ(texts_in(folder.file()), (std::vector<std::string>{"line\n1", "line\n3", "line\n4"}));
  EXPECT_EQ(texts_in(folder.file()).size(), 3U) << "looking takes nothing away";
}

TEST(Journal, gives_back_all_of_a_post) {
  const Folder folder;
  const Post wanted = post(9, "ünï \U0001F600");
  {
    Journal journal(folder.file());
    ASSERT_TRUE(journal.open());
    ASSERT_TRUE(add(journal, wanted));
  }
  Journal journal(folder.file());
  const auto left = journal.open();
  ASSERT_EQ(left->size(), 1U);
  EXPECT_EQ(line_of(left->front()), line_of(wanted));
  EXPECT_EQ(left->front().people, wanted.people);
  EXPECT_EQ(left->front().at, wanted.at);
  EXPECT_EQ(left->front().once, "key");
}

TEST(Journal, begins_anew_when_nothing_is_left_in_it) {
  const Folder folder;
  {
    Journal journal(folder.file());
    ASSERT_TRUE(journal.open());
    ASSERT_TRUE(add(journal, post(1, "x")));
    journal.remove(MessageId{{1}});
  }
  EXPECT_EQ(std::filesystem::file_size(folder.file()), 0U);
}

TEST(Journal, a_line_that_was_cut_off_costs_no_other) {
  const Folder folder;
  {
    std::ofstream out(folder.file());
    out << line_of(post(1, "whole")) << "junk\n" << line_of(post(2, "cut")).substr(0, 40);
  }
  EXPECT_EQ(texts_in(folder.file()), std::vector<std::string>{"whole"});
}

TEST(Journal, a_folder_that_is_not_there_is_an_error) {
  Journal journal("/nowhere/at/all");
  EXPECT_FALSE(journal.open());
}

TEST(Journal, without_a_file_nothing_is_kept_and_nothing_fails) {
  Journal journal({});
  EXPECT_TRUE(journal.open()->empty());
  EXPECT_TRUE(add(journal, post(1, "x")));
  journal.remove(MessageId{{1}});
}

}  // namespace
}  // namespace parley::pending
