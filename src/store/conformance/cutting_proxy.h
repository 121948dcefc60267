// For the tests of adapters: stands between a store and its database, and cuts connections at a chosen moment.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace parley::store {

class CuttingProxy {
 public:
  // What comes in on port() goes on to this one, on 127.0.0.1.
  explicit CuttingProxy(std::uint16_t target);
  ~CuttingProxy();
  CuttingProxy(const CuttingProxy&) = delete;
  CuttingProxy& operator=(const CuttingProxy&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }

  // The n-th request from now on (1: the next) is the last of its connection. `delivered`: the database gets it, and its
  // answer is lost; otherwise nobody ever sees it.
  void cut_at_request(int n, bool delivered);
  [[nodiscard]] int cuts() const { return cuts_; }
  // While it is away every connection ends at once.
  void be_away(bool away) { away_ = away; }

 private:
  void accept_all();
  void carry(int client);
  // True: this request was the one.
  [[nodiscard]] bool is_the_last(bool& deliver);

  std::uint16_t target_;
  std::uint16_t port_ = 0;
  int listener_ = -1;
  std::atomic<bool> ended_ = false;
  std::atomic<bool> away_ = false;
  std::atomic<int> cuts_ = 0;
  std::mutex mutex_;
  int requests_left_ = 0;  // 0: none is cut
  bool delivered_ = false;
  std::vector<std::thread> threads_;  // one a connection; the acceptor's until that has ended
  std::thread acceptor_;
};

}  // namespace parley::store
