#include "store/postgres/postgres.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <barrier>
#include <cstdlib>
#include <thread>

#include "base/metrics.h"
#include "store/conformance/changes.h"
#include "store/conformance/cutting_proxy.h"
#include "store/conformance/session.h"
#include "store/postgres/connection.h"

namespace parley::store {
namespace {

using postgres::Connection;

Instant soon() { return std::chrono::steady_clock::now() + std::chrono::seconds{30}; }

// Where the tests' own server is, which they need: without it they fail. postgres://USER@HOST:PORT, from a variable that may
// name a database, too.
std::string server_at(const char* variable) {
  const char* given = std::getenv(variable);
  const std::string url = given == nullptr ? "" : given;
  const std::size_t slash =
      url.find('/', url.find("//") == std::string::npos ? 0 : url.find("//") + 2);
  return slash == std::string::npos ? url : url.substr(0, slash);
}

std::unique_ptr<Connection> connect(const std::string& url) {
  auto opened = Connection::open(url, soon());
  if (opened) return std::move(*opened);
  ADD_FAILURE() << "PARLEY_TEST_POSTGRES must name a PostgreSQL where databases may be made: "
                << opened.error().text;
  std::abort();
}

void execute(Connection& connection, const std::string& sql) {
  auto done = connection.execute(sql, soon());
  EXPECT_TRUE(done.has_value()) << done.error().text;
}

std::uint64_t number(Connection& connection, const char* sql) {
  auto table = connection.ask({sql, {}}, soon());
  EXPECT_TRUE(table.has_value()) << table.error().text;
  return table ? std::stoull(std::string(table->at(0, 0))) : 0;
}

// A database of its own for one case.
class PostgresStorage final : public Storage {
 public:
  PostgresStorage() {
    static int count = 0;
    name_ = "parley_test_" + std::to_string(::getpid()) + "_" + std::to_string(++count);
    execute(*administrator_, "CREATE DATABASE " + name_);
  }
  ~PostgresStorage() override {
    execute(*administrator_, "DROP DATABASE " + name_ + " WITH (FORCE)");
  }
  PostgresStorage(const PostgresStorage&) = delete;
  PostgresStorage& operator=(const PostgresStorage&) = delete;

  std::unique_ptr<Store> open() override { return open_at(url(), PoolLimits{}.index_every); }
  std::unique_ptr<Store> open_at(const std::string& url, std::chrono::milliseconds index_every,
                                 std::vector<std::string> replicas = {}) {
    auto store = open_postgres(
        {.url = url,
         .replicas = std::move(replicas),
         .limits = {
             .writers = 4, .index_every = index_every, .timeout = std::chrono::seconds{20}}});
    EXPECT_TRUE(store.has_value()) << store.error().detail;
    return std::move(*store);
  }
  [[nodiscard]] bool shared() const override { return true; }

