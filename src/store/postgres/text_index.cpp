#include "store/postgres/text_index.h"

#include <chrono>
#include <map>

#include "store/postgres/rows.h"
#include "store/postgres/schema.h"

namespace parley::store::postgres {
namespace {

constexpr std::size_t events_at_once = 1'000;
// Who stops the process waits for a step.
constexpr std::chrono::seconds connected_within{1};
constexpr std::chrono::seconds answered_within{8};

Instant soon() { return std::chrono::steady_clock::now() + answered_within; }

// FNV-1a. It is kept in the database: to change it is to raise tokens_version.
std::int32_t number_of(std::string_view token) {
  std::uint32_t hash = 2166136261U;
  for (const char c : token) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 16777619U;
  }
  return static_cast<std::int32_t>(hash);
}

void add_number(std::string& all, std::string_view token) {
  if (!all.empty()) all += ',';
  all += std::to_string(number_of(token));
}

std::string numbers_kept(std::string_view text) {
  std::string all;
  each_token(token_line(text), [&](std::string_view token) { add_number(all, token); });
  return '{' + all + '}';
}

// What the batch's events say of messages, as these stand now.
class Rows {
 public:
  void add(const Message& message) {
    messages_.insert_or_assign({message.conversation, message.seq}, message);
  }
  void add_queries(std::vector<Query>& queries) const {
    Array in, at, tokens, gone_in, gone_at;
    for (const auto& [place, message] : messages_) {
      const bool searched = !message.gone() && !message.sealed && !message.text.empty();
      (searched ? in : gone_in).add(place.first);
      (searched ? at : gone_at).add(place.second);
      if (searched) tokens.add(numbers_kept(message.text));
    }
    if (!in.empty())
      queries.push_back(
          {"INSERT INTO text_index (conversation_id, seq, tokens) SELECT c, s, t::int4[] FROM "
           "unnest($1::uuid[], $2::int8[], $3::text[]) AS r (c, s, t) ON CONFLICT "
           "(conversation_id, seq) DO UPDATE SET tokens = excluded.tokens",
           {in.take(), at.take(), tokens.take()}});
    if (!gone_in.empty())
      queries.push_back(
          {"DELETE FROM text_index WHERE (conversation_id, seq) IN (SELECT * FROM "
           "unnest($1::uuid[], $2::int8[]))",
           {gone_in.take(), gone_at.take()}});
  }

 private:
  std::map<Place, Message> messages_;
};

}  // namespace

std::string numbers_of(const Tokens& tokens) {
  std::string all;
  for (const std::string& token : tokens) add_number(all, token);
  return '{' + all + '}';
}

Result<void> check_text_index(Connection& connection, Instant deadline) {
  auto done = connection.ask({"UPDATE text_index_marks SET position = 0, tokens_version = $1::int4 "
                              "WHERE tokens_version <> $1::int4",
                              {std::to_string(tokens_version)}},
                             deadline);
  if (!done) return fail(unavailable(done.error(), "looking at the text index"));
  return {};
}

Result<bool> TextIndexer::step() {
  Connection* connection = link_.get(std::chrono::steady_clock::now() + connected_within);
  if (connection == nullptr) return fail(Code::unavailable, "the database can't be reached");
  auto done = take_in(*connection);
  if (done) return *done;
  link_.drop();  // and with it what was begun
  return fail(Code::unavailable, done.error().text);
}

std::expected<bool, Failure> TextIndexer::take_in(Connection& connection) {
  auto behind = connection.ask({"SELECT m.lane FROM text_index_marks m JOIN lanes l USING (lane) "
                                "WHERE l.position > m.position",
                                {}},
                               soon());
  if (!behind) return Failed(std::move(behind).error());
  bool more = false;
  for (int i = 0; i < behind->rows(); ++i) {
    auto taken = take_in(connection, std::string(behind->at(i, 0)));
    if (!taken) return taken;
    more = more || *taken;
  }
  return more;
}

// Where the lane stood when its mark was taken is how far the batch may go: each statement sees what was committed before it.
std::expected<bool, Failure> TextIndexer::take_in(Connection& connection, const std::string& lane) {
  const Query begin[] = {
      {"BEGIN", {}},
      {"SELECT m.position, l.position FROM text_index_marks m JOIN lanes l USING (lane) WHERE "
       "lane = $1::int2 FOR UPDATE OF m SKIP LOCKED",
       {lane}}};
  auto begun = connection.exchange(begin, soon());
  if (!begun) return Failed(std::move(begun).error());
  const Table& marks = (*begun)[1];
  std::vector<Query> writes;
  bool more = false;
  if (marks.rows() == 1) {  // else another process is at it
    auto log = connection.ask(
        {"SELECT " PARLEY_PG_LOG("") " FROM log WHERE get_byte(uuid_send(conversation_id), 12) % "
                                     "16 = $1::int4 AND position > $2::int8 AND position <= "
                                     "$3::int8 ORDER BY position LIMIT $4::int8",
         {lane, std::string(marks.at(0, 0)), std::string(marks.at(0, 1)),
          std::to_string(events_at_once)}},
        soon());
    if (!log) return Failed(std::move(log).error());
    Rows rows;
    Array amended;
    std::string upto(marks.at(0, 1));
    for (int i = 0; i < log->rows(); ++i) {
      Row row(*log, i);
      const auto event = read_event(row, lanes);
      if (event->kind == EventKind::message_created) rows.add(*event->message);
      if (amends_message(event->kind)) amended.add(event->target);
      more = i + 1 == static_cast<int>(events_at_once);
      if (more) upto = text_of(event->position.at);
    }
    if (!amended.empty()) {
      auto messages = connection.ask(
          {"SELECT " PARLEY_PG_LOG("") " FROM log WHERE id = ANY($1::uuid[]) AND kind = 1",
           {amended.take()}},
          soon());
      if (!messages) return Failed(std::move(messages).error());
      for (int i = 0; i < messages->rows(); ++i) {
        Row row(*messages, i);
        rows.add(read_message(row));
      }
    }
    rows.add_queries(writes);
    writes.push_back(
        {"UPDATE text_index_marks SET position = greatest(position, $2::int8) WHERE lane "
         "= $1::int2",
         {lane, upto}});
  }
  writes.push_back({"COMMIT", {}});
  auto written = connection.exchange(writes, soon());
  if (!written) return Failed(std::move(written).error());
  return more;
}

}  // namespace parley::store::postgres
