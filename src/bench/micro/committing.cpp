#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>

#include "base/assert.h"
#include "base/random.h"
#include "bench/micro/works.h"
#include "bench/search/change_maker.h"
#include "store/sqlite/sqlite.h"

namespace parley::bench {
namespace {

constexpr std::size_t messages = 100;
constexpr std::size_t conversations = 10;

class Committing final : public store::Listener {
 public:
  Committing() {
    SystemRandom random;
    folder_ =
        std::filesystem::temp_directory_path() / ("parley-micro-" + std::to_string(random.next()));
    auto opened = store::open_sqlite({(folder_ / "parley.db").string(), {}});
    PARLEY_ASSERT(opened.has_value());
    store_ = std::move(*opened);
    store_->listen(*this);
    for (std::size_t i = 0; i < conversations; ++i) {
      where_.push_back(make_.conversation());
      submit(make_.group(where_.back(), {"ben"}));
    }
    wait();
  }
  ~Committing() {
    store_->stop();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  Committing(const Committing&) = delete;
  Committing& operator=(const Committing&) = delete;

  void hundred() {
    for (std::size_t i = 0; i < messages; ++i)
      submit(
          make_.message(where_[i % conversations], "the quick brown fox jumps over the lazy dog"));
    wait();
  }

 private:
  void settled(store::SettledBatch batch) override {
    std::lock_guard lock(mutex_);
    under_way_ -= batch->size();
    if (under_way_ == 0) done_.notify_one();
  }
  void submit(store::Change change) {
    {
      std::lock_guard lock(mutex_);
      ++under_way_;
    }
    store_->submit({.change = std::move(change), .origin = {}, .reply = {}});
  }
  void wait() {
    std::unique_lock lock(mutex_);
    done_.wait(lock, [this] { return under_way_ == 0; });
  }

  ChangeMaker make_;
  std::filesystem::path folder_;
  std::unique_ptr<store::Store> store_;
  std::vector<ConversationId> where_;
  std::mutex mutex_;
  std::condition_variable done_;
  std::size_t under_way_ = 0;
};

}  // namespace

Work commit_a_hundred() {
  auto committing = std::make_shared<Committing>();
  return [committing](std::size_t times) {
    for (std::size_t i = 0; i < times; ++i) committing->hundred();
  };
}

}  // namespace parley::bench
