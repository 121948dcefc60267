#include "store/postgres/connection.h"

#include <poll.h>

#include <algorithm>

namespace parley::store::postgres {
namespace {

using Clock = std::chrono::steady_clock;

int milliseconds_left(Instant deadline) {
  auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000));
}

// False when the time is over.
bool wait_for(int socket, short events, Instant deadline) {
  pollfd one{.fd = socket, .events = events, .revents = 0};
  for (;;) {
    int ready = poll(&one, 1, milliseconds_left(deadline));
    if (ready > 0) return true;
    if (ready == 0 || errno != EINTR) return false;
  }
}

// What the server itself should enforce, so that a forgotten transaction of ours can't hold a lane.
constexpr const char* session_settings =
    "SET synchronous_commit = on; SET statement_timeout = '15s'; SET lock_timeout = '10s';"
    "SET idle_in_transaction_session_timeout = '30s'; SET client_min_messages = warning;"
    // Every question here is by key. Without figures about a table (it has just grown) the planner would rather read all
    // of it, and planning anew for each batch costs more than the batch.
    "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET enable_hashjoin = off;"
    "SET enable_mergejoin = off; SET jit = off";

std::string trimmed(const char* text) {
  std::string out = text == nullptr ? "" : text;
  while (!out.empty() && (out.back() == '\n' || out.back() == ' ')) out.pop_back();
  return out;
}

}  // namespace

std::expected<std::unique_ptr<Connection>, Failure> Connection::open(const std::string& url,
                                                                     Instant deadline) {
  const char* names[] = {"dbname",          "application_name", "client_encoding",
                         "keepalives_idle", "tcp_user_timeout", nullptr};
  const char* values[] = {url.c_str(), "parley", "UTF8", "10", "20000", nullptr};
  PGconn* raw = PQconnectStartParams(names, values, 1);
  std::unique_ptr<Connection> connection(new Connection(raw));
  for (PostgresPollingStatusType state = PGRES_POLLING_WRITING; state != PGRES_POLLING_OK;) {
    bool failed =
        raw == nullptr || PQstatus(raw) == CONNECTION_BAD || state == PGRES_POLLING_FAILED;
    if (failed ||
        !wait_for(PQsocket(raw), state == PGRES_POLLING_READING ? POLLIN : POLLOUT, deadline))
      return std::unexpected(Failure{Failure::Kind::lost, "",
                                     failed ? trimmed(PQerrorMessage(raw)) : "no answer in time"});
    state = PQconnectPoll(raw);
  }
  PQsetnonblocking(raw, 1);
  PQsetNoticeProcessor(raw, [](void*, const char*) {}, nullptr);
  auto set = connection->execute(session_settings, deadline);
  if (!set) return std::unexpected(std::move(set).error());
  if (PQenterPipelineMode(raw) != 1) return std::unexpected(connection->lost());
  return connection;
}

Connection::~Connection() { PQfinish(connection_); }

Failure Connection::lost() {
  broken_ = true;
  return {Failure::Kind::lost, "", trimmed(PQerrorMessage(connection_))};
}

bool Connection::send(const Query& query, std::size_t& answers) {
  std::string& name = prepared_[query.sql];
  int count = static_cast<int>(query.parameters.size());
  if (name.empty()) {
    name = "s" + std::to_string(prepared_.size());
    if (PQsendPrepare(connection_, name.c_str(), query.sql, count, nullptr) != 1) return false;
    ++answers;
  }
  std::vector<const char*> values;
  for (const std::string& value : query.parameters) values.push_back(value.c_str());
  ++answers;
  return PQsendQueryPrepared(connection_, name.c_str(), count, values.data(), nullptr, nullptr,
                             0) == 1;
}

