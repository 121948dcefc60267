#include "store/mongo/mongo.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <thread>

#include "store/conformance/changes.h"
#include "store/conformance/cutting_proxy.h"
#include "store/conformance/session.h"
#include "store/mongo/collections.h"
#include "store/mongo/connection.h"
#include "store/mongo/session.h"
#include "store/mongo/writes.h"

namespace parley::store {
namespace {

using mongo::Connection;
using mongo::Doc;
using mongo::Fields;
using mongo::Pool;
using testing::HasSubstr;

// Where the tests' own server is, which they need: without it they fail.
std::string server_uri() {
  const char* uri = std::getenv("PARLEY_TEST_MONGO");
  if (uri != nullptr) return uri;
  ADD_FAILURE() << "PARLEY_TEST_MONGO must name a MongoDB: mongodb://127.0.0.1:PORT";
  std::abort();
}

// A database of its own for one case.
class MongoStorage final : public Storage {
 public:
  MongoStorage() {
    static int count = 0;
    uri_ =
        server_uri() + "/parley_test_" + std::to_string(::getpid()) + "_" + std::to_string(++count);
  }
  ~MongoStorage() override {
    auto dropped = connect()->write(Doc().put("dropDatabase", 1), mongo::Safety::written);
    EXPECT_TRUE(dropped.has_value()) << dropped.error().text;
  }
  MongoStorage(const MongoStorage&) = delete;
  MongoStorage& operator=(const MongoStorage&) = delete;

  [[nodiscard]] bool indexed() const override { return false; }
  std::unique_ptr<Store> open() override {
    auto store = open_mongo(options());
    EXPECT_TRUE(store.has_value()) << store.error().detail;
    return std::move(*store);
  }
  [[nodiscard]] MongoOptions options() const { return options_at(uri_); }
  static MongoOptions options_at(const std::string& uri) {
    return {.uri = uri, .messages = "messages", .limits = {.timeout = std::chrono::seconds{20}}};
  }
  // The same database, by way of another port.
  [[nodiscard]] std::string uri_through(std::uint16_t port) const {
    const std::size_t colon = uri_.rfind(':');
    return uri_.substr(0, colon + 1) + std::to_string(port) + uri_.substr(uri_.find('/', colon));
  }
  [[nodiscard]] static std::uint16_t port() {
    const std::string uri = server_uri();
    return static_cast<std::uint16_t>(std::stoi(uri.substr(uri.rfind(':') + 1)));
  }
  [[nodiscard]] std::shared_ptr<Pool> pool(std::size_t connections) const {
    auto pool = Pool::open({uri_, "messages", std::chrono::seconds{5}}, connections);
    EXPECT_TRUE(pool.has_value());
    return *pool;
  }
  [[nodiscard]] std::unique_ptr<Connection> connect() const {
    return std::make_unique<Connection>(pool(1));
  }

