#include "net/loop.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <csignal>

#include "base/assert.h"
#include "net/loop_inside.h"

namespace parley::net {
namespace {
// Handlers of the io_context that may run before what they have queued is written.
constexpr int handlers_a_turn = 64;
// Of what was posted; the sockets come in between.
constexpr std::size_t works_a_turn = 256;
}  // namespace

Loop::Inside::Inside(Loop& loop, std::uint32_t index_of_loop)
    : index(index_of_loop), reactor(loop), loop_(loop), sockets_(context), alarm_(context) {
  sockets_.assign(reactor.descriptor());
  // TLS writes through write(), which would end the process when a client has gone.
  std::signal(SIGPIPE, SIG_IGN);
}

Loop::Inside::~Inside() { sockets_.release(); }

void Loop::Inside::run() {
  const Scope here(loop_);
  const auto busy = boost::asio::make_work_guard(context);
  running = true;
  stopping = false;
  reactor.update_now();
  finish_turn();
  while (!stopping) {
    context.run_one();
    // What else is ready joins the turn: the more is queued, the fewer are the writes.
    for (int i = 1; i < handlers_a_turn && context.poll_one() > 0; ++i) continue;
    run_posted(works_a_turn);
    finish_turn();
  }
  run_posted(works_.size());  // what was posted together with the end
  running = false;
}

// Only now the epoll set is awaited again: at most one reading of the sockets a turn.
void Loop::Inside::finish_turn() {
  reactor.finish_turn();
  await_reactor();
  await_time();
}

void Loop::Inside::await_reactor() {
  if (reactor_awaited_) return;
  reactor_awaited_ = true;
  using Descriptor = boost::asio::posix::stream_descriptor;
  sockets_.async_wait(Descriptor::wait_read, [this](const boost::system::error_code& error) {
    reactor_awaited_ = false;
    if (error) return;
    reactor.update_now();
    reactor.turn();
  });
}

void Loop::Inside::await_time() {
  Instant next = reactor.next_wake().value_or(Instant::max());
  if (const auto timer = timers.next()) next = std::min(next, *timer);
  // An alarm that rings too early only looks around; so one that is put off needs no change.
  if (next >= alarm_at_) return;
  alarm_at_ = next;
  alarm_.expires_at(next);
  alarm_.async_wait([this](const boost::system::error_code& error) {
    if (!error) wake();
  });
}

void Loop::Inside::wake() {
  alarm_at_ = Instant::max();
  reactor.update_now();
  const Instant now = reactor.now();
  while (auto work = timers.due(now)) (*work)();
  reactor.wake_due();
}

void Loop::Inside::post(Work work) {
  bool first = false;
  {
    const std::scoped_lock lock(mutex_);
    first = posted_.empty();
    posted_.push_back(std::move(work));
  }
  // One wake-up carries all that is posted until it runs.
  if (first) wake_up();
}

void Loop::Inside::take_posted() {
  if (works_done_ < works_.size()) return;
  works_.clear();
  works_done_ = 0;
  const std::scoped_lock lock(mutex_);
  works_.swap(posted_);
}

void Loop::Inside::run_posted(std::size_t most) {
  take_posted();
  if (works_.empty()) return;
  reactor.update_now();
  const std::size_t end = std::min(works_.size(), works_done_ + most);
  while (works_done_ < end) {
    Work work = std::move(works_[works_done_++]);  // what it holds goes before the next runs
    work();
  }
  take_posted();
  if (!works_.empty()) wake_up();
}

Executor::TimerId Loop::Inside::after(std::chrono::milliseconds delay, Work work) {
  const TimerId timer = timers.add(std::chrono::steady_clock::now() + delay, std::move(work));
  if (!running) await_time();  // while it runs, the end of the turn does that
  return timer;
}

Loop::Loop(std::uint32_t index) : inside_(std::make_unique<Inside>(*this, index)) {}
Loop::~Loop() { PARLEY_ASSERT(!inside_->running); }

std::uint32_t Loop::index() const { return inside_->index; }
void Loop::run() { inside_->run(); }
void Loop::stop() {
  post([this] { inside_->stopping = true; });
}
void Loop::post(Work work) { inside_->post(std::move(work)); }
Executor::TimerId Loop::after(std::chrono::milliseconds delay, Work work) {
  assert_here();
  return inside_->after(delay, std::move(work));
}
void Loop::cancel(TimerId timer) {
  assert_here();
  inside_->timers.cancel(timer);
}
bool Loop::runs_here() const { return Executor::current() == this; }
void Loop::assert_here() const { PARLEY_ASSERT(runs_here() || !inside_->running); }

}  // namespace parley::net
