#include "store/away/away.h"

namespace parley::store {
namespace {

Error away() {
  return {Code::unavailable, "the store can't be reached yet", std::chrono::seconds{1}};
}

class AwayStore final : public Store {
 public:
  void listen(Listener& listener) override { listener_ = &listener; }
  void submit(Submission submission) override {
    auto settled = std::make_shared<std::vector<Settled>>();
    settled->push_back({submission.origin, fail(away()), std::move(submission.reply)});
    listener_->settled(std::move(settled));
  }
  [[nodiscard]] Cursor beginning() const override { return {0, {0}}; }
  Task<Health> health() override {
    co_return Health{.up = false, .latency_ms = 0, .why = away().detail};
  }
  void stop() override {}

 protected:
  void ask(Question question) override { question(fail(away())); }

 private:
  Listener* listener_ = nullptr;
};

}  // namespace

std::unique_ptr<Store> make_away_store() { return std::make_unique<AwayStore>(); }

}  // namespace parley::store
