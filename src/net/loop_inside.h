// The turn of a loop: what is posted, timers, the reactor, the flush.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <mutex>
#include <vector>

#include "net/loop.h"
#include "net/reactor.h"
#include "net/timers.h"

namespace parley::net {

class Loop::Inside {
 public:
  Inside(Loop& loop, std::uint32_t index_of_loop);
  ~Inside();

  void run();
  void post(Work work);
  TimerId after(std::chrono::milliseconds delay, Work work);

  const std::uint32_t index;
  std::atomic<bool> running{false};
  bool stopping = false;  // set by posted work only
  boost::asio::io_context context{1};
  Reactor reactor;
  Timers timers;

 private:
  void take_posted();
  void run_posted(std::size_t most);
  // The next turn begins at once. From any thread.
  void wake_up() {
    boost::asio::post(context, [] {});
  }
  void await_reactor();
  void await_time();
  void wake();
  void finish_turn();

  Loop& loop_;
  boost::asio::posix::stream_descriptor sockets_;  // the reactor's epoll set
  boost::asio::steady_timer alarm_;
  Instant alarm_at_ = Instant::max();
  bool reactor_awaited_ = false;

  std::mutex mutex_;  // of posted_, the only thing that other threads touch
  std::vector<Work> posted_;
  std::vector<Work> works_;     // those of them whose turn it is
  std::size_t works_done_ = 0;  // of these
};

}  // namespace parley::net
