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
    // Of a node that vanished without a word the server keeps nothing for hours, as it would by itself.
    "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3;"
    "SET tcp_user_timeout = 20000;"
    // Every question here is by key. Without figures about a table (it has just grown) the planner would rather read all
    // of it, and planning anew for each batch costs more than the batch.
    "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET enable_hashjoin = off;"
    "SET enable_mergejoin = off; SET jit = off";

// Between the two round trips of a batch nothing is done here that takes a second.
constexpr const char* settings_of_who_locks = "; SET idle_in_transaction_session_timeout = '3s'";

// Who is there answers the first packet at once; of one that is lost the kernel sends the next after a second, then after
// two, four, eight: whoever begins anew is sooner there when a link has come back.
constexpr std::chrono::milliseconds silent_for{2'000};
constexpr std::chrono::milliseconds open_within{10'000};

std::string trimmed(const char* text) {
  std::string out = text == nullptr ? "" : text;
  while (!out.empty() && (out.back() == '\n' || out.back() == ' ')) out.pop_back();
  return out;
}

}  // namespace

std::expected<std::unique_ptr<Connection>, Failure> Connection::open(const std::string& url,
                                                                     Instant deadline) {
  Opening opening(url);
  auto opened = opening.go_on(deadline);
  if (!opened) return std::unexpected(Failure{Failure::Kind::lost, "", "no answer in time"});
  return std::move(*opened);
}

Opening::Opening(const std::string& url, Holds holds) : since_(Clock::now()), holds_(holds) {
  const char* names[] = {"dbname",          "application_name", "client_encoding",
                         "keepalives_idle", "tcp_user_timeout", nullptr};
  const char* values[] = {url.c_str(), "parley", "UTF8", "10", "20000", nullptr};
  connection_.reset(new Connection(PQconnectStartParams(names, values, 1)));
}

Instant Opening::given_up_at() const {
  const bool is_silent = PQstatus(connection_->connection_) == CONNECTION_STARTED;
  return since_ + (is_silent ? silent_for : open_within);
}

bool Opening::wait(short events, Instant deadline) const {
  return wait_for(PQsocket(connection_->connection_), events, std::min(deadline, given_up_at()));
}

Failure Opening::failed() const {
  return {Failure::Kind::lost, "", trimmed(PQerrorMessage(connection_->connection_))};
}

std::optional<Opening::Opened> Opening::go_on(Instant deadline) {
  auto opened = stage_ == Stage::connecting ? connect(deadline) : settle(deadline);
  if (!opened && Clock::now() >= given_up_at())
    return std::unexpected(Failure{Failure::Kind::lost, "", "no answer in time"});
  return opened;
}

std::optional<Opening::Opened> Opening::connect(Instant deadline) {
  PGconn* raw = connection_->connection_;
  while (state_ != PGRES_POLLING_OK) {
    if (raw == nullptr || PQstatus(raw) == CONNECTION_BAD || state_ == PGRES_POLLING_FAILED)
      return std::unexpected(failed());
    if (!wait(state_ == PGRES_POLLING_READING ? POLLIN : POLLOUT, deadline)) return std::nullopt;
    state_ = PQconnectPoll(raw);
  }
  PQsetnonblocking(raw, 1);
  PQsetNoticeProcessor(raw, [](void*, const char*) {}, nullptr);
  std::string settings = session_settings;
  if (holds_ == Holds::locks) settings += settings_of_who_locks;
  if (PQsendQuery(raw, settings.c_str()) != 1) return std::unexpected(failed());
  stage_ = Stage::settling;
  return settle(deadline);
}

std::optional<Opening::Opened> Opening::settle(Instant deadline) {
  PGconn* raw = connection_->connection_;
  for (;;) {
    while (PQisBusy(raw) == 1) {
      const int unsent = PQflush(raw);
      if (unsent < 0) return std::unexpected(failed());
      if (!wait(static_cast<short>(unsent == 1 ? POLLIN | POLLOUT : POLLIN), deadline))
        return std::nullopt;
      if (PQconsumeInput(raw) != 1) return std::unexpected(failed());
    }
    PGresult* result = PQgetResult(raw);
    if (result == nullptr) break;
    Table table(result);
    if (PQresultStatus(result) == PGRES_FATAL_ERROR && !refused_) refused_ = failed();
  }
  if (refused_) return std::unexpected(std::move(*refused_));
  if (PQenterPipelineMode(raw) != 1) return std::unexpected(failed());
  return std::move(connection_);
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
