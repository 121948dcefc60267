#include "store/sqlite/sqlite.h"

#include <gmock/gmock.h>
#include <sqlite3.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "store/conformance/changes.h"
#include "store/conformance/session.h"

namespace parley::store {
namespace {

class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "parley-sqlite-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] std::string file() const { return path_ + "/data/parley.db"; }

 private:
  std::string path_;
};

class SqliteStorage final : public Storage {
 public:
  std::unique_ptr<Store> open() override {
    auto store = open_sqlite({folder_.file(), {}});
    EXPECT_TRUE(store.has_value()) << store.error().detail;
    return std::move(*store);
  }
  [[nodiscard]] std::string file() const { return folder_.file(); }

 private:
  Folder folder_;
};

std::unique_ptr<Storage> new_sqlite_storage() { return std::make_unique<SqliteStorage>(); }

INSTANTIATE_TEST_SUITE_P(Sqlite, Conformance, testing::Values(&new_sqlite_storage));

void execute(const std::string& file, const char* sql) {
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open(file.c_str(), &database), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(database, sql, nullptr, nullptr, nullptr), SQLITE_OK)
      << sqlite3_errmsg(database);
  sqlite3_close(database);
}

std::string refusal(const std::string& file) {
  auto store = open_sqlite({file, {}});
  return store ? "" : store.error().detail;
}

TEST(Sqlite, refuses_a_second_process_on_its_file) {
  SqliteStorage storage;
  {
    Session session(storage);
    // flock() is of the open file: this process counts like another one.
    EXPECT_THAT(refusal(storage.file()), testing::HasSubstr("another process serves this data"));
  }
  EXPECT_EQ(refusal(storage.file()), "");
}

TEST(Sqlite, refuses_a_newer_schema_and_leaves_it_alone) {
  SqliteStorage storage;
  storage.open().reset();
  execute(storage.file(), "INSERT INTO schema_version VALUES (1000, 0)");
  EXPECT_THAT(refusal(storage.file()), testing::HasSubstr("1000"));
  EXPECT_EQ(sqlite_migration_status(storage.file())->version, 1000);
}

TEST(Sqlite, refuses_a_file_that_is_none_of_its_own) {
  Folder folder;
  std::filesystem::create_directories(std::filesystem::path(folder.file()).parent_path());
  std::ofstream(folder.file()) << std::string(10'000, 'x');
  EXPECT_NE(refusal(folder.file()), "");
}

TEST(Sqlite, refuses_a_folder_it_cannot_make) {
  EXPECT_THAT(refusal("/dev/null/data/parley.db"), testing::HasSubstr("/dev/null/data"));
}

// What the version before the newest had is still there after the step to it.
TEST(Sqlite, is_migrated_from_the_version_before) {
  SqliteStorage storage;
  const auto id = new_conversation_id();
  {
    Session session(storage);
    session.commit(make_group(id, "anna", {"ben"}));
    session.commit(say_once(id, "anna", "key", "kept"));
  }
  execute(storage.file(),
          "DELETE FROM schema_version WHERE version = 11;"
          "INSERT INTO once (user_id, key, fingerprint, conversation_id, seq, at, keep) SELECT "
          "user_id, key, fingerprint, conversation_id, seq, at, 0 FROM once_recent;"
          "DROP TABLE once_recent;");
  EXPECT_EQ(sqlite_migration_status(storage.file())->version, 10);
  Session session(storage);
  EXPECT_EQ(session.commit(say_once(id, "anna", "key")).outcome, Outcome::repeated);
  EXPECT_EQ(session.ask([](Reader& reader) { return reader.conversations_of({"ben"}); }),
            std::vector{id});
  EXPECT_EQ(session.log(id).back()->message->text, "kept");
}

// Beside the data, so that it can be lost, damaged, or left over from other data.
class IndexOfTexts {
 public:
  explicit IndexOfTexts(Storage& storage) : storage_(storage) {
    Session session(storage);
    session.commit(make_group(id_, "anna"));
    session.commit(say(id_, "anna", "marmalade"));
    session.commit(say(id_, "anna", "honey"));
    wait_for(session);
  }
  // After it was opened again: what is named for that word while and after the index is made.
  void expect_found() {
    Session session(storage_);
    EXPECT_EQ(named(session), 1U);
    wait_for(session);
    EXPECT_EQ(named(session), 1U);
  }

 private:
  static void wait_for(Session& session) {
    while (session.ask([](Reader& reader) { return reader.not_indexed(); }) != 0) {
    }
  }
  std::size_t named(Session& session) {
    auto ask = [this](Reader& reader) { return reader.maybe_hits(id_, {"marmalade"}, {}, 100); };
    const MaybeHits hits = session.ask(ask);
    return static_cast<std::size_t>(std::ranges::count(hits.messages, "marmalade", &Message::text));
  }
  Storage& storage_;
  ConversationId id_ = new_conversation_id();
};

TEST(Sqlite, makes_its_index_again_when_that_is_gone) {
  SqliteStorage storage;
  IndexOfTexts texts(storage);
  for (const char* part : {".search", ".search-wal", ".search-shm"})
    std::filesystem::remove(storage.file() + part);
  texts.expect_found();
}

TEST(Sqlite, makes_its_index_again_when_that_is_damaged) {
  SqliteStorage storage;
  IndexOfTexts texts(storage);
  std::ofstream(storage.file() + ".search") << std::string(10'000, 'x');
  texts.expect_found();
}

TEST(Sqlite, makes_its_index_again_when_the_data_is_an_older_copy) {
  SqliteStorage storage;
  IndexOfTexts texts(storage);
  execute(storage.file(),
          "UPDATE log SET id = x'000102030405060708090a0b' WHERE position = (SELECT max(position) "
          "FROM log)");
  texts.expect_found();
}

TEST(Sqlite, finds_texts_of_a_store_that_had_no_index) {
  SqliteStorage storage;
  const auto id = new_conversation_id();
  {
    Session session(storage);
    session.commit(make_group(id, "anna"));
    for (int i = 0; i < 3'000; ++i) session.submit(say(id, "anna", i == 7 ? "needle" : "hay"));
    session.settle();
  }
  std::filesystem::remove(storage.file() + ".search");
  Session session(storage);  // with more to take in than is read for one question
  auto ask = [id](Reader& reader) { return reader.maybe_hits(id, {"needle"}, Seq{12}, 100); };
  const MaybeHits hits = session.ask(ask);
  EXPECT_TRUE(
      std::ranges::any_of(hits.messages, [](const Message& one) { return one.text == "needle"; }));
}

TEST(Sqlite, says_which_schema_there_is) {
  SqliteStorage storage;
  EXPECT_EQ(sqlite_migration_status(storage.file())->version, 0);
  storage.open().reset();
  const auto status = sqlite_migration_status(storage.file());
  EXPECT_EQ(status->version, status->newest);
  EXPECT_GE(status->newest, 1);
}

}  // namespace
}  // namespace parley::store