  [[nodiscard]] std::string url() const { return base() + "/" + name_; }
  // The same database, by way of another port.
  [[nodiscard]] std::string url_through(std::uint16_t port) const {
    const std::string all = url();
    const std::size_t colon = all.rfind(':');
    return all.substr(0, colon + 1) + std::to_string(port) + all.substr(all.find('/', colon));
  }
  [[nodiscard]] static std::uint16_t port() {
    const std::string all = base();
    return static_cast<std::uint16_t>(std::stoi(all.substr(all.rfind(':') + 1)));
  }
  [[nodiscard]] const std::string& name() const { return name_; }
  // Every connection of the stores, as a restart of the database ends them.
  void end_connections() {
    execute(
        *administrator_,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '" + name_ + "'");
  }

 private:
  static std::string base() { return server_at("PARLEY_TEST_POSTGRES"); }

  std::string name_;
  std::unique_ptr<Connection> administrator_ = connect(base() + "/postgres");
};

std::unique_ptr<Storage> new_postgres_storage() { return std::make_unique<PostgresStorage>(); }

INSTANTIATE_TEST_SUITE_P(Postgres, Conformance, testing::Values(&new_postgres_storage));

TEST(Postgres, is_migrated_once_by_many_that_start_together) {
  PostgresStorage storage;
  constexpr int starters = 6;
  std::barrier together(starters);
  std::vector<std::thread> threads;
  std::vector<std::uint32_t> numbers(starters);
  for (int i = 0; i < starters; ++i)
    threads.emplace_back([&, i] {
      together.arrive_and_wait();
      numbers[static_cast<std::size_t>(i)] = storage.open()->beginning().store;
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(numbers, testing::Each(numbers.front()));
  auto connection = connect(storage.url());
  EXPECT_EQ(number(*connection, "SELECT count(*) FROM lanes"),
            storage.open()->beginning().lanes.size());
  const auto status = postgres_migration_status(storage.url());
  EXPECT_EQ(status->version, status->newest);
}

// What engines that spread tables over machines need (docs/operate/scale.md).
TEST(Postgres, every_key_of_a_hot_table_begins_with_the_conversation_or_the_person) {
  PostgresStorage storage;
  storage.open().reset();
  const auto connection = connect(storage.url());
  EXPECT_EQ(number(*connection,
                   "SELECT count(*) FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid "
                   "WHERE i.indisunique AND t.relname IN ('log', 'members', 'edits', "
                   "'once', 'directs', 'blocks')"),
            6U);
  EXPECT_EQ(number(*connection,
                   "SELECT count(*) FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid "
                   "JOIN pg_namespace n ON n.oid = t.relnamespace AND n.nspname = 'public' "
                   "JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = i.indkey[0] "
                   "WHERE i.indisunique AND t.relname NOT IN ('store', 'lanes', 'schema_version', "
                   "'text_index_marks', 'records') AND a.attname <> CASE t.relname "
                   "WHEN 'conversations' THEN 'id' WHEN 'once' THEN 'user_id' "
                   "WHEN 'blocks' THEN 'blocker' WHEN 'directs' THEN 'low' "
                   "ELSE 'conversation_id' END"),
            0U);
}

TEST(Postgres, refuses_a_newer_schema_and_leaves_it_alone) {
  PostgresStorage storage;
  storage.open().reset();
  execute(*connect(storage.url()), "INSERT INTO schema_version (version) VALUES (1000)");
  auto refused = open_postgres({.url = storage.url(), .limits = {}});
  ASSERT_FALSE(refused.has_value());
  EXPECT_THAT(refused.error().detail, testing::HasSubstr("1000"));
  EXPECT_EQ(postgres_migration_status(storage.url())->version, 1000);
}

// As after a migration, or when tokens are other ones than those that were kept.
TEST(Postgres, finds_texts_while_their_index_is_being_made) {
  PostgresStorage storage;
  const auto id = new_conversation_id();
  auto named = [id](Session& session) {
    auto ask = [id](Reader& reader) { return reader.maybe_hits(id, {"marmalade"}, {}, 100); };
    return std::ranges::count(session.ask(ask).messages, "marmalade", &Message::text);
  };
  auto behind = [](Reader& reader) { return reader.not_indexed(); };
  {
    Session session(storage);
    session.commit(make_group(id, "anna"));
    session.commit(say(id, "anna", "marmalade"));
    while (session.ask(behind) != 0) {
    }
  }
  const auto connection = connect(storage.url());
  execute(*connection, "UPDATE text_index_marks SET tokens_version = 0; DELETE FROM text_index");
  Session session(storage);
  while (number(*connection, "SELECT count(*) FROM text_index") == 0) EXPECT_EQ(named(session), 1);
  while (session.ask(behind) != 0) {
  }
  EXPECT_EQ(named(session), 1);
}

TEST(Postgres, says_why_it_cannot_be_reached_and_not_the_password) {
  auto status = postgres_migration_status("postgres://anna:secret@127.0.0.1:1/none");
  ASSERT_FALSE(status.has_value());
  EXPECT_THAT(status.error().detail, testing::HasSubstr("can't be reached"));
  EXPECT_THAT(status.error().detail, testing::Not(testing::HasSubstr("secret")));
}

// What nobody could know (was it committed before the connection went?) is found out: every message is there once.
TEST(Postgres, ended_connections_lose_and_repeat_nothing) {
  PostgresStorage storage;
  Session session(storage);
  const auto id = new_conversation_id(1), other = new_conversation_id(2);
  session.commit(make_group(id, "anna", {"ben"}));
  session.commit(make_group(other, "anna", {"ben"}));
  for (int round = 0; round < 15; ++round) {
    for (int i = 0; i < 100; ++i)
      session.submit(say(i % 2 == 0 ? id : other, "anna", std::to_string(round * 100 + i)));
    storage.end_connections();
    session.head();  // reading goes on, too
    for (const Committed& fate : session.settle()) EXPECT_EQ(fate.outcome, Outcome::committed);
  }
  std::vector<std::string> texts;
  for (const auto& one : {id, other})
    for (const EventRef& event : session.log(one))
      if (event->message) texts.push_back(event->message->text);
  std::ranges::sort(texts, {}, [](const std::string& text) { return std::stoi(text); });
  ASSERT_EQ(texts.size(), 1'500U);
  for (std::size_t i = 0; i < texts.size(); ++i) ASSERT_EQ(texts[i], std::to_string(i));
  EXPECT_EQ(session.unread(id, "ben"), 750U);
}

// The connection goes at each moment of a commit: with the request on its way, and with the answer on its way.
TEST(Postgres, a_commit_whose_answer_is_lost_is_found_out) {
  PostgresStorage storage;
  CuttingProxy proxy(PostgresStorage::port());
  storage.open().reset();  // migrated
  struct Through final : Storage {
    Through(PostgresStorage& storage, std::string url) : storage_(storage), url_(std::move(url)) {}
    // Only what commits is to be cut.
    std::unique_ptr<Store> open() override {
      return storage_.open_at(url_, std::chrono::milliseconds{0});
    }
    PostgresStorage& storage_;
    std::string url_;
  } through(storage, storage.url_through(proxy.port()));
  Session session(through);
  const auto id = new_conversation_id();
  session.commit(make_group(id, "anna", {"ben"}));
  for (int i = 0; i < 3; ++i)
    session.commit(say(id, "anna"));  // so that its statements are prepared
  std::size_t said = 3;
  for (int round = 0; round < 6; ++round)
    for (bool delivered : {true, false})
      for (int request : {1, 2}) {  // the lock and the questions; the writes and COMMIT
        const int before = proxy.cuts();
        proxy.cut_at_request(request, delivered);
        const Committed fate = session.commit(say(id, "anna", std::to_string(++said)));
        EXPECT_EQ(proxy.cuts(), before + 1);
        EXPECT_EQ(fate.outcome, Outcome::committed);
        EXPECT_EQ(fate.seq, Seq{said + 1});
        session.commit(say(id, "anna", std::to_string(++said)));
      }
  const auto log = session.log(id);
  ASSERT_EQ(log.size(), said + 1);
  for (std::size_t i = 4; i < log.size(); ++i) EXPECT_EQ(log[i]->message->text, std::to_string(i));
  EXPECT_EQ(session.unread(id, "ben"), said);
}

std::string replica_server() { return server_at("PARLEY_TEST_POSTGRES_REPLICA"); }

double browsed_by(const char* who) {
  return metrics::counter("parley_browsed_total",
                          "Questions that a replica may answer, by who answered them",
                          {{"by", who}})
      .Value();
}

// A database of which a streaming replica is there, too.
class Replicated final : public Storage {
 public:
  Replicated() : Replicated(replica_server()) {
    while (!postgres::Connection::open(url_of_replica(), soon())) {  // it is made there, too
    }
  }
  // Whatever that server has under the same name.
  explicit Replicated(std::string server) : server_(std::move(server)) {}

  std::unique_ptr<Store> open() override {
    return primary.open_at(primary.url(), PoolLimits{}.index_every, {url_of_replica()});
  }
  [[nodiscard]] bool shared() const override { return true; }
  [[nodiscard]] bool browsed() const override { return true; }
  [[nodiscard]] std::string url_of_replica() const { return server_ + "/" + primary.name(); }

  PostgresStorage primary;

 private:
  std::string server_;
};

std::unique_ptr<Storage> new_replicated() { return std::make_unique<Replicated>(); }

INSTANTIATE_TEST_SUITE_P(PostgresWithReplica, Conformance, testing::Values(&new_replicated));

TEST(PostgresReplica, answers_what_is_browsed_and_has_what_was_just_committed) {
  Replicated storage;
  Session session(storage);
  const auto id = new_conversation_id();
  session.commit(make_group(id, "anna"));
  const double before = browsed_by("replica");
  std::uint64_t said = 1;  // the group's own event
  // Until it has answered many times, also where a slow machine lets it fall behind in between.
  while (browsed_by("replica") < before + 50) {
    session.commit(say(id, "anna"));
    ASSERT_EQ(session.conversation(id).last_seq, Seq{++said});
  }
}

TEST(PostgresReplica, gone_in_the_middle_of_a_question_the_primary_answers_it_from_the_beginning) {
  Replicated storage;
  Session session(storage);
  const auto id = new_conversation_id();
  session.commit(make_group(id, "anna"));
  for (const double before = browsed_by("replica"); browsed_by("replica") == before;)
    session.head();
  const auto administrator = connect(replica_server() + "/postgres");
  const std::string end_all =
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '" +
      storage.primary.name() + "'";
  int lost = 0;
  auto ask = [&](Reader& reader) -> Result<std::optional<Conversation>> {
    TRY_DO(reader.head());
    if (lost == 0) execute(*administrator, end_all);
    auto found = reader.conversation(id);
    if (reader.replica_lost()) ++lost;
    return found;
  };
  while (lost == 0) EXPECT_EQ(session.ask(ask)->last_seq, Seq{1});
  EXPECT_EQ(lost, 1);
}

TEST(PostgresReplica, of_another_database_is_never_asked) {
  Replicated other;
  other.open().reset();  // a store of its own
  PostgresStorage storage;
  struct Mistaken final : Storage {
    Mistaken(PostgresStorage& of, std::string replica) : of_(of), replica_(std::move(replica)) {}
    std::unique_ptr<Store> open() override {
      return of_.open_at(of_.url(), PoolLimits{}.index_every, {replica_});
    }
    [[nodiscard]] bool browsed() const override { return true; }
    PostgresStorage& of_;
    std::string replica_;
  } mistaken(storage, other.url_of_replica());
  Session session(mistaken);
  const double by_primary = browsed_by("primary"), by_replica = browsed_by("replica");
  for (int i = 0; i < 50; ++i) session.head();
  EXPECT_EQ(browsed_by("replica"), by_replica);
  EXPECT_EQ(browsed_by("primary"), by_primary + 50);
}

TEST(PostgresReplica, that_is_a_primary_or_not_there_is_passed_over) {
  for (const std::string& server :
       {server_at("PARLEY_TEST_POSTGRES"), std::string("postgres://postgres@127.0.0.1:1")}) {
    Replicated storage(server);
    Session session(storage);
    const double by_primary = browsed_by("primary"), by_replica = browsed_by("replica");
    for (int i = 0; i < 50; ++i) session.head();
    EXPECT_EQ(browsed_by("replica"), by_replica) << server;
    EXPECT_EQ(browsed_by("primary"), by_primary + 50) << server;
  }
}

}  // namespace
}  // namespace parley::store