 private:
  std::string uri_;
};

std::unique_ptr<Storage> new_mongo_storage() { return std::make_unique<MongoStorage>(); }

INSTANTIATE_TEST_SUITE_P(Mongo, Conformance, testing::Values(&new_mongo_storage));

std::string refusal(const MongoOptions& options) {
  auto store = open_mongo(options);
  return store ? "" : store.error().detail;
}

std::string json(const bson_t* doc) {
  char* text = bson_as_canonical_extended_json(doc, nullptr);
  std::string copy(text);
  bson_free(text);
  return copy;
}

// What others read there, without what is this store's own.
std::string as_others_read_it(Connection& connection, const char* collection, const Doc& filter) {
  std::string found;
  EXPECT_TRUE(connection.each(collection, filter, Doc().put("projection", Doc().put("parley", 0)),
                              [&](Fields doc) { found += json(Doc(doc).raw()); }));
  return found;
}

std::size_t count_of(Connection& connection, const char* collection) {
  return connection.count(collection, {}).value_or(999);
}

// A store that goes through the proxy.
struct Through final : Storage {
  explicit Through(std::string its_uri, std::chrono::seconds its_timeout = std::chrono::seconds{20})
      : uri(std::move(its_uri)), timeout(its_timeout) {}
  [[nodiscard]] bool indexed() const override { return false; }
  std::unique_ptr<Store> open() override {
    auto options = MongoStorage::options_at(uri);
    options.limits.timeout = timeout;
    auto store = open_mongo(options);
    EXPECT_TRUE(store.has_value()) << store.error().detail;
    return std::move(*store);
  }
  std::string uri;
  std::chrono::seconds timeout;
};

// A batch of every kind of writing, on messages that were there before.
class Scene {
 public:
  explicit Scene(Storage& storage) {
    Session session(storage);
    session.commit(make_group(id_, "anna", {"ben", "cleo"}));
    for (const char* text : {"one", "two", "three"})
      said_.push_back(*session.commit(say(id_, "anna", text)).events.front()->message);
    session.commit(react(said_[0], "cleo", "x"));
    session.commit(edit(said_[0], "one, better"));
    session.commit(read_upto(id_, "cleo", 2));
  }
  [[nodiscard]] std::vector<Change> batch() const {
    std::vector<Change> all;
    all.push_back(say_once(id_, "ben", "key", "four"));
    all.push_back(erase(said_[0], "anna"));
    all.push_back(edit(said_[1], "two, better"));
    all.push_back(react(said_[2], "ben", "y"));
    all.push_back(pin(said_[2], "anna"));
    all.push_back(erase(said_[2], "anna"));
    all.push_back(read_only(id_, "ben", said_[1].seq.value));
    all.push_back(add(id_, "anna", "dora"));
    all.push_back(remove(id_, "anna", "cleo"));
    all.push_back(say(id_, "anna", "five"));
    all.push_back(set_block("ben", "cleo", true));
    all.push_back(set_record({"space", "anna", "key", "{}", {}}));
    all.push_back(make_direct(new_conversation_id(), "anna", "ben"));
    return all;
  }
  // What anybody could see of it.
  [[nodiscard]] std::string seen(Session& session) const {
    std::string all;
    for (const EventRef& event : session.log(id_))
      all += std::to_string(event->seq.value) + '@' + std::to_string(event->position.at) + ' ' +
             std::string(name_of(event->kind)) + ' ' +
             (event->message ? event->message->text : "") + '\n';
    for (const char* user : {"anna", "ben", "cleo"}) {
      const Member member = session.member(id_, user);
      all += member.user.text + ' ' + std::to_string(member.unread_base) + ' ' +
             std::to_string(member.read_seq.value) + ' ' + member.read_beyond.text() + ' ' +
             std::to_string(session.unread(id_, user)) + '\n';
    }
    all += std::to_string(
        session.ask([](Reader& reader) { return reader.memberships({"ben"}); }).size());
    for (const Message& message : said_) {
      const auto edits = session.ask([&](Reader& reader) { return reader.edits(message.id); });
      const auto reactions = session.ask(
          [&](Reader& reader) { return reader.reactions(id_, message.seq, message.seq); });
      all += ' ' + std::to_string(edits.size()) + ' ' + std::to_string(reactions.size());
    }
    all += session.commit(say_once(id_, "ben", "key", "four")).outcome == Outcome::repeated
               ? " known"
               : " new";
    return all + ' ' + std::to_string(session.head().lanes.front());
  }

