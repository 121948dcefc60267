#include <algorithm>

#include "base/json.h"
#include "base/json_writer.h"
#include "base/log.h"
#include "base/metrics.h"
#include "outbox/outbox.h"

namespace parley::outbox {
namespace {

constexpr std::size_t steps_at_once = 200;
constexpr std::size_t passing_max = 1'000;
constexpr std::string_view space = "outbox";
constexpr std::string_view marks_key = "marks";
// What comes within this is carried together.
constexpr std::chrono::milliseconds gathering{5};
constexpr std::chrono::milliseconds idle{1'000};
constexpr std::chrono::milliseconds first_pause{100};
constexpr std::chrono::milliseconds longest_pause{5'000};
constexpr std::chrono::seconds between_saves{1};

metrics::Counter& taken_by(const std::string& name) {
  return metrics::counter("parley_outbox_sent_total", "Messages that a broker has taken",
                          {{"to", name}});
}

}  // namespace

Courier::Courier(std::string name, Executor& executor, engine::Engine& engine,
                 std::unique_ptr<Sink> sink, std::shared_ptr<const Wording> wording)
    : name_(std::move(name)),
      executor_(executor),
      engine_(engine),
      sink_(std::move(sink)),
      wording_(std::move(wording)) {}

void Courier::start() {
  running_ = true;
  spawn(run(), [this] {
    running_ = false;
    if (ended_) std::exchange(ended_, nullptr)();
  });
}

void Courier::poke() {
  poked_ = true;
  if (wake_ && waked_ == Wake::by_pokes) std::exchange(wake_, nullptr)();
}

Task<void> Courier::stop() {
  stopping_ = true;
  if (wake_) std::exchange(wake_, nullptr)();
  if (running_)
    co_await called_back<bool>(
        [this](auto done) { ended_ = [done = std::move(done)]() mutable { done(true); }; });
  worker_.stop();
}

void Courier::pass(Out one) {
  worker_.add([sink = sink_.get(), one = std::move(one)] { sink->send_passing(one); }, passing_max);
}

Task<void> Courier::carried(Position at) {
  co_await called_back<bool>([&](auto done) {
    std::unique_lock lock(waiting_mutex_);
    if (up_ && is_its_turn_ && !stopping_) return waiting_.push_back({at, std::move(done)});
    lock.unlock();
    done(false);
  });
}

void Courier::wake_waiting(Whom whom) {
  std::vector<Waiting> woken;
  {
    std::lock_guard lock(waiting_mutex_);
    auto stays = [&](const Waiting& one) {
      return whom == Whom::who_has_it &&
             (one.at.lane >= marks_.size() || marks_[one.at.lane] < one.at.at);
    };
    auto first = std::partition(waiting_.begin(), waiting_.end(), stays);
    woken.assign(std::move_iterator(first), std::move_iterator(waiting_.end()));
    waiting_.erase(first, waiting_.end());
  }
  for (Waiting& one : woken) one.done(true);
}

Task<void> Courier::run() {
  std::chrono::milliseconds pause = first_pause;
  while (!stopping_) {
    if (!takes_turn()) {
      co_await rest(idle, Wake::by_time);
      continue;
    }
    auto done = co_await step();
    tell_of(done);
    if (!done) {
      wake_waiting(Whom::all);
      co_await rest(pause, Wake::by_time);
      pause = std::min(pause * 2, longest_pause);
      continue;
    }
    pause = first_pause;
    if (*done) continue;
    co_await rest(gathering, Wake::by_time);
    co_await rest(idle, Wake::by_pokes);
  }
  wake_waiting(Whom::all);
  [[maybe_unused]] auto saved = co_await save_marks();  // else some of it is sent once more
}

// Who begins anew goes on from where the other one has come.
bool Courier::takes_turn() {
  const bool mine = its_turn_();
  if (mine == is_its_turn_.exchange(mine)) return mine;
  marks_.clear();
  if (!mine) wake_waiting(Whom::all);
  return mine;
}

// Once for each time that it changes.
void Courier::tell_of(const Result<bool>& done) {
  up_ = done.has_value();
  if (done && std::exchange(told_down_, false)) log::info("events flow again", {{"to", name_}});
  if (!done && !std::exchange(told_down_, true))
    log::warn("events wait: the broker takes none", {{"to", name_}, {"why", done.error().detail}});
}

// Reads what has happened beyond the marks, has it said, sends it, and moves the marks.
Task<Result<bool>> Courier::step() {
  if (marks_.empty()) CO_TRY_DO(co_await load_marks());
  poked_ = false;
  Load load;
  load.upto = marks_;
  if (marks_ != engine_.hub().positions().lanes) {
    auto ask = [marks = marks_, wording = wording_](store::Reader& reader) -> Result<Load> {
      Load read;
      TRY(head, reader.head());
      read.upto = head.lanes;
      for (std::uint32_t lane = 0; lane < marks.size(); ++lane) {
        if (head.lanes[lane] == marks[lane]) continue;
        TRY(steps, reader.trail(lane, marks[lane], steps_at_once));
        for (const store::TrailStep& step : steps) TRY_DO(wording->tell(reader, step, read.out));
        if (steps.size() < steps_at_once) continue;
        read.upto[lane] = steps.back().at;
        read.more = true;
      }
      return read;
    };
    CO_TRY(read, co_await engine_.store().read(std::move(ask)));
    load = std::move(read);
  }
  // With nothing to send it looks whether the broker is there.
  const Instant begun = engine_.clock().instant();
  CO_TRY_DO(co_await send(load.out));
  if (!load.out.empty()) wording_->taken(load.out, engine_.clock().instant() - begun);
  taken_by(name_).Increment(static_cast<double>(load.out.size()));
  marks_ = std::move(load.upto);
  wake_waiting(Whom::who_has_it);
  const bool due = engine_.clock().instant() - saved_at_ >= between_saves;
  if (due && marks_ != saved_) CO_TRY_DO(co_await save_marks());
  co_return load.more || poked_;
}

Task<Result<void>> Courier::send(const std::vector<Out>& out) {
  co_return co_await called_back<Result<void>>([&](auto done) {
    worker_.add([this, &out, done = std::move(done)]() mutable { done(sink_->send(out)); });
  });
}

// Without marks it begins with what happens from now on.
Task<Result<void>> Courier::load_marks() {
  CO_TRY(kept, co_await engine_.record(std::string(space), name_, std::string(marks_key)));
  auto ask = [](store::Reader& reader) { return reader.head(); };
  CO_TRY(head, co_await engine_.store().read(std::move(ask)));
  Marks marks;
  if (kept) {
    CO_TRY(body, parse_json_object(kept->body));
    CO_TRY(texts, body.texts("lanes"));
    for (std::string_view one : texts.value_or(std::vector<std::string_view>{}))
      marks.push_back(std::strtoull(std::string(one).c_str(), nullptr, 10));
  }
  const bool fits = marks.size() == head.lanes.size();
  marks_ = fits ? marks : head.lanes;
  if (!fits) CO_TRY_DO(co_await save_marks());
  saved_ = marks_;
  co_return Result<void>{};
}

Task<Result<void>> Courier::save_marks() {
  if (marks_.empty() || marks_ == saved_) co_return Result<void>{};
  const Marks now = marks_;
  std::string body;
  JsonWriter json(body);
  json.open();
  json.key("lanes");
  json.open_list();
  for (std::uint64_t mark : now) json.value(std::to_string(mark));
  json.close_list();
  json.close();
  std::vector<store::RecordSet> sets{
      {std::string(space), name_, std::string(marks_key), std::move(body), {}}};
  CO_TRY_DO(co_await engine_.put_records(engine::Caller{}, std::move(sets)));
  saved_ = now;
  saved_at_ = engine_.clock().instant();
  co_return Result<void>{};
}

Task<void> Courier::rest(std::chrono::milliseconds most, Wake wake) {
  if (stopping_ || (wake == Wake::by_pokes && poked_)) co_return;
  waked_ = wake;
  Executor::TimerId timer = 0;
  co_await called_back<bool>([&](auto done) {
    wake_ = [done = std::move(done)]() mutable { done(true); };
    timer = executor_.after(most, [this] {
      if (wake_) std::exchange(wake_, nullptr)();
    });
  });
  executor_.cancel(timer);
}

}  // namespace parley::outbox
