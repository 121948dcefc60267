// Messages that go after so many days. The conversations that are set so are a list; each is read on from where the last
// look ended. The others follow the server: the log of each lane is read on from a mark. What is too old goes in small
// batches, each one commit among the others.
#include "engine/retention.h"

#include <algorithm>
#include <map>

#include "base/json.h"
#include "engine/engine.h"

namespace parley::engine {
namespace {

constexpr std::string_view space = "retention";
constexpr std::string_view mark_owner = "server", mark_key = "mark";
constexpr std::size_t conversations_at_once = 100;
constexpr std::size_t messages_at_once = 50;
constexpr std::size_t steps_at_once = 200;  // most are often readings, not messages

store::RecordSet entry(std::string conversation, std::optional<std::string> body) {
  return {std::string(space), {}, std::move(conversation), std::move(body), {}};
}

Seq looked_through(const store::Record& record) {
  auto body = parse_json_object(record.body);
  const auto upto = body ? body->number("upto") : std::nullopt;
  return Seq{upto && *upto ? static_cast<std::uint64_t>(**upto) : 0};
}

// How far the log has been walked. The mark of another store means nothing here.
Result<Cursor> mark_in(store::Reader& reader) {
  TRY(head, reader.head());
  TRY(kept, reader.record(std::string(space), std::string(mark_owner), std::string(mark_key)));
  Cursor beginning = head;
  std::ranges::fill(beginning.lanes, 0);
  if (!kept) return beginning;
  TRY(body, parse_json_object(kept->body));
  TRY(text, body.needed_text("upto"));
  auto mark = Cursor::parse(text);
  const bool ours = mark && mark->store == head.store && mark->lanes.size() == head.lanes.size();
  return ours ? std::move(*mark) : beginning;
}

store::RecordSet marked(const Cursor& upto) {
  return {std::string(space),
          std::string(mark_owner),
          std::string(mark_key),
          R"({"upto":")" + upto.text() + R"("})",
          {}};
}

Time horizon_of(Time now, std::uint32_t days) {
  return days == 0 ? Time::min() : now - std::chrono::days{days};
}

bool lives(const std::optional<Conversation>& conversation) {
  return conversation && conversation->deleted_seq.value == 0;
}

// Whether the walk along the log will come to everything that has been said there after this.
Result<bool> walk_comes_to(store::Reader& reader, ConversationId where, Seq after) {
  TRY(next, reader.messages(where, {store::MessageRange::Towards::newer, after, 1}));
  if (next.empty()) return true;
  TRY(events, reader.log(where, next.front().seq, 1));
  TRY(mark, mark_in(reader));
  return events.empty() || !mark.has_seen(events.front()->position);
}

}  // namespace

store::RecordSet retaining(const ConversationId& where) { return entry(where.text(), "{}"); }

Task<Result<void>> Engine::retain_messages() {
  std::string after;
  for (;;) {
    CO_TRY(some, co_await records(std::string(space), {},
                                  {.after = after, .limit = conversations_at_once}));
    for (const store::Record& one : some) {
      after = one.key;
      CO_TRY_DO(co_await retain_in(one));
    }
    if (some.size() < conversations_at_once) break;
  }
  co_return co_await retain_along_the_log();
}

// The next ones that are too old. `upto`: the last that was looked at.
struct Engine::Old {
  bool kept = true;  // what is left there is to be looked through again
  std::vector<Message> messages;
  Seq upto;
  bool more = false;
};

// A conversation that has had a rule of its own keeps its entry until the walk, which has passed it over, comes to the
// rest of it.
Task<Result<Engine::Old>> Engine::old_messages(ConversationId where, Seq after) {
  auto ask = [where, after, now = clock_.now(),
              servers = limits_.retention_days](store::Reader& reader) -> Result<Old> {
    Old old;
    old.upto = after;
    TRY(conversation, reader.conversation(where));
    old.kept = lives(conversation);
    if (!old.kept) return old;
    const std::uint32_t own = conversation->settings.retention_days;
    const Time horizon = horizon_of(now, own == 0 ? servers : own);
    TRY(messages,
        reader.messages(where, {store::MessageRange::Towards::newer, after, messages_at_once}));
    old.more = messages.size() == messages_at_once;
    for (Message& one : messages) {
      if (one.created_at >= horizon) {
        old.more = false;
        break;
      }
      old.upto = one.seq;
      if (!one.gone()) old.messages.push_back(std::move(one));
    }
    if (own != 0 || old.more || !old.messages.empty()) return old;
    TRY(walked, walk_comes_to(reader, where, old.upto));
    old.kept = !walked;
    return old;
  };
  co_return co_await store_.read(std::move(ask));
}

Task<Result<void>> Engine::retain_in(store::Record record) {
  const auto where = ConversationId::parse(record.key);
  Seq upto = looked_through(record);
  const Seq before = upto;
  std::optional<std::string> body;
  for (bool more = where.has_value(); more;) {
    CO_TRY(old, co_await old_messages(*where, upto));
    CO_TRY_DO(co_await let_messages_go(std::move(old.messages)));
    upto = old.upto;
    body.reset();
    if (old.kept) body = R"({"upto":)" + std::to_string(upto.value) + '}';
    more = old.kept && old.more;
  }
  if (body && upto == before) co_return Result<void>{};
  auto looked = entry(record.key, std::move(body));
  looked.expects = record.version;
  std::vector<store::RecordSet> sets{std::move(looked)};
  auto done = co_await put_records(Caller{}, std::move(sets));
  // The setting has changed meanwhile: it is looked through anew.
  if (!done && done.error().code != Code::conflict) co_return done;
  co_return Result<void>{};
}

// What is too old between two places of a lane.
struct Engine::Stretch {
  std::vector<Message> messages;
  std::uint64_t upto = 0;
  bool more = false;
};

Task<Result<Engine::Stretch>> Engine::old_stretch(std::uint32_t lane, std::uint64_t after,
                                                  Time horizon) {
  auto ask = [lane, after, horizon](store::Reader& reader) -> Result<Stretch> {
    Stretch stretch;
    stretch.upto = after;
    std::map<ConversationId, bool> follows;
    TRY(steps, reader.trail(lane, after, steps_at_once));
    stretch.more = steps.size() >= steps_at_once;
    for (const store::TrailStep& step : steps) {
      const bool said = step.event && step.event->kind == EventKind::message_created;
      if (said && step.event->at >= horizon) {
        stretch.more = false;
        break;
      }
      if (stretch.messages.size() == messages_at_once) {
        stretch.more = true;
        break;
      }
      stretch.upto = step.at;
      if (!said || !step.event->message || step.event->message->gone()) continue;
      auto [known, fresh] = follows.try_emplace(step.conversation, false);
      if (fresh) {
        TRY(conversation, reader.conversation(step.conversation));
        known->second = lives(conversation) && conversation->settings.retention_days == 0;
      }
      if (known->second) stretch.messages.push_back(*step.event->message);
    }
    return stretch;
  };
  co_return co_await store_.read(std::move(ask));
}

// The mark is moved after what has gone: who is interrupted reads a stretch again, and finds nothing left in it.
Task<Result<void>> Engine::retain_along_the_log() {
  if (limits_.retention_days == 0) co_return Result<void>{};
  const Time horizon = horizon_of(clock_.now(), limits_.retention_days);
  CO_TRY(mark, co_await store_.read(mark_in));
  for (std::uint32_t lane = 0; lane < mark.lanes.size(); ++lane) {
    for (bool more = true; more;) {
      CO_TRY(stretch, co_await old_stretch(lane, mark.lanes[lane], horizon));
      more = stretch.more;
      if (stretch.upto == mark.lanes[lane]) continue;
      CO_TRY_DO(co_await let_messages_go(std::move(stretch.messages)));
      mark.lanes[lane] = stretch.upto;
      std::vector<store::RecordSet> sets{marked(mark)};
      CO_TRY_DO(co_await put_records(Caller{}, std::move(sets)));
    }
  }
  co_return Result<void>{};
}

}  // namespace parley::engine