 private:
  ConversationId id_ = new_conversation_id();
  std::vector<Message> said_;
};

// Commits the batch as the writer does, and stops after so many of its statements. How many there are.
std::size_t record_and_stop(const MongoStorage& storage, std::vector<Change> changes,
                            std::size_t carried_out) {
  mongo::Shared shared;
  shared.pool = storage.pool(1);
  Connection connection(shared.pool);
  EXPECT_TRUE(shared.lease.take(connection));
  const auto now = shared.journal.settle(connection);
  EXPECT_TRUE(now);
  std::vector<Submission> submissions;
  for (Change& change : changes) submissions.push_back({std::move(change), {}, {}});
  std::vector<const Submission*> batch;
  for (const Submission& one : submissions) batch.push_back(&one);
  mongo::MongoBefore before(connection);
  EXPECT_TRUE(before.load(batch));
  Plan plan(before, 1, {{0, now->position}});
  for (const Submission* one : batch) EXPECT_TRUE(plan.apply(one->change, one->origin));
  const Writes writes = plan.take();
  auto statements = mongo::statements_of(writes, before, "messages", now->batch + 1);
  mongo::add_place(statements, {now->batch + 1, writes.heads.at(0)});
  EXPECT_TRUE(shared.journal.record(connection, now->batch + 1, statements,
                                    std::chrono::steady_clock::now()));
  const std::span all(statements.all());
  const auto some = all.first(std::min(carried_out, all.size()));
  if (!some.empty()) EXPECT_TRUE(mongo::carry_out(connection, shared.lease, some));
  shared.lease.release(connection);
  return all.size();
}

// The process ends after the commit, at each moment of what follows it.
TEST(Mongo, what_was_recorded_is_there_however_far_it_was_carried_out) {
  std::string expected;
  {
    MongoStorage storage;
    const Scene scene(storage);
    Session session(storage);
    for (const Committed& fate : session.commit_together(scene.batch()))
      EXPECT_EQ(fate.outcome, Outcome::committed);
    expected = scene.seen(session);
  }
  std::size_t statements = 1;
  for (std::size_t done = 0; done <= statements; ++done) {
    MongoStorage storage;
    const Scene scene(storage);
    statements = record_and_stop(storage, scene.batch(), done);
    Session session(storage);
    ASSERT_EQ(scene.seen(session), expected) << "after " << done << " statements";
  }
  EXPECT_GT(statements, 20U);
}

// What was recorded is found again, and so is nothing else, when the connection goes: with a request on its way, with an
// answer on its way, at each moment of a commit.
TEST(Mongo, a_commit_survives_the_loss_of_its_connection_at_each_moment) {
  MongoStorage storage;
  CuttingProxy proxy(MongoStorage::port());
  Through through(storage.uri_through(proxy.port()));
  Session session(through);
  const auto id = new_conversation_id();
  session.commit(make_group(id, "anna", {"ben"}));
  std::size_t said = 0;
  for (bool delivered : {true, false})
    for (int request = 1; request <= 7; ++request) {
      const int before = proxy.cuts();
      proxy.cut_at_request(request, delivered);
      while (proxy.cuts() == before) {
        const Committed fate = session.commit(say(id, "anna", std::to_string(++said)));
        ASSERT_EQ(fate.outcome, Outcome::committed);
        ASSERT_EQ(fate.seq, Seq{said + 1});
      }
    }
  const auto log = session.log(id);
  ASSERT_EQ(log.size(), said + 1);
  for (std::size_t i = 1; i < log.size(); ++i) EXPECT_EQ(log[i]->message->text, std::to_string(i));
  EXPECT_EQ(session.unread(id, "ben"), said);
}

TEST(Mongo, a_server_that_is_away_is_told_in_time_and_comes_back_by_itself) {
  MongoStorage storage;
  CuttingProxy proxy(MongoStorage::port());
  Through through(storage.uri_through(proxy.port()), std::chrono::seconds{2});
  Session session(through);
  const auto id = new_conversation_id();
  session.commit(make_group(id, "anna"));
  proxy.be_away(true);
  while (session.health().up) std::this_thread::yield();  // until its last connection is gone
  const Instant begun = std::chrono::steady_clock::now();
  const auto asked = session.try_ask([&](Reader& reader) { return reader.conversation(id); });
  ASSERT_FALSE(asked.has_value());
  EXPECT_EQ(asked.error().code, Code::unavailable);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds{10});
  proxy.be_away(false);
  while (!session.health().up) std::this_thread::yield();
  EXPECT_EQ(session.commit(say(id, "anna")).outcome, Outcome::committed);
}

TEST(Mongo, a_batch_that_is_too_large_for_a_document_is_one_commit) {
  MongoStorage storage;
  const auto id = new_conversation_id();
  {
    Session session(storage);
    session.commit(make_group(id, "anna"));
  }
  std::vector<Change> changes;
  constexpr std::size_t messages = 40;
  for (std::size_t i = 0; i < messages; ++i)
    changes.push_back(say(id, "anna", std::string(500'000, static_cast<char>('a' + i % 26))));
  record_and_stop(storage, std::move(changes), 7);
  {
    auto connection = storage.connect();
    EXPECT_EQ(count_of(*connection, mongo::parts_collection), 2U);
  }
  Session session(storage);
  const auto log = session.log(id);
  ASSERT_EQ(log.size(), messages + 1);
  for (std::size_t i = 1; i < log.size(); ++i)
    EXPECT_EQ(log[i]->message->text, std::string(500'000, static_cast<char>('a' + (i - 1) % 26)));
}

TEST(Mongo, the_journal_forgets_what_was_carried_out) {
  MongoStorage storage;
  {
    Session session(storage);
    session.commit(make_group(new_conversation_id(), "anna"));
  }
  EXPECT_EQ(count_of(*storage.connect(), mongo::journal_collection), 0U);
}

TEST(Mongo, others_read_messages_and_conversations_in_their_own_words) {
  MongoStorage storage;
  Session session(storage);
  const auto id = new_conversation_id();
  Change make = make_group(id, "mia", {"ben", "anna"});
  make.creates->name = "Team";
  session.commit(make);
  Change hello = say(id, "mia", "hello ben");
  hello.events.front().message->mentions = {Mention{{"ben"}, 6, 3}};
  const Message first = *session.commit(hello).events.front()->message;
  session.commit(read_upto(id, "ben", 2));
  session.commit(remove(id, "mia", "anna"));
  const Message second = *session.commit(say(id, "ben", "hi")).events.front()->message;
  session.commit(edit(second, "hi!"));
  auto connection = storage.connect();
  const auto oid = [](const auto& some) { return R"({ "$oid" : ")" + hex24(some.bytes) + "\" }"; };
  const auto date = [](Time at) {
    return R"({ "$date" : { "$numberLong" : ")" + std::to_string(to_micros(at) / 1000) + "\" } }";
  };
  const Member ben = session.member(id, "ben");
  EXPECT_EQ(as_others_read_it(*connection, "messages", Doc().put("_id", first.id)),
            R"({ "_id" : )" + oid(first.id) + R"(, "conversation_id" : )" + oid(id) +
                R"(, "sender_id" : "mia", "sender" : "mia", "content" : "hello ben", )"
                R"("message_type" : "TEXT", "mentions" : [ "ben" ], "created_at" : )" +
                date(first.created_at) +
                R"(, "participants" : [ "anna", "ben", "mia" ], "delivery_status" : )"
                R"({ "read_by" : [ { "user_id" : "ben", "read_at" : )" +
                date(ben.read_at) + " } ] } }");
  const std::string later = as_others_read_it(*connection, "messages", Doc().put("_id", second.id));
  EXPECT_THAT(later, HasSubstr(R"("content" : "hi!")"));
  EXPECT_THAT(later, HasSubstr(R"("participants" : [ "ben", "mia" ])"));
  const Conversation row = session.conversation(id);
  EXPECT_EQ(as_others_read_it(*connection, "conversations", Doc().put("_id", id)),
            R"({ "_id" : )" + oid(id) + R"(, "type" : "GROUP", "name" : "Team", "created_at" : )" +
                date(row.created_at) + R"(, "updated_at" : )" + date(row.updated_at) +
                R"(, "participants" : [ "ben", "mia" ], "last_message" : { "content" : "hi!", )"
                R"("sender_id" : "ben", "timestamp" : )" +
                date(second.created_at) + " } }");
}

TEST(Mongo, others_read_the_user_cache_of_pulse) {
  MongoStorage storage;
  Session session(storage);
  const char* profile =
      R"({"username":"mia","display_name":"Mia","avatar_url":"","verified":true,"told_at_us":1})";
  const Change change = set_record({"pulse.users", "u-1", "profile", profile, {}});
  session.commit(change);
  auto connection = storage.connect();
  EXPECT_EQ(as_others_read_it(*connection, "user_cache", {}),
            R"({ "_id" : "u-1", "username" : "mia", "display_name" : "Mia", "avatar_url" : "", )"
            R"("verified" : true, "last_synced" : { "$date" : { "$numberLong" : ")" +
                std::to_string(to_micros(change.at) / 1000) + R"(" } } })");
  session.commit(set_record({"pulse.users", "u-1", "profile", std::nullopt, {}}));
  EXPECT_EQ(count_of(*connection, "user_cache"), 0U);
}