// Until something can be read, sending on meanwhile. False: the time is over or the connection is gone.
bool Connection::wait(Instant deadline) {
  int unsent = PQflush(connection_);
  if (unsent < 0) return false;
  if (!wait_for(PQsocket(connection_), static_cast<short>(unsent == 1 ? POLLIN | POLLOUT : POLLIN),
                deadline))
    return false;
  return PQconsumeInput(connection_) == 1;
}

std::expected<PGresult*, Failure> Connection::next_result(Instant deadline) {
  while (PQisBusy(connection_) == 1)
    if (!wait(deadline)) return std::unexpected(lost());
  return PQgetResult(connection_);
}

std::expected<std::vector<Table>, Failure> Connection::exchange(std::span<const Query> queries,
                                                                Instant deadline) {
  std::vector<bool> is_prepare;
  for (const Query& query : queries) {
    std::size_t answers = 0;
    if (!send(query, answers)) return std::unexpected(lost());
    if (answers == 2) is_prepare.push_back(true);
    is_prepare.push_back(false);
  }
  if (PQpipelineSync(connection_) != 1) return std::unexpected(lost());
  std::vector<Table> tables;
  std::optional<Failure> refused;
  for (bool prepare : is_prepare) {
    auto result = next_result(deadline);
    if (!result) return std::unexpected(std::move(result).error());
    if (*result == nullptr) return std::unexpected(lost());
    Table table(*result);
    ExecStatusType status = PQresultStatus(*result);
    bool fine = status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK;
    if (!fine && PQstatus(connection_) == CONNECTION_BAD) return std::unexpected(lost());
    if (!fine && !refused && status != PGRES_PIPELINE_ABORTED) {
      const char* sqlstate = PQresultErrorField(*result, PG_DIAG_SQLSTATE);
      refused = Failure{Failure::Kind::refused, sqlstate == nullptr ? "" : sqlstate,
                        trimmed(PQresultErrorMessage(*result))};
    }
    if (!prepare) tables.push_back(std::move(table));
    auto end = next_result(deadline);  // the NULL behind each query
    if (!end) return std::unexpected(std::move(end).error());
    if (*end != nullptr) PQclear(*end);
  }
  auto sync = next_result(deadline);
  if (!sync) return std::unexpected(std::move(sync).error());
  bool synced = *sync != nullptr && PQresultStatus(*sync) == PGRES_PIPELINE_SYNC;
  PQclear(*sync);
  if (!synced) return std::unexpected(lost());
  if (!refused) return tables;
  // What was to be prepared in an aborted pipeline may not have been.
  if (std::ranges::find(is_prepare, true) != is_prepare.end()) broken_ = true;
  return std::unexpected(std::move(*refused));
}

std::expected<Table, Failure> Connection::ask(Query query, Instant deadline) {
  auto tables = exchange(std::span(&query, 1), deadline);
  if (!tables) return std::unexpected(std::move(tables).error());
  return std::move(tables->front());
}

std::expected<void, Failure> Connection::execute(const std::string& sql, Instant deadline) {
  bool piped = PQpipelineStatus(connection_) != PQ_PIPELINE_OFF;
  if (piped && PQexitPipelineMode(connection_) != 1) return std::unexpected(lost());
  if (PQsendQuery(connection_, sql.c_str()) != 1) return std::unexpected(lost());
  std::optional<Failure> refused;
  for (;;) {
    auto result = next_result(deadline);
    if (!result) return std::unexpected(std::move(result).error());
    if (*result == nullptr) break;
    Table table(*result);
    if (PQresultStatus(*result) != PGRES_FATAL_ERROR || refused) continue;
    const char* sqlstate = PQresultErrorField(*result, PG_DIAG_SQLSTATE);
    refused = Failure{Failure::Kind::refused, sqlstate == nullptr ? "" : sqlstate,
                      trimmed(PQresultErrorMessage(*result))};
  }
  if (piped && PQenterPipelineMode(connection_) != 1) return std::unexpected(lost());
  if (refused) return std::unexpected(std::move(*refused));
  return {};
}

}  // namespace parley::store::postgres
