#include "store/mongo/journal.h"

#include <algorithm>
#include <optional>
#include <thread>
#include <vector>

#include "base/log.h"
#include "base/metrics.h"
#include "base/random.h"
#include "store/mongo/collections.h"

namespace parley::store::mongo {
namespace {

using Clock = std::chrono::steady_clock;
using Kind = Failure::Kind;

// A document may have 16 MiB, a command a little more.
constexpr std::size_t piece_bytes = 8U << 20U;
constexpr std::size_t command_statements = 1'000;
// How much longer than its deadline a batch may take until its fate is known.
constexpr std::chrono::seconds to_find_out{30};
constexpr std::chrono::milliseconds pause{50};

// Statements of one kind for one collection, which go to the server together.
struct Run {
  const std::string* collection;
  bool removes;
  List statements;
  std::size_t bytes = 0;

  [[nodiscard]] bool takes(const Statement& one) const {
    return removes == one.removes && statements.size() < command_statements &&
           bytes + one.what.bytes().size() <= piece_bytes;
  }
  void add(const Statement& one) {
    statements.add(one.what);
    bytes += one.what.bytes().size();
  }
};

// The order matters within a collection only.
std::vector<Run> runs_of(std::span<const Statement> statements) {
  std::vector<Run> runs;
  for (const Statement& one : statements) {
    auto last = std::ranges::find_if(runs.rbegin(), runs.rend(), [&](const Run& run) {
      return *run.collection == one.collection;
    });
    if (last != runs.rend() && last->takes(one)) {
      last->add(one);
      continue;
    }
    runs.push_back({&one.collection, one.removes, {}, 0});
    runs.back().add(one);
  }
  return runs;
}

// One part of a batch that is too large for one document.
Doc part_name(std::uint64_t batch, const std::string& token, std::size_t part) {
  return Doc().put("batch", batch).put("token", token).put("part", part);
}

// Nothing: there is none of that number.
Result<std::optional<Statements>> recorded(Connection& connection, std::uint64_t batch) {
  std::optional<Statements> statements;
  bool sound = true;
  std::string token;
  std::size_t parts = 0;
  TRY_DO(connection.each(journal_collection, Doc().put("_id", batch), {}, [&](Fields doc) {
    token = doc.text("token");
    parts = static_cast<std::size_t>(doc.count("parts"));
    sound = statements.emplace().add(doc.bytes("statements"));
  }));
  for (std::size_t part = 1; part < parts && sound; ++part) {
    sound = false;
    TRY_DO(connection.each(parts_collection, Doc().put("_id", part_name(batch, token, part)), {},
                           [&](Fields doc) { sound = statements->add(doc.bytes("statements")); }));
  }
  if (!sound) return fail(unavailable("a recorded batch is damaged", "reading the journal"));
  return statements;
}

}  // namespace

void add_place(Statements& statements, const Place& place) {
  statements.put(lanes_collection, Doc().put("_id", 0),
                 Doc().put("_id", 0).put("position", place.position).put("batch", place.batch));
}

std::expected<void, Failure> carry_out(Connection& connection, Lease& lease,
                                       std::span<const Statement> statements) {
  const std::vector<Run> runs = runs_of(statements);
  for (const Run& run : runs) {
    if (auto held = lease.hold(connection); !held)
      return std::unexpected(Failure{Kind::lost, held.error().detail});
    Doc command;
    command.put(run.removes ? "delete" : "update", *run.collection);
    command.put(run.removes ? "deletes" : "updates", run.statements);
    auto done =
        connection.write(command, &run == &runs.back() ? Safety::majority : Safety::written);
    if (!done) return std::unexpected(std::move(done).error());
  }
  return {};
}

Result<Place> Journal::settle(Connection& connection) {
  std::lock_guard lock(mutex_);
  if (settled_) return place_;
  Applying alone(turnstile_);
  Place place;
  TRY_DO(connection.each(lanes_collection, Doc().put("_id", 0), {}, [&](Fields doc) {
    place = {.batch = doc.count("batch"), .position = doc.count("position")};
  }));
  for (;;) {
    TRY(statements, recorded(connection, place.batch + 1));
    if (!statements) break;
    log::info("store: carrying out what was recorded", {{"batch", place.batch + 1}});
    auto done = carry_out(connection, lease_, statements->all());
    if (!done) return fail(unavailable(done.error().text, "carrying out what was recorded"));
    ++place.batch;
    TRY_DO(connection.each(lanes_collection, Doc().put("_id", 0), {},
                           [&](Fields doc) { place.position = doc.count("position"); }));
  }
  place_ = place;
  settled_ = true;
  return place_;
}

std::expected<Journal::Whose, Failure> Journal::whose(Connection& connection, std::uint64_t batch,
                                                      const std::string& token) {
  Whose whose = Whose::nobodys;
  auto asked = connection.each(journal_collection, Doc().put("_id", batch), {}, [&](Fields doc) {
    whose = doc.view("token") == token ? Whose::ours : Whose::others;
  });
  if (!asked) return std::unexpected(Failure{Kind::lost, asked.error().detail});
  return whose;
}

std::expected<void, Failure> Journal::record(Connection& connection, std::uint64_t batch,
                                             const Statements& statements, Instant deadline) {
  static auto& unknown = metrics::counter("parley_unknown_commits_total",
                                          "Commits whose answer was lost and was asked for");
  SystemRandom random;
  const std::string token = std::to_string(random.next());
  const std::vector<std::string> pieces = statements.pieces(piece_bytes);
  for (std::size_t part = 1; part < pieces.size(); ++part) {
    auto done = connection.insert(
        parts_collection,
        Doc().put("_id", part_name(batch, token, part)).put("statements", Bytes{pieces[part]}),
        Safety::written);
    if (!done) return std::unexpected(Failure{Kind::refused, done.error().text});
  }
  const Doc entry = Doc()
                        .put("_id", batch)
                        .put("token", token)
                        .put("parts", pieces.size())
                        .put("statements", Bytes{pieces.front()});
  for (bool asked = false;; asked = true) {
    auto done = connection.insert(journal_collection, entry, Safety::synced);
    if (done) return {};
    if (done.error().kind == Kind::refused) return std::unexpected(std::move(done).error());
    settled_ = false;  // it may be there
    if (done.error().kind == Kind::taken) {
      // Taken and not to be seen: it is just being written, by whom is asked again.
      auto holder = whose(connection, batch, token);
      if (holder == Whose::ours) return {};
      if (holder == Whose::others)
        return std::unexpected(Failure{Kind::taken, "another commit has that number"});
    }
    if (Clock::now() >= deadline + to_find_out) {
      log::error("store: the fate of a commit could not be found out", {{"batch", batch}});
      return std::unexpected(Failure{Kind::lost, "the fate of a commit is unknown"});
    }
    if (!asked) {
      unknown.Increment();
      log::warn("store: the answer to a commit was lost; asking", {{"why", done.error().text}});
    }
    std::this_thread::sleep_for(pause);
  }
}

void Journal::apply(Connection& connection, const Place& place, const Statements& statements) {
  std::lock_guard lock(mutex_);
  Applying alone(turnstile_);
  auto done = carry_out(connection, lease_, statements.all());
  settled_ = done.has_value();
  if (done)
    place_ = place;
  else
    log::warn("store: a commit is recorded and not carried out yet",
              {{"batch", place.batch}, {"why", done.error().text}});
}

void Journal::purge(Connection& connection) {
  std::uint64_t upto = 0;
  {
    std::lock_guard lock(mutex_);
    if (!settled_ || place_.batch == purged_) return;
    upto = place_.batch;
  }
  const Doc done = Doc().put("$lte", upto);
  const bool gone = connection.remove(journal_collection, Doc().put("_id", done)) &&
                    connection.remove(parts_collection, Doc().put("_id.batch", done));
  if (!gone) return;
  std::lock_guard lock(mutex_);
  purged_ = upto;
}

}  // namespace parley::store::mongo