TEST(Mongo, participants_are_listed_as_long_as_they_are_few) {
  MongoStorage storage;
  Session session(storage);
  const auto id = new_conversation_id();
  Names many;
  for (std::uint32_t i = 0; i < mongo::participants_kept_up_to; ++i)
    many.push_back("user" + std::to_string(i));
  session.commit(make_group(id, "anna", many));
  auto connection = storage.connect();
  auto listed = [&](const char* collection, const Doc& filter) {
    std::size_t count = 0;
    EXPECT_TRUE(connection->each(collection, filter, {},
                                 [&](Fields doc) { count = doc.texts("participants").size(); }));
    return count;
  };
  const auto said = [&] { return session.commit(say(id, "anna")).events.front()->id; };
  EXPECT_EQ(listed("messages", Doc().put("_id", said())), 0U);
  EXPECT_EQ(listed("conversations", Doc().put("_id", id)), 0U);
  session.commit(remove(id, "anna", "user7"));
  EXPECT_EQ(listed("messages", Doc().put("_id", said())), mongo::participants_kept_up_to);
  EXPECT_EQ(listed("conversations", Doc().put("_id", id)), mongo::participants_kept_up_to);
}

TEST(Mongo, refuses_a_second_process_on_its_database) {
  MongoStorage storage;
  {
    Session session(storage);
    EXPECT_THAT(refusal(storage.options()), HasSubstr("another process serves this database"));
  }
  EXPECT_EQ(refusal(storage.options()), "");
}

TEST(Mongo, an_owner_that_surely_is_dead_is_not_waited_for) {
  MongoStorage storage;
  storage.open().reset();
  auto connection = storage.connect();
  // This process's number, but another start: as after a restart that was given the same one.
  const Doc dead = Doc().put("owner", "somebody").put("start", "1");
  ASSERT_TRUE(connection->update(mongo::store_collection, Doc().put("_id", "lease"),
                                 Doc().put("$set", dead), mongo::Safety::written));
  const Instant begun = std::chrono::steady_clock::now();
  EXPECT_EQ(refusal(storage.options()), "");
  EXPECT_LT(std::chrono::steady_clock::now() - begun, mongo::Lease::patience);
}

TEST(Mongo, whoever_was_taken_over_serves_no_more) {
  MongoStorage storage;
  Session session(storage);
  const auto id = new_conversation_id();
  session.commit(make_group(id, "anna"));
  ASSERT_TRUE(storage.connect()->update(mongo::store_collection, Doc().put("_id", "lease"),
                                        Doc().put("$set", Doc().put("owner", "somebody")),
                                        mongo::Safety::written));
  while (session.health().up) std::this_thread::yield();  // until its next beat
  const auto asked = session.try_ask([&](Reader& reader) { return reader.conversation(id); });
  ASSERT_FALSE(asked.has_value());
  EXPECT_EQ(asked.error().code, Code::unavailable);
}

TEST(Mongo, refuses_a_newer_schema_and_leaves_it_alone) {
  MongoStorage storage;
  storage.open().reset();
  ASSERT_TRUE(storage.connect()->update(mongo::store_collection, Doc().put("_id", "store"),
                                        Doc().put("$set", Doc().put("version", 1000)),
                                        mongo::Safety::written));
  EXPECT_THAT(refusal(storage.options()), HasSubstr("1000"));
  EXPECT_EQ(mongo_migration_status(storage.options())->version, 1000);
}

TEST(Mongo, says_why_it_cannot_be_reached_and_not_the_password) {
  MongoOptions options{"mongodb://anna:secret@127.0.0.1:1/none", "messages", {}};
  options.limits.timeout = std::chrono::milliseconds{500};
  options.patience = {};
  EXPECT_THAT(refusal(options), HasSubstr("can't be reached"));
  auto status = mongo_migration_status(options);
  ASSERT_FALSE(status.has_value());
  EXPECT_THAT(status.error().detail, HasSubstr("can't be reached"));
  EXPECT_THAT(status.error().detail, testing::Not(HasSubstr("secret")));
  EXPECT_THAT(refusal({"mongodb://anna:se%cret@h", "messages", {}}),
              testing::AllOf(HasSubstr("can't be read"), testing::Not(HasSubstr("cret@"))));
}

}  // namespace
}  // namespace parley::store
